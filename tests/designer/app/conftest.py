from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from designer.app.looks import Looks
from designer.app.main_window import MainWindow
from designer.app.settings import Settings
from designer.session.collector import Collector


@pytest.fixture
def settings(qapp: QApplication, tmp_path: Path) -> Iterator[Settings]:
    """Settings in a file of their own, English and dark."""
    found = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    found.language, found.theme = "en", "dark"
    found.folder = str(tmp_path)
    Looks(found).apply()
    yield found


def end(window: MainWindow) -> None:
    """Closes a window without questions, and everything that belongs to it."""
    for desk in window.desks.all:
        desk.document.store.mark_saved()
    window._closing = True
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def make_window(qapp: QApplication, settings: Settings, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Windows with the same settings and recovery folder, closed at the end."""
    made: list[MainWindow] = []
    # As in the program: a worker that collects Qt objects would crash the process.
    collector = Collector(qapp)

    def make() -> MainWindow:
        window = MainWindow(settings, tmp_path / "recovery")
        window.resize(1440, 900)
        window.show()
        window.finish()
        made.append(window)
        return window

    yield make
    for window in made:
        end(window)
    collector.close()
    collector.deleteLater()


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    """One window."""
    return make_window()


@pytest.fixture
def opened(window: MainWindow, qtbot: Any) -> Callable[[str], MainWindow]:
    """Opens a sample and waits for its data."""

    def open_sample(name: str) -> MainWindow:
        window.open_sample(name)
        qtbot.waitUntil(lambda: window.document.name == name, timeout=20_000)
        qtbot.waitUntil(lambda: window.document.loader.dataset is not None, timeout=20_000)
        return window

    return open_sample

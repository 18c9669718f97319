"""Coming back from any dialog, tab or group: focus and selection are where they were left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QWidget

from designer.app import desks, file_flow
from designer.app.main_window import MainWindow

K, M = Qt.Key, Qt.KeyboardModifier
OWN = QFileDialog.Option.DontUseNativeDialog
#: dialogs that do not wait, and those that do
OPENERS: dict[str, Callable[[MainWindow], object]] = {
    "keys": lambda w: w.actions_["help.keys"].trigger(),
    "rebind": lambda w: w.actions_["help.rebind"].trigger(),
    "about": lambda w: w.actions_["help.about"].trigger(),
    "data": lambda w: w.offer_data(Path(__file__).resolve().parents[3] / "samples" / "data" / "iris.npz"),
    "unsaved": lambda w: file_flow.ask_save(w, "x"),
    "training": lambda w: desks.ask_end_training(w, ["x"]),
    "open": lambda w: w.actions_["file.open"].trigger(),
    "save as": lambda w: w.actions_["file.save_as"].trigger(),
    "own data": lambda w: w.actions_["file.data"].trigger(),
    "export": lambda w: w.actions_["file.export_svg"].trigger(),
    "activation": lambda w: w.actions_["graph.activation"].trigger(),
    "find": lambda w: w.actions_["edit.find"].trigger(),
    "commands": lambda w: w.actions_["help.commands"].trigger(),
}


@pytest.fixture
def ready(opened: Callable[[str], MainWindow], qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """A layer selected; dialogs for files are Qt's own, as a test cannot press keys in the system's."""
    for name in ("getOpenFileName", "getSaveFileName"):
        real = getattr(QFileDialog, name)
        monkeypatch.setattr(QFileDialog, name, lambda *a, f=real, **k: f(*a, options=OWN, **k))
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.document.selection.show(tuple(window.document.store.state.graph.nodes)[1:3])
    return window


def escape_all(window: MainWindow, seen: list[QWidget], tries: int = 0) -> None:
    """Presses Escape in whatever stands before the window, as soon as it does."""
    front = QApplication.activePopupWidget() or QApplication.activeModalWidget()
    if front is None:
        front = next((w for w in window.findChildren(QDialog) if w.isVisible()), None) or window.finder
    if front is not None:
        seen.append(front)
        inner = front.focusWidget() if not isinstance(front, QMenu) else None
        QTest.keyClick(inner or front, K.Key_Escape)
    elif tries < 40:
        QTimer.singleShot(25, window, lambda: escape_all(window, seen, tries + 1))


def come_back(window: MainWindow, qtbot: Any, name: str, widget: QWidget) -> None:
    """Opens something from a widget and leaves it by Escape."""
    chosen = window.document.selection.nodes
    widget.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget, timeout=20_000)
    seen: list[QWidget] = []
    QTimer.singleShot(25, window, lambda: escape_all(window, seen))
    OPENERS[name](window)
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    qtbot.waitUntil(lambda: window.finder is None and QApplication.activeModalWidget() is None, timeout=20_000)
    window.activateWindow()  # without a window manager nobody does
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget, timeout=20_000)
    assert window.document.selection.nodes == chosen and window.document.store.undo_stack.count() == 0
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("where", ["canvas", "field", "outline"])
def test_every_dialog_gives_focus_and_selection_back(ready: MainWindow, qtbot: Any, where: str) -> None:
    window = ready
    if where == "outline":
        window.show_panel("outline")
    places: dict[str, Callable[[], QWidget]] = {
        "canvas": lambda: window.canvas,
        "field": lambda: window.top_bar.batch.edit,
        "outline": lambda: window.panels.made("outline").tree,  # type: ignore[attr-defined]
    }
    for name in OPENERS:
        try:
            come_back(window, qtbot, name, places[where]())
        except Exception as error:
            raise AssertionError(f"{name}: {QApplication.focusWidget()}") from error


def test_a_search_that_is_given_up_brings_selection_and_place_back(ready: MainWindow, qtbot: Any) -> None:
    window, chosen = ready, ready.document.selection.nodes
    window.canvas.setFocus()
    window.canvas.zoom_to(1.5)
    before = window.canvas.visible_rect()
    window.find_layer()
    QTest.keyClicks(window.finder.field, "in")
    assert window.document.selection.nodes != chosen
    QTest.keyClick(window.finder.field, K.Key_Escape)
    after = window.canvas.visible_rect()
    assert window.document.selection.nodes == chosen and window.canvas.hasFocus()
    assert abs(after.center().x() - before.center().x()) < 2 and abs(after.width() - before.width()) < 2


def test_the_start_page_gives_the_canvas_its_focus_back(ready: MainWindow, qtbot: Any) -> None:
    chosen = ready.document.selection.nodes
    ready.canvas.setFocus()
    ready.actions_["file.start"].trigger()
    ready.show_canvas()
    assert ready.canvas.hasFocus() and ready.document.selection.nodes == chosen


def test_entering_and_leaving_a_group_keeps_focus_and_selects_it(ready: MainWindow, qtbot: Any) -> None:
    window, store = ready, ready.document.store
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, K.Key_G, M.ControlModifier)
    qtbot.waitUntil(lambda: len(store.state.groups) == 1)
    before = window.document.selection.nodes
    window.actions_["graph.open_group"].trigger()
    assert window.canvas.hasFocus()
    QTest.keyClick(window.canvas, K.Key_Escape)
    QTest.keyClick(window.canvas, K.Key_Escape)
    assert window.canvas.hasFocus() and set(window.document.selection.nodes) <= set(before)

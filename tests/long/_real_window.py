"""A sample in the real window, for what is measured there; each measurement is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*.json"))


class Opened(NamedTuple):
    """The window, and the seconds from the import of Qt until it could be seen."""

    window: MainWindow
    start: float


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """One sample, as the program opens it, with its data and plots; the training ends with the block."""
    began = time.perf_counter()
    from designer.app.looks import Looks
    from designer.app.main import make_application
    from designer.app.main_window import MainWindow
    from designer.app.settings import Settings
    from designer.session.collector import Collector

    app = make_application()
    settings = Settings()
    Looks(settings).apply()
    collector = Collector(app)
    window = MainWindow(settings)
    window.resize(1440, 900)
    window.show()
    app.processEvents()
    start = time.perf_counter() - began
    window.finish()
    window.files.open_path(path)
    wait(2.0)
    try:
        yield Opened(window, start)
    finally:
        _close(window)
        collector.close()


def _close(window: MainWindow) -> None:
    """As a person who saves nothing: every worker ends, and nothing of the window outlives it."""
    import gc

    from PySide6.QtCore import QCoreApplication, QEvent

    for desk in window.desks.all:
        desk.document.store.mark_saved()
    window._closing = True
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


def wait(seconds: float) -> None:
    """While the window goes on."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def endless(window: MainWindow) -> None:
    """The small samples are through in a moment, and nothing trains then."""
    from designer.document.verbs.setup import set_training

    window.document.store.apply("epochs", set_training, "epochs", 100_000)


def in_own_process(module: str, *arguments: str, timeout: float) -> dict[str, Any] | str:
    """The figures that ``told`` prints there, or the end of what went wrong."""
    with tempfile.TemporaryDirectory() as home:
        child = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            capture_output=True, text=True, timeout=timeout, check=False,
            env={**os.environ, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home},
        )  # fmt: skip
    if child.returncode != 0 or "Traceback" in child.stderr:
        return child.stderr.strip()[-400:]
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def told(figures: dict[str, Any]) -> None:
    """Prints them for ``in_own_process``; what a process still says while it ends is a failure there."""
    print(json.dumps(figures), flush=True)

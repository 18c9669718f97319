"""The start: window first, everything heavy after it shows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """The QApplication with name, icon and identity."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["gradloom", *argv])
    app.setApplicationName("Gradloom")
    app.setOrganizationName("Gradloom")
    app.setApplicationDisplayName("Gradloom")
    app.setDesktopFileName("gradloom")
    icon = RESOURCES / "desktop" / "gradloom.svg"
    if icon.exists():
        app.setWindowIcon(QIcon(str(icon)))
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window, with a file if one is given; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    app = make_application(arguments)
    from designer.app.crash_recovery import find_orphans, offer, recovery_folder
    from designer.app.kernels import KernelCompiler
    from designer.app.looks import Looks
    from designer.app.main_window import MainWindow
    from designer.app.settings import Settings
    from designer.session.collector import Collector

    settings = Settings()
    Looks(settings).apply()
    collector = Collector(app)
    window = MainWindow(settings, recovery_folder())
    window.show()
    kernels = KernelCompiler(window.status.say, app)

    def later() -> None:
        window.finish()
        begin(window, arguments)
        offer(window, find_orphans(recovery_folder()))
        kernels.start()

    QTimer.singleShot(0, window, later)
    code = app.exec()
    kernels.close()
    collector.close()
    return code


def begin(window: MainWindow, paths: Sequence[str]) -> None:
    """The files of last time, if that is wished, then those that were asked for."""
    if window.settings.reopen:
        window.files.reopen()
    for path in paths:
        window.files.open_path(Path(path))


if __name__ == "__main__":
    sys.exit(main())

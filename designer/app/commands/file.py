"""File: new, open, save, export, close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.app.commands.tabs import tab_commands
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def file_commands(window: MainWindow) -> Iterator[Command]:
    """The File menu."""
    files = window.files

    def drawn() -> bool:
        return bool(window.document.store.state.graph.nodes)

    yield Command("file.new", tr("&New"), files.new, "file", ("Ctrl+N", "Ctrl+T"), "file-plus")
    yield Command("file.open", tr("&Open…"), files.open, "file", ("Ctrl+O",), "folder-open")
    yield Command("file.start", tr("S&tart page"), window.show_start_page, "file", (), "house")
    yield Command("file.save", tr("&Save"), files.save, "file", ("Ctrl+S",), "save", section=1)
    yield Command("file.save_as", tr("Save &as…"), files.save_as, "file", ("Ctrl+Shift+S",), section=1)
    yield Command("file.data", tr("Use own &data…"), files.choose_data, "file", ("Ctrl+I",), "database", section=2)
    for kind, title in (
        ("onnx", tr("Export &ONNX…")),
        ("pytorch", tr("Export &PyTorch…")),
        ("keras", tr("Export &Keras…")),
        ("svg", tr("Export picture as S&VG…")),
        ("png", tr("Export picture as P&NG…")),
        ("pdf", tr("Export picture as P&DF…")),
    ):
        yield Command(f"file.export_{kind}", title, lambda k=kind: files.export(k), "file", enabled=drawn, section=3)
    yield from tab_commands(window)
    yield Command("file.quit", tr("&Quit"), window.close, "file", ("Ctrl+Q",), section=9)

"""File, below: tabs, closing, what was open last time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def tab_commands(window: MainWindow) -> Iterator[Command]:
    """Part of the File menu."""
    desks, settings, files = window.desks, window.settings, window.files

    def several() -> bool:
        return len(desks.all) > 1 or not in_sight()

    def in_sight() -> bool:
        return window.centre.currentIndex() == 1

    yield Command("file.next_tab", tr("Ne&xt tab"), lambda: desks.step(1), "file", ("Ctrl+Tab", "Ctrl+PgDown"),
                  enabled=several, section=4)  # fmt: skip
    yield Command("file.previous_tab", tr("Pre&vious tab"), lambda: desks.step(-1), "file",
                  ("Ctrl+Shift+Tab", "Ctrl+PgUp"), enabled=several, section=4)  # fmt: skip
    yield Command("file.close", tr("&Close the tab"), lambda: desks.close(desks.current), "file", ("Ctrl+W", "Ctrl+F4"),
                  enabled=in_sight, section=4)  # fmt: skip
    yield Command("file.compare", tr("Co&mpare with…"), lambda: window.show_panel("compare"), "file", ("Ctrl+Shift+D",),
                  section=4)  # fmt: skip
    yield Command("file.reopen", tr("Open the files of &last time"), files.reopen, "file",
                  enabled=lambda: bool(settings.open_files), section=5)  # fmt: skip
    yield Command(
        "file.reopen_at_start", tr("Open them when Gradloom st&arts"), settings.toggle_reopen, "file",
        checked=lambda: settings.reopen, section=5,
    )  # fmt: skip

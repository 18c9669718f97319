"""Help: keys, hints, about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def help_commands(window: MainWindow) -> Iterator[Command]:
    """The Help menu."""
    yield Command("help.commands", tr("&All commands…"), window.find_command, "help", ("Ctrl+Shift+P",), "search")
    yield Command("help.keys", tr("&Keyboard shortcuts"), window.show_shortcuts, "help", ("F1", "?"), "keyboard")
    yield Command("help.rebind", tr("&Change keys…"), window.show_keys, "help", (), "keyboard")
    yield Command("help.hints", tr("Show the &hints again"), window.hints.show_again, "help", (), "info")
    yield Command("help.about", tr("&About Gradloom"), window.show_about, "help", (), "help", section=1)

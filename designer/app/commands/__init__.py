"""The commands of the menus, one file per menu: each gives a fresh list in the language in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.app.commands.edit import edit_commands
from designer.app.commands.file import file_commands
from designer.app.commands.graph import graph_commands
from designer.app.commands.groups import group_commands
from designer.app.commands.help import help_commands
from designer.app.commands.more import more_commands
from designer.app.commands.paper import paper_commands
from designer.app.commands.train import train_commands
from designer.app.commands.view import view_commands
from designer.app.templates import template_commands
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def all_commands(window: MainWindow) -> Iterator[Command]:
    """Every command of the window."""
    menus = (file_commands, edit_commands, view_commands, graph_commands, train_commands, help_commands)
    for commands in (*menus, more_commands, group_commands, paper_commands, template_commands):
        yield from commands(window)


def menu_titles() -> dict[str, str]:
    """Menus in order, by id."""
    return {
        "file": tr("&File"),
        "edit": tr("&Edit"),
        "view": tr("&View"),
        "graph": tr("&Graph"),
        "train": tr("&Train"),
        "help": tr("&Help"),
    }

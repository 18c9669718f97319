"""The menu bar and the canvas' context menu, filled from the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QMenu

from designer.app.commands.groups import group_commands
from designer.canvas.blocks import entries
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

NODE = (
    "edit.rename", "edit.duplicate", "graph.swap", "graph.fix", "graph.mute", "graph.freeze", "graph.collapse",
    "graph.frame", "",
    "graph.group", "graph.open_group", "graph.ungroup", "graph.repeat", "graph.save_block", "",
    "edit.same_type", "edit.copy", "edit.copy_picture", "edit.cut", "", "edit.delete", "edit.delete_reconnect",
)  # fmt: skip
PAPER = ("graph.add", "graph.note", "graph.frame", "edit.paste", "", "view.back", "view.all", "graph.layout")
AREA = ("edit.rename", "graph.frame_contents", "", "edit.delete")


def fill_menus(window: MainWindow) -> None:
    """Every menu anew."""
    for name, menu in window.menus.items():
        menu.clear()
        window.actions_.fill(menu, name)
    view = window.menus["view"]
    view.addSeparator()
    for name, title in (
        ("heat", tr("&Cost as colour")),
        ("theme", tr("&Theme")),
        ("language", tr("L&anguage")),
        ("size", tr("Size of te&xt")),
    ):
        window.actions_.fill(view.addMenu(title), f"view.{name}")
    panels = view.addMenu(tr("&Panels"))
    for dock in window.panels.docks.values():
        panels.addAction(dock.toggleViewAction())
    file, graph = window.menus["file"], window.menus["graph"]
    templates = QMenu(tr("New from &template"), file)
    window.actions_.fill(templates, "file.templates")
    file.insertMenu(window.actions_["file.open"], templates)
    insert = QMenu(tr("Insert &template"), graph)
    window.actions_.fill(insert, "graph.templates")
    graph.insertMenu(window.actions_["graph.layout"], insert)
    blocks = QMenu(tr("Insert bloc&k"), graph)
    blocks.aboutToShow.connect(lambda: fill_blocks(window, blocks))
    fill_blocks(window, blocks)
    graph.insertMenu(window.actions_["graph.layout"], blocks)
    window.actions_.fill(graph.addMenu(tr("Align and dist&ribute")), "graph.align")
    colour_menu(window, graph)
    train = window.menus["train"]
    window.actions_.fill(train.addMenu(tr("&Use data")), "train.source")
    window.actions_.fill(train.addMenu(tr("&Optimizer")), "train.optimizer")
    recent = QMenu(tr("Recent &files"), file)
    recent.aboutToShow.connect(lambda: fill_recent(window, recent))
    file.insertMenu(window.actions_["file.start"], recent)


def fill_blocks(window: MainWindow, menu: QMenu) -> None:
    """Ready blocks and those that are on the user's shelf now."""
    window.actions_.add(group_commands(window))
    menu.clear()
    for block in entries():
        menu.addAction(window.actions_[f"graph.{block.id}"])


def fill_recent(window: MainWindow, menu: QMenu) -> None:
    """The files used last."""
    menu.clear()
    for path in window.settings.recent:
        action = menu.addAction(path.replace("&", "&&"))
        action.triggered.connect(lambda _=False, p=path: window.files.open_path(Path(p)))
    menu.addSeparator()
    clear = menu.addAction(tr("Clear the list"))
    clear.setEnabled(bool(window.settings.recent))
    clear.triggered.connect(window.settings.clear_recent)


def node_menu(window: MainWindow, what: object) -> QMenu:
    """What can be done with what was clicked on."""
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    area = isinstance(what, tuple)
    names = ("edit.delete",) if isinstance(what, Edge) else PAPER if what is None else AREA if area else NODE
    window.actions_.refresh()
    for name in names:
        if name:
            menu.addAction(window.actions_[name])
        else:
            menu.addSeparator()
    if area:
        _add_area_items(window, menu)
    return menu


def colour_menu(window: MainWindow, above: QMenu) -> QMenu:
    """The palette of frames and notes, each colour with its swatch."""
    menu = above.addMenu(tr("&Colour of frames and notes"))
    window.actions_.fill(menu, "graph.colour")
    for action in menu.actions():
        swatch = QPixmap(tokens.ICON_SMALL, tokens.ICON_SMALL)
        name = action.objectName().rpartition(".")[2]
        swatch.fill(QColor(tokens.theme().group(name) if name in tokens.GROUPS else tokens.theme().outline))
        action.setIcon(QIcon(swatch))
    return menu


def _add_area_items(window: MainWindow, menu: QMenu) -> None:
    """The palette, and for a link under the mouse what can be done with it."""
    menu.insertMenu(window.actions_["edit.delete"], colour_menu(window, menu))
    notes, at = window.canvas.annotations, window.canvas.cursor_scene
    link = notes.link_at(at) if at is not None else ""
    if link:
        menu.addSeparator()
        menu.addAction(tr("Open the link…")).triggered.connect(lambda: notes.open_link(link))
        copy = menu.addAction(tr("Copy the link's address"))
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(link))

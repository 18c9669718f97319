"""The menu bar and the canvas' context menu, filled from the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from engine.graph import Edge
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

NODE = (
    "edit.rename", "edit.duplicate", "graph.swap", "graph.fix", "graph.mute", "graph.freeze", "",
    "edit.same_type", "edit.copy", "edit.cut", "", "edit.delete", "edit.delete_reconnect",
)  # fmt: skip
PAPER = ("graph.add", "edit.paste", "", "view.all", "graph.layout")


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
    window.actions_.fill(graph.addMenu(tr("Align and dist&ribute")), "graph.align")
    train = window.menus["train"]
    window.actions_.fill(train.addMenu(tr("&Use data")), "train.source")
    window.actions_.fill(train.addMenu(tr("&Optimizer")), "train.optimizer")
    recent = QMenu(tr("Recent &files"), file)
    recent.aboutToShow.connect(lambda: fill_recent(window, recent))
    file.insertMenu(window.actions_["file.start"], recent)


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
    names = ("edit.delete",) if isinstance(what, Edge) else PAPER if what is None else NODE
    window.actions_.refresh()
    for name in names:
        if name:
            menu.addAction(window.actions_[name])
        else:
            menu.addSeparator()
    return menu

"""Changes to many layers in one step: their activation, or selecting all of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from designer.app.documents import Document
from designer.app.hints import hidden_layers
from designer.document.verbs.params import set_param
from designer.inspector.registries import option, options
from engine.declare import Spec
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def select_same_type(document: Document) -> None:
    """Every layer of a type that is selected."""
    nodes = document.store.state.graph.nodes
    types = {nodes[n].type for n in document.selection.nodes}
    document.selection.show(n for n, node in nodes.items() if node.type in types)


def invert(document: Document) -> None:
    """Every layer that was not selected, instead of those that were."""
    chosen = set(document.selection.nodes)
    document.selection.show(n for n in document.store.state.graph.nodes if n not in chosen)


def set_activation(document: Document, activation: str) -> None:
    """One undo step for all hidden layers; they are selected, so that the inspector shows what was done."""
    ids = hidden_layers(document.store.state.graph)
    found = option("activations", activation)
    title = tr_declared(found.title) if found is not None else activation
    text = tr("Set the hidden activations to {activation}", activation=title)
    if document.store.attempt(text, set_param, ids, "activation", Spec(activation)):
        document.selection.show(ids)


def activation_menu(window: MainWindow) -> QMenu:
    """One entry for each activation."""
    menu = QMenu(window)
    for found in options("activations"):
        action = menu.addAction(tr_declared(found.title))
        action.triggered.connect(lambda _=False, a=found.id: set_activation(window.document, a))
    return menu


def choose_activation(window: MainWindow) -> None:
    """Asks at the top left of the canvas."""
    menu = activation_menu(window)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(window.canvas.mapToGlobal(QPoint(16, 16)))

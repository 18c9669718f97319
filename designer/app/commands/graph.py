"""Graph: add, arrange, change several layers at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def graph_commands(window: MainWindow) -> Iterator[Command]:
    """The Graph menu."""
    canvas, selection = window.canvas, window.document.selection

    def nodes() -> bool:
        return bool(selection.nodes)

    def drawn() -> bool:
        return bool(window.document.store.state.graph.nodes)

    yield Command("graph.add", tr("&Add a layer…"), canvas.quick_add, "graph", ("Shift+A",), "plus", local=True)
    yield Command("graph.chain", tr("&Type a chain of layers…"), canvas.type_chain, "graph", ("/", "Ctrl+Shift+L"),
                  "workflow", local=True)  # fmt: skip
    yield Command("graph.layout", tr("Auto &layout"), canvas.auto_layout, "graph", ("Ctrl+L",), "arrange", drawn)
    yield Command(
        "graph.activation", tr("Set activation of all &hidden layers…"), window.choose_hidden_activation, "graph",
        ("Ctrl+Shift+H",), "spline", drawn, section=1,
    )  # fmt: skip
    yield Command("graph.swap", tr("&Change type…"), canvas.choose_type, "graph", ("Shift+S",), "", nodes, section=1,
                  local=True)  # fmt: skip
    yield Command("graph.fix", tr("Offer &fixes"), canvas.offer_fixes, "graph", ("Ctrl+.",), "check", nodes, section=2,
                  local=True)  # fmt: skip
    yield Command("graph.mute", tr("&Mute or unmute"), canvas.edits.toggle_muted, "graph", ("M",), "muted", nodes,
                  section=1, local=True)  # fmt: skip
    yield Command("graph.freeze", tr("&Freeze or unfreeze"), window.toggle_frozen, "graph", ("Ctrl+Shift+F",), "frozen",
                  nodes, section=1)  # fmt: skip
    yield Command("graph.problems", tr("Show &problems"), lambda: window.show_panel("problems"), "graph",
                  ("Ctrl+Shift+E",), "warning", section=2)  # fmt: skip

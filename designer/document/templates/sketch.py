"""A pencil for templates: chains from lines of text, merges by name, and the whole as a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from designer.document.chain_text import parse_chain
from designer.document.state import DocState
from designer.document.verbs.nodes import new_name
from engine.declare import Spec, Value
from engine.graph import DataSetup, Edge, Graph, Node, TrainingSetup
from engine.layers import LAYERS


@dataclass(frozen=True)
class Template:
    """``title`` and ``line`` in English, for translation when shown; ``make``: the document, a new value each time."""

    id: str
    title: str
    line: str
    make: Callable[[], DocState]


@dataclass
class Sketch:
    """The graph so far. ``last`` is the node that was drawn last: a chain goes on from there."""

    graph: Graph = field(default_factory=Graph)
    last: str = ""

    def chain(self, text: str, names: str = "", after: str | None = None) -> str:
        """The layers of a line (see chain_text) behind ``after``; ``names``: theirs, separated by commas. The last."""
        at = self.last if after is None else after
        called = [n.strip() for n in names.split(",")] if names else []
        for k, link in enumerate(parse_chain(text)):
            sources = (at,) if at and LAYERS[link.type].inputs else ()
            at = self._add(link.type, dict(link.params), called[k] if k < len(called) else "", sources)
        return at

    def merge(self, type_name: str, sources: tuple[str, ...], name: str = "") -> str:
        """A layer that takes several wires."""
        return self._add(type_name, {}, name, sources)

    def _add(self, type_name: str, params: dict[str, Value], name: str, sources: tuple[str, ...]) -> str:
        node_id = self.graph.new_id()
        node = Node(node_id, type_name, name or new_name(self.graph, type_name), params, LAYERS[type_name].version)
        self.graph = self.graph.add_node(node)
        port = LAYERS[type_name].inputs[0].name if sources else ""
        for source in sources:
            self.graph = self.graph.add_edge(Edge(source, node_id, port, "out"))
        self.last = node_id
        return node_id

    def document(
        self, title: str, data: str, optimizer: str = "adam", rate: float = 0.003, epochs: int = 20, batch: int = 32
    ) -> DocState:
        """Graph, data and training set-up as one document; points of the plane are standardized."""
        training = TrainingSetup(
            optimizer=Spec(optimizer, {"rate": rate}), epochs=epochs, batch_size=batch, restore_best=False
        )
        return DocState(
            self.graph, training, DataSetup(source=Spec(data), standardize=data in ("gauss", "circle")), title=title
        )

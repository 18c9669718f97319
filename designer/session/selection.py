"""What is selected: view state, not undoable, shared by canvas, outline, inspector and plots.

``selection.nodes`` (ids in the order in which they were chosen), ``selection.wires``, ``selection.areas`` (frames and
notes by ("frame", id) and ("note", id)); ``selection.show(nodes, wires, areas)`` replaces, ``changed`` tells. The last
chosen node is ``current``.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from designer.document import DocState
from designer.session.store import Store
from engine.graph import Edge


class Selection(QObject):
    """Selected nodes and wires; what leaves the document leaves the selection."""

    changed = Signal()

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.nodes: tuple[str, ...] = ()
        self.wires: frozenset[Edge] = frozenset()
        self.areas: frozenset[tuple[str, str]] = frozenset()
        store.changed.connect(self._follow)

    @property
    def current(self) -> str | None:
        """The node that was chosen last."""
        return self.nodes[-1] if self.nodes else None

    def show(
        self, nodes: Iterable[str] = (), wires: Iterable[Edge] = (), areas: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Exactly these are selected."""
        chosen = (tuple(dict.fromkeys(nodes)), frozenset(wires), frozenset(areas))
        if chosen != (self.nodes, self.wires, self.areas):
            self.nodes, self.wires, self.areas = chosen
            self.changed.emit()

    def add(self, nodes: Iterable[str]) -> None:
        """These too."""
        self.show((*self.nodes, *nodes), self.wires, self.areas)

    def toggle(self, nodes: Iterable[str]) -> None:
        """Each of these the other way round."""
        flipped = tuple(nodes)
        kept = [n for n in self.nodes if n not in flipped]
        self.show((*kept, *(n for n in flipped if n not in self.nodes)), self.wires, self.areas)

    def clear(self) -> None:
        """Nothing is selected."""
        self.show()

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph or self.areas:
            edges = set(new.graph.edges) if self.wires else set()
            kept = [(k, i) for k, i in self.areas if i in (new.frames if k == "frame" else new.notes)]
            self.show((n for n in self.nodes if n in new.graph.nodes), (w for w in self.wires if w in edges), kept)

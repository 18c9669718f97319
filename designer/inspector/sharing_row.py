"""The inspector's row that says whose weights a layer uses: its own, or those of another layer of its type."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from designer.document.verbs.sharing import share_weights, unshare_weights
from designer.inspector.row import LABEL_WIDTH, RESET
from designer.session.analyst import Analyst
from designer.session.store import Store
from engine.graph import Node
from widgets import tokens
from widgets.fields import Choice, ElidedLabel
from widgets.i18n import tr

OWN = ""


class SharingRow(QWidget):
    """Shown for one layer that has weights, where another layer's would fit or are used already."""

    def __init__(self, store: Store, analyst: Analyst) -> None:
        super().__init__()
        self.store, self.analyst = store, analyst
        self._node: str | None = None
        self.choice = Choice()
        self.choice.setAccessibleName(tr("Weights"))
        self.choice.value_changed.connect(self._chosen)
        label = ElidedLabel(tr("Weights"))
        label.setProperty("role", "secondary")
        label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        label.setFixedSize(tokens.scaled(LABEL_WIDTH), tokens.scaled(tokens.CONTROL_HEIGHT))
        label.show_tip(tr("Layers that share weights learn one set of them: a change in one is a change in all."))
        label.setBuddy(self.choice)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(tokens.SPACE_1)
        line.addWidget(label)
        line.addWidget(self.choice, 1)
        line.addSpacing(RESET + tokens.SPACE_1)  # rows above end with a way back to the default

    def show_nodes(self, nodes: list[Node]) -> None:
        """Brings the choice up to date."""
        self._node = nodes[0].id if len(nodes) == 1 else None
        offers = self._offers(nodes[0]) if self._node is not None else []
        self.setVisible(bool(offers))
        self.choice.show_options([(OWN, tr("its own")), *offers])
        self.choice.show_value(nodes[0].shares or OWN)

    def _offers(self, node: Node) -> list[tuple[str, str]]:
        """Owners of weights with the same names and shapes, and the one that it shares with in any case."""
        graph, known = self.store.state.graph, self.analyst.analysis.nodes
        mine = known[node.id].weights if node.id in known else ()
        found = [
            n
            for n in graph.nodes.values()
            if n.id == node.shares
            or (n.id != node.id and n.shares is None and n.type == node.type and mine and n.id in known
                and known[n.id].weights == mine)
        ]  # fmt: skip
        return [(n.id, tr("of {name}", name=n.name)) for n in found]

    def _chosen(self, owner: object) -> None:
        if self._node is None:
            return
        if owner == OWN:
            self.store.attempt(tr("Stop sharing"), unshare_weights, (self._node,))
        else:
            self.store.attempt(tr("Share weights"), share_weights, (self._node,), str(owner))

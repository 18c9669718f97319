"""What of a scene is at a point: the topmost card, the nearest port, the nearest wire."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from designer.canvas.look import PORT_RADIUS
from designer.canvas.node_item import NodeItem
from designer.canvas.ports import PortRef
from designer.canvas.wire_item import WireItem
from designer.document.sheet import group_of
from engine.graph import Edge


class HitScene(QGraphicsScene):
    """A scene of cards and wires that can be asked what is where."""

    nodes: dict[str, NodeItem]

    @property
    def cards(self) -> Mapping[str, NodeItem]:
        """What is seen on this sheet and can be moved."""
        raise NotImplementedError

    def _near(self, point: QPointF, reach: float) -> list[QGraphicsItem]:
        """Items whose bounding rectangle is there, topmost first."""
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        return self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)

    def card_at(self, point: QPointF) -> str | None:
        """The topmost card there, a layer's or a group's."""
        cards = self.cards
        for item in self._near(point, 1):
            if isinstance(item, NodeItem) and item.node_id in cards and item.box().contains(point):
                return item.node_id
        return None

    def node_at(self, point: QPointF) -> str | None:
        """The layer whose card is the topmost there."""
        card = self.card_at(point)
        return card if card in self.nodes else None

    def group_at(self, point: QPointF) -> str | None:
        """The group whose card is the topmost there."""
        return group_of(self.card_at(point) or "")

    def port_at(self, point: QPointF, reach: float = PORT_RADIUS + 4) -> PortRef | None:
        """The nearest port within reach."""
        return next(iter(self.ports_at(point, reach)), None)

    def ports_at(self, point: QPointF, reach: float) -> list[PortRef]:
        """All ports within reach, the nearest first."""
        found: list[tuple[float, PortRef]] = []
        for item in self._near(point, reach):
            if not isinstance(item, NodeItem):
                continue
            for is_input, places in ((True, item.card.inputs), (False, item.card.outputs)):
                for name, x, y, many in places:
                    distance, ref = item.distance(point, x, y, many), item.ref(name, is_input)
                    if ref is not None and distance <= reach:
                        found.append((distance, ref))
        return [ref for _, ref in sorted(found, key=lambda f: f[0])]

    def wire_at(self, point: QPointF, reach: float = 6.0) -> Edge | None:
        """The nearest wire within reach."""
        near = [i for i in self._near(point, reach) if isinstance(i, WireItem)]
        found = [(wire.distance(point), wire.edge) for wire in near]
        hits = [f for f in found if f[0] <= reach]
        return min(hits)[1] if hits else None

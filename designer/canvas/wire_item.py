"""A wire: a path with a pen, painted by Qt itself. Its curve is adjusted when a card has moved, and only then."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.curve import Points, cross, polyline, wire_path
from designer.canvas.look import Look
from designer.canvas.node_item import NodeItem
from engine.graph import Edge

_ANYWHERE = QRectF()


@dataclass(frozen=True)
class WireState:
    """What the pen says."""

    selected: bool = False
    hovered: bool = False
    wrong: bool = False
    muted: bool = False
    hidden: bool = False


class WireItem(QGraphicsPathItem):
    """From an output port of one card to an input port of another. ``labels``: its shape text, longest first."""

    def __init__(self, edge: Edge, look: Look) -> None:
        super().__init__()
        self.edge, self.look, self.state = edge, look, WireState()
        self.labels: tuple[str, ...] = ()
        self.through: tuple[tuple[float, float], ...] = ()
        self.start, self.end, self.down = QPointF(), QPointF(), False
        #: left, top, right, bottom with room for ribbons and labels; plain numbers, asked in every repaint
        self.reach = (0.0, 0.0, 0.0, 0.0)
        #: it has a curve
        self.laid = False
        self.setPen(look.wire)
        self.setZValue(0)

    def adjust(
        self, begin: tuple[NodeItem, str], finish: tuple[NodeItem, str], through: tuple[tuple[float, float], ...]
    ) -> None:
        """The curve between two ports, each (card, name), where the cards stand now."""
        (source, source_port), (target, port) = begin, finish
        start, end = source.port_point(source_port, False), target.port_point(port, True)
        self.start, self.end, self.through, self.laid = start, end, through, True
        self.down = source.card.down
        down = self.down
        ahead = end.y() - start.y() if down else end.x() - start.x()
        cards = (_ANYWHERE, _ANYWHERE) if ahead >= 12 and not through else (source.box(), target.box())
        path = wire_path(start, end, *cards, through, down)
        self.setPath(path)
        reach = path.controlPointRect()
        beside = 180 if down else 20
        self.reach = (reach.left() - beside, reach.top() - 24, reach.right() + beside, reach.bottom() + 24)

    def show_state(self, state: WireState, look: Look) -> None:
        """The pen for that state."""
        if state == self.state and look is self.look:
            return
        self.state, self.look = state, look
        self.setPen(_pen(state, look))
        self.setZValue(0.5 if state.selected or state.hovered else 0)

    def distance(self, point: QPointF) -> float:
        """From a point to the curve, in scene units; large where it is not near."""
        near = QRectF(point.x() - 12, point.y() - 12, 24, 24)
        if not self.path().controlPointRect().adjusted(-1, -1, 1, 1).intersects(near):
            return 1e9
        stroker = QPainterPathStroker()
        for width in (2.0, 6.0, 12.0, 20.0):
            stroker.setWidth(width)
            if stroker.createStroke(self.path()).contains(point):
                return width / 2
        return 1e9

    def crosses(self, stroke: Points) -> bool:
        """True where a drawn stroke, as (n, 2) points, cuts the wire."""
        box = self.path().controlPointRect().adjusted(-1, -1, 1, 1)
        low, high = stroke.min(axis=0), stroke.max(axis=0)
        if box.right() < low[0] or box.left() > high[0] or box.bottom() < low[1] or box.top() > high[1]:
            return False
        return cross(polyline(self.path()), stroke)


def _pen(state: WireState, look: Look) -> QPen:
    if state.hidden and not (state.selected or state.hovered):
        return QPen(Qt.PenStyle.NoPen)
    if state.selected:
        return look.wire_selected
    if state.hovered:
        return look.wire_hover
    if state.wrong:
        return look.wire_wrong
    return look.wire_muted if state.muted else look.wire

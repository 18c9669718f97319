"""Border ports inside a group: what comes in stands at the left, what goes out at the right, each with its wires."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from designer.canvas.card import Card, Place
from designer.canvas.look import PORT_RADIUS, Look
from designer.canvas.node_item import FAR, MIDDLE, NodeItem
from designer.canvas.ports import PortRef
from designer.document import DocState
from designer.document.geometry import snap_up
from designer.document.group_ports import GroupPort
from designer.document.sheet import group_of, sheet_of
from engine.analysis import Analysis
from widgets import tokens
from widgets.i18n import tr

#: height of a border port, its distance from the cards, and from the next one
HEIGHT, AWAY, STEP = 28, 72, 40
#: free space between a card and a wire that is led around it
CLEAR = 16
_WIDEST, _SIDE = 168, 14


@dataclass(frozen=True)
class Border:
    """One border port: its words, what crosses there, its ends inside, and which side it is on."""

    text: str
    shape: str
    port: GroupPort
    is_input: bool

    @property
    def wired(self) -> bool:
        """True where something outside is wired to it."""
        return bool(self.port.wires)


def border_of(state: DocState, analysis: Analysis, within: str, port: GroupPort, is_input: bool) -> Border:
    """Named after what is outside, a layer or a group, with the shape that crosses there."""
    ends = [e.source if is_input else e.target for e in port.wires]
    owner = sheet_of(state, state.layout.nesting.parent[within]).owner
    cards = dict.fromkeys(owner.get(n, n) for n in ends)
    groups = {c: state.groups[k].title for c in cards if (k := group_of(c)) is not None}
    names = list(dict.fromkeys(groups[c] if c in groups else state.graph.nodes[c].name for c in cards))
    carried = analysis.output(port.wires[0].source if port.wires else port.slots[0].node) if names else None
    shape = "x".join(map(str, carried.shape)) if carried is not None else ""
    if not names:
        return Border(tr("input") if is_input else tr("output"), shape, port, is_input)
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return Border(names[0] + more, shape, port, is_input)


def border_card(border: Border, look: Look, down: bool) -> Card:
    """A capsule as wide as its words, one port at its inner side."""
    measure = look.line_metrics
    shape = measure.horizontalAdvance(border.shape) + 10 if border.shape else 0
    width = snap_up(min(measure.horizontalAdvance(border.text) + 2 * _SIDE + shape, _WIDEST + shape))
    text = measure.elidedText(border.text, Qt.TextElideMode.ElideRight, width - 2 * _SIDE - shape + 2)
    if down:
        place: Place = ("end", width / 2, float(HEIGHT) if border.is_input else 0.0, False)
    else:
        place = ("end", float(width) if border.is_input else 0.0, HEIGHT / 2, False)
    cut = (width, HEIGHT, () if border.is_input else (place,), (place,) if border.is_input else (), False, True, down)
    return Card(text, border.shape, "", "data", "", (), "", "", False, *cut)


class BorderItem(NodeItem):
    """The capsule of a border port. It cannot be moved; wires begin and end at it."""

    border: Border

    def ref(self, name: str, is_input: bool) -> PortRef | None:
        """An input leads to its source outside; an output to all that it feeds there; an open one to nothing."""
        wires = self.border.port.wires
        if not wires:
            return None
        if self.border.is_input:
            return PortRef(wires[0].source, wires[0].source_port, False)
        return PortRef(wires[0].target, wires[0].port, True, f"{self.node_id}/{name}")

    def end(self) -> QPointF:
        """Where its wires begin or end."""
        return self.port_point("end", not self.border.is_input)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A capsule; dashed where nothing outside is wired to it."""
        zoom, look = option.levelOfDetailFromTransform(painter.worldTransform()), self.look
        box = QRectF(0.5, 0.5, self.card.width - 1, self.card.height - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(look.hover_border if self.hovered else look.port)
        if not self.border.wired:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(tokens.color(tokens.blend(look.theme.canvas, look.theme.raised, 0.5)))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        if FAR <= zoom < MIDDLE:
            painter.setFont(look.name_font)
            painter.setPen(look.text if self.border.wired else look.secondary)
            room = box.adjusted(8, 0, -8, 0)
            words = painter.fontMetrics().elidedText(self.border.text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
        elif zoom >= MIDDLE:
            painter.setFont(look.line_font)
            painter.setPen(look.text if self.border.wired else look.secondary)
            middle = Qt.AlignmentFlag.AlignVCenter
            room, shape = box.adjusted(_SIDE, 0, -_SIDE, 0), self.card.summary
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, self.card.title)
            painter.setPen(look.secondary)
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, shape)
        for _, x, y, _many in (*self.card.inputs, *self.card.outputs):
            painter.setPen(look.port)
            painter.setBrush(look.port_fill)
            painter.drawEllipse(QPointF(x, y), PORT_RADIUS, PORT_RADIUS)


def spread(wanted: list[float], step: float) -> list[float]:
    """Places as near as can be to those wanted, in the same order, none nearer than ``step`` to the next."""
    order = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
    found = list(wanted)
    last = None
    for k in order:
        found[k] = wanted[k] if last is None else max(wanted[k], last + step)
        last = found[k]
    shift = (sum(found) - sum(wanted)) / len(wanted) if wanted else 0.0
    return [v - shift for v in found]


def around(begin: QPointF, end: QPointF, boxes: list[QRectF]) -> tuple[tuple[float, float], ...]:
    """Two points above what lies on the way from the left to the right, or () where the way is free."""
    low, high = min(begin.y(), end.y()) - 4, max(begin.y(), end.y()) + 4
    room = [b for b in boxes if b.right() > begin.x() + CLEAR and b.left() < end.x() - CLEAR]
    if not any(b.top() < high and b.bottom() > low for b in room):
        return ()
    # A wire of two bends may only turn where there is room before the first card and behind the last.
    left, right = min(b.left() for b in room) - CLEAR, max(b.right() for b in room) + CLEAR
    if left < begin.x() + CLEAR or right > end.x() - 4:
        right = min(right, end.x() - 4)
        if left < begin.x() + 4 or right <= left:
            return ()
    top = min(b.top() for b in room if b.top() < high and b.bottom() > low)
    while any(b.top() < top and b.bottom() > top - 2 * CLEAR for b in room):
        top = min(b.top() for b in room if b.top() < top and b.bottom() > top - 2 * CLEAR)
    return (left, top - CLEAR), (right, top - CLEAR)

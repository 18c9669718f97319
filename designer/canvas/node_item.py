"""The card of a layer. Holds an id, a Card and flags; paints itself from them and owns nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas.card import BADGE, Card
from designer.canvas.look import MARGIN, PORT_RADIUS, Look
from designer.canvas.ports import PortRef
from widgets import tokens
from widgets.icons import paint_icon

#: below these zooms a card shows colour, icon and name; colour only
MIDDLE, FAR = 0.6, 0.35
_NO_PEN = Qt.PenStyle.NoPen


@lru_cache(maxsize=64)
def _edge(height: int) -> QPainterPath:
    """The left edge of a card, rounded as its corners are."""
    whole, strip = QPainterPath(), QPainterPath()
    whole.addRoundedRect(QRectF(0, 0, 4 * tokens.NODE_EDGE + 2 * tokens.RADIUS, height), tokens.RADIUS, tokens.RADIUS)
    strip.addRect(QRectF(0, 0, tokens.NODE_EDGE, height))
    return whole.intersected(strip)


@lru_cache(maxsize=4096)
def _far_title(title: str, look: Look, room: float) -> str:
    return look.far_metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)


class NodeItem(QGraphicsRectItem):
    """A card; ``pos()`` is its top left corner. A plain QGraphicsRectItem, so that Qt culls it by itself."""

    def __init__(self, node_id: str, card: Card, look: Look, moved: Callable[[str], None]) -> None:
        super().__init__()
        self.node_id, self.card, self.look = node_id, card, look
        self.selected = self.hovered = self.vector = False
        self._moved = moved
        self.setPen(Qt.PenStyle.NoPen)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges)
        self.setZValue(2)
        self._fit()

    def show_card(self, card: Card, look: Look) -> None:
        """Other content or another theme."""
        if card == self.card and look is self.look:
            return
        size = (self.card.width, self.card.height)
        self.card, self.look = card, look
        if size != (card.width, card.height):
            self._fit()
        self.update()

    def show_flags(self, selected: bool, hovered: bool) -> None:
        """The outline."""
        if (selected, hovered) != (self.selected, self.hovered):
            self.selected, self.hovered = selected, hovered
            self.update()

    def box(self) -> QRectF:
        """The card in scene coordinates, without ports."""
        at = self.pos()
        return QRectF(at.x(), at.y(), self.card.width, self.card.height)

    def port_point(self, port: str, is_input: bool) -> QPointF:
        """A port's centre in scene coordinates; the first one where the name is not known."""
        places = self.card.inputs if is_input else self.card.outputs
        at = self.pos()
        for name, x, y, _ in places:
            if name == port:
                return QPointF(at.x() + x, at.y() + y)
        x = 0.0 if is_input else float(self.card.width)
        if self.card.down:
            return QPointF(at.x() + self.card.width / 2, at.y() + (0.0 if is_input else self.card.height))
        return QPointF(at.x() + x, at.y() + (places[0][2] if places else 28.0))

    @property
    def name_line(self) -> float:
        """The base line of the name, in item coordinates."""
        return self.card.head / 2 + 4.5 if self.card.collapsed else 22.5

    def ref(self, name: str, is_input: bool) -> PortRef | None:
        """The port of that name as an end of wires, or None where none can begin or end."""
        return PortRef(self.node_id, name, is_input)

    def distance(self, point: QPointF, x: float, y: float, many: bool) -> float:
        """From a scene point to a port at that place of the card; one that takes many is longer."""
        dx, dy, long = abs(point.x() - self.x() - x), abs(point.y() - self.y() - y), 5.0 if many else 0.0
        return math.hypot(max(dx - long, 0.0), dy) if self.card.down else math.hypot(dx, max(dy - long, 0.0))

    def badge(self) -> QRectF:
        """Where the problem badge stands, in item coordinates."""
        return QRectF(self.card.width - 28, self.name_line - 14.5, 18, 18)

    def picture(self) -> QRectF:
        """Where the live picture goes, in item coordinates."""
        return QRectF(10, self.card.picture_top, self.card.width - 18, 48)

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: object) -> object:
        """Wires follow from here and from nowhere else."""
        if change == QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged:
            self._moved(self.node_id)
        return super().itemChange(change, value)

    def _fit(self) -> None:
        size = QRectF(0, 0, self.card.width, self.card.height)
        self.setRect(size.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Detail by zoom: all, then colour, icon and name, then colour only."""
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        if zoom < FAR:
            self._paint_far(painter)
            return
        self._paint_body(painter)
        if zoom < MIDDLE:
            self._paint_middle(painter)
        else:
            self._paint_near(painter)
        self._paint_ports(painter)

    def _paint_far(self, painter: QPainter) -> None:
        painter.setPen(self.look.selected if self.selected else _NO_PEN)
        color = self.look.group(self.card.group)
        color.setAlphaF(0.35 if self.card.muted else 0.85)
        painter.setBrush(color)
        painter.drawRect(QRectF(0, 0, self.card.width, self.card.height))
        if self.card.problem:
            painter.setBrush(self._problem_color())
            painter.drawRect(QRectF(self.card.width - 40, 0, 40, 40))

    def _paint_body(self, painter: QPainter) -> None:
        box = QRectF(0, 0, self.card.width, self.card.height)
        radius = float(tokens.RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_NO_PEN)
        painter.setBrush(self.look.card)
        painter.drawRoundedRect(box, radius, radius)
        color = self.look.group(self.card.group)
        if self.card.muted:
            color.setAlphaF(0.4)
        painter.setBrush(color)
        painter.drawPath(_edge(self.card.height))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.selected:
            painter.setPen(self.look.selected)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), radius + 1, radius + 1)
        else:
            painter.setPen(self.look.hover_border if self.hovered else self.look.border)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _icon(self, painter: QPainter, box: QRectF) -> None:
        paint_icon(painter, self.card.icon, box, self.look.theme.group(self.card.group), vector=self.vector)

    def _paint_middle(self, painter: QPainter) -> None:
        middle = self.card.head / 2 if self.card.collapsed else 28.0
        side = min(24.0, 2 * middle - 4)
        self._icon(painter, QRectF(12, middle - side / 2, side, side))
        left = 36 if self.card.collapsed else 42
        room = QRectF(left, 0, self.card.width - left - 4 - (30 if self.card.problem else 0), 2 * middle)
        painter.setFont(self.look.name_font if self.card.collapsed else self.look.far_font)
        painter.setPen(self.look.disabled if self.card.muted else self.look.text)
        title = self.card.title if self.card.collapsed else _far_title(self.card.title, self.look, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        if self.card.problem:
            painter.setPen(_NO_PEN)
            painter.setBrush(self._problem_color())
            painter.drawEllipse(QRectF(self.card.width - 32, middle - side / 2, side, side))

    def _paint_near(self, painter: QPainter) -> None:
        card, look = self.card, self.look
        self._icon(painter, QRectF(12, self.name_line - 13.5, 16, 16))
        painter.setPen(look.disabled if card.muted else look.text)
        painter.setFont(look.name_font)
        painter.drawText(QPointF(34, self.name_line), card.title)
        painter.setFont(look.line_font)
        painter.setPen(look.disabled if card.muted else look.secondary)
        painter.drawText(QPointF(12, 42), card.summary)
        if card.count:
            line = QRectF(0, 9, card.width - 10 - (BADGE if card.problem else 0), 16)
            painter.setPen(look.disabled)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, card.count)
        self._paint_chips(painter)
        if card.problem:
            self._paint_badge(painter)

    def _paint_chips(self, painter: QPainter) -> None:
        x = 12.0
        for chip in self.card.chips:
            box = QRectF(x + 0.5, 52.5, chip.width, 17)
            painter.setPen(self.look.border)
            painter.setBrush(self.look.port_fill)
            painter.drawRoundedRect(box, 4, 4)
            left = 6.0
            if chip.icon:
                icon_box = QRectF(box.left() + 5, box.top() + 2.5, 12, 12)
                paint_icon(painter, chip.icon, icon_box, self.look.theme.secondary, vector=self.vector)
                left = 20.0
            painter.setPen(self.look.secondary)
            painter.drawText(box.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, chip.text)
            x += chip.width + 4

    def _problem_color(self) -> str:
        return self.look.theme.error if self.card.severity == "error" else self.look.theme.warning

    def _paint_badge(self, painter: QPainter) -> None:
        box = self.badge()
        painter.setPen(_NO_PEN)
        painter.setBrush(tokens.color(self._problem_color()))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        painter.setPen(tokens.color(self.look.theme.raised))
        painter.setFont(self.look.value_font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "!")

    def _paint_ports(self, painter: QPainter) -> None:
        painter.setPen(self.look.port)
        painter.setBrush(self.look.port_fill)
        for _, x, y, many in (*self.card.inputs, *self.card.outputs):
            tall, wide = (0.0, 5.0) if many and self.card.down else (5.0 if many else 0.0, 0.0)
            box = QRectF(
                x - PORT_RADIUS - wide, y - PORT_RADIUS - tall, 2 * (PORT_RADIUS + wide), 2 * (PORT_RADIUS + tall)
            )
            painter.drawRoundedRect(box, PORT_RADIUS, PORT_RADIUS)

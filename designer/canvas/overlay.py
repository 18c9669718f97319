"""What streams: flow ribbons and shape labels under the cards, live pictures and values on them.

Two items paint it all from plain values, visible parts only, so that streaming never touches a card's cached pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas.flash import Flash
from designer.canvas.flow import LineCache, Magnitudes, Mode, level_of, paint_wire, viridis
from designer.canvas.heat import NO_HEAT, Heat, paint_below, paint_heat
from designer.canvas.labels import paint_label
from designer.canvas.node_item import FAR, MIDDLE, NodeItem
from designer.canvas.scene import CanvasScene
from designer.canvas.sparkline import NEAR, Trace, paint_trace
from designer.canvas.thermometer import paint_thermometer
from designer.canvas.wire_item import WireItem
from designer.document.sheet import members_of
from engine.graph import Edge
from widgets import tokens

_WORLD = QRectF(-1e6, -1e6, 2e6, 2e6)


class NodeValue(NamedTuple):
    """The line below a card's picture: ``label`` left, ``text`` right in the tone's colour.

    ``tone``: "good", "warning", "error", "secondary" or a colour. ``magnitude``: draws the bar above the line, its
    length and colour by log10 on the flow scale. ``update``: log10 of update : weight, the thermometer at the card's
    right edge. ``alarm``: "", "warning" or "error", the border's colour. ``tip``: lines for
    whoever points at the card. ``trace``: the weights' size over the run, between label and text.
    """

    text: str
    tone: str = "secondary"
    label: str = ""
    magnitude: float | None = None
    update: float | None = None
    alarm: str = ""
    tip: str = ""
    trace: Trace = ()


class Layer(QGraphicsItem):
    """An item over the whole plane that paints by a function of (painter, exposed rectangle, zoom)."""

    def __init__(self, z: float, paint: Callable[[QPainter, QRectF, float], None]) -> None:
        super().__init__()
        self._paint = paint
        self.setZValue(z)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """Everything; only what is exposed is painted."""
        return _WORLD

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint by the function."""
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint(painter, option.exposedRect, zoom)  # type: ignore[attr-defined]


class Overlay:
    """Flow, labels, pictures and values of one scene."""

    def __init__(self, scene: CanvasScene) -> None:
        self.scene = scene
        self.flow: Mapping[Edge, Magnitudes] = {}
        self.mode: Mode = "off"
        self.pictures: Mapping[str, QImage] = {}
        self.values: Mapping[str, NodeValue] = {}
        self.heat = NO_HEAT
        self._lines = LineCache()
        self.flash = Flash(scene, scene)
        self.under, self.over = Layer(1, self._paint_under), Layer(3, self._paint_over)
        scene.addItem(self.under)
        scene.addItem(self.over)

    def show_flow(self, magnitudes: Mapping[Edge, Magnitudes], mode: Mode) -> None:
        """Forward and backward RMS per wire; replaces all that was shown. Wires without figures stay lines."""
        keys_changed = mode != self.mode or magnitudes.keys() != self.flow.keys()
        self.flow, self.mode = dict(magnitudes), mode
        if keys_changed:
            self._lines.clear()
            self.scene.show_flowing(self.flow if mode != "off" else ())
        self.under.update()
        self.over.update()

    def show_pictures(self, pictures: Mapping[str, QImage]) -> None:
        """Live pictures by node; replaces all. Cards that gain or lose theirs change their height."""
        self.pictures = dict(pictures)
        self._refresh_over()

    def show_values(self, values: Mapping[str, NodeValue | tuple[str, str]]) -> None:
        """Lines below the pictures by node; replaces all. A plain (text, colour) will do."""
        self.values = {k: v if isinstance(v, NodeValue) else NodeValue(*v) for k, v in values.items()}
        self._refresh_over()

    def show_heat(self, heat: Heat) -> None:
        """Cards tinted by what they cost; replaces all."""
        if heat != self.heat:
            self.heat = heat
            self.over.update()

    def clear(self) -> None:
        """Nothing live is shown."""
        self.show_flow({}, "off")
        self.pictures = {}
        self.show_values({})

    def refresh(self) -> None:
        """Cards with pictures after an edit."""
        self._lines.clear()
        self.scene.show_pictured(self.pictures.keys() | self.values.keys())

    def _refresh_over(self) -> None:
        self.scene.show_pictured(self.pictures.keys() | self.values.keys())
        live = [self.scene.nodes[n] for n in self.pictures.keys() | self.values.keys() if n in self.scene.nodes]
        for group in self.scene.sheet.groups.values():
            self.over.update(group.box())
        if len(live) > 60:
            self.over.update()
        for item in live if len(live) <= 60 else ():
            self.over.update(item.box().adjusted(4, item.card.picture_top, 0, 0))

    # ------------------------------------------------------------------ painting

    def _paint_under(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        flowing = self.mode != "off" and bool(self.flow)
        if not flowing and zoom < MIDDLE:
            return
        left, top, right, bottom = exposed.left(), exposed.top(), exposed.right(), exposed.bottom()
        for edge, wire in self.scene.wires.items():
            x0, y0, x1, y1 = wire.reach
            if x1 < left or x0 > right or y1 < top or y0 > bottom or not wire.isVisible():
                continue
            if flowing and edge in self.flow:
                paint_wire(painter, self._lines, wire, self.flow[edge], self.mode, self.scene.look, zoom >= MIDDLE)
            if zoom >= MIDDLE:
                paint_label(painter, wire, flowing and edge in self.flow, self.scene.look, self.flash)
            lit = wire.state.hovered or wire.state.selected
            if wire.through and lit and not self.scene.sheet.at_border(edge):
                self._paint_dots(painter, wire)

    def _paint_dots(self, painter: QPainter, wire: WireItem) -> None:
        """Where the wire under the mouse, or the selected one, is led through."""
        painter.setPen(self.scene.look.port)
        painter.setBrush(self.scene.look.port_fill)
        for x, y in wire.through:
            painter.drawEllipse(QPointF(x, y), 4.5, 4.5)

    def _visible(self, exposed: QRectF) -> Iterator[tuple[str, NodeItem]]:
        for node_id in self.pictures.keys() | self.values.keys():
            item = self.scene.nodes.get(node_id)
            if item is not None and item.card.pictured and item.isVisible() and item.box().intersects(exposed):
                yield node_id, item
        for group in self.scene.sheet.groups.values():
            if group.card.pictured and group.box().intersects(exposed):
                yield group.voice, group

    def _paint_over(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        self.flash.paint_nodes(painter, exposed, zoom)
        if zoom >= FAR:
            self._paint_live(painter, exposed, zoom)
        for node_id, level in self.heat.level.items():
            item = self.scene.sheet.groups.get(node_id) or self.scene.nodes.get(node_id)
            if item is not None and item.isVisible() and item.box().adjusted(0, 0, 0, 24).intersects(exposed):
                paint = paint_below if self.heat.below else paint_heat
                paint(painter, item.box(), level, self.heat.text[node_id], self.scene.look, zoom)

    def _paint_live(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for node_id, item in self._visible(exposed):
            painter.save()
            painter.translate(item.pos())
            if node_id in self.pictures:
                _paint_picture(painter, self.pictures[node_id], item.picture())
            if node_id in self.values:
                self._paint_alarm(painter, item, self.values[node_id])
                self._paint_value(painter, item, self.values[node_id], zoom)
            painter.restore()
        for card, group in self.scene.sheet.groups.items():
            if group.box().intersects(exposed) and (value := self._worst(card)) is not None:
                painter.save()
                painter.translate(group.pos())
                self._paint_alarm(painter, group, value)
                painter.restore()

    def _worst(self, card: str) -> NodeValue | None:
        """The figures inside a group whose alarm is the gravest."""
        found = [v for m in members_of(self.scene.state, (card,)) if (v := self.values.get(m)) is not None and v.alarm]
        return max(found, key=lambda v: v.alarm == "error", default=None)

    def _paint_alarm(self, painter: QPainter, item: NodeItem, value: NodeValue) -> None:
        """The border says what the figures and the doctor say, so that it is seen from afar."""
        if not value.alarm:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(getattr(self.scene.look.theme, value.alarm)), 1.5))
        frame = QRectF(0, 0, item.card.width, item.card.height).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(frame, tokens.RADIUS, tokens.RADIUS)

    def _paint_value(self, painter: QPainter, item: NodeItem, value: NodeValue, zoom: float) -> None:
        look, card = self.scene.look, item.card
        left, width = 10.0, card.width - 18.0
        if value.magnitude is not None:
            track = QRectF(left, card.height - 25, width, 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color(tokens.blend(look.theme.raised, look.theme.outline, 0.25)))
            painter.drawRoundedRect(track, 2.5, 2.5)
            level = level_of(value.magnitude)
            painter.setBrush(viridis(level))
            painter.drawRoundedRect(QRectF(track.x(), track.y(), max(width * level, 5.0), 5), 2.5, 2.5)
        if zoom < MIDDLE:
            return
        if value.update is not None:
            tube = QRectF(card.width - 7, card.picture_top, 3, card.height - card.picture_top - 29)
            paint_thermometer(painter, tube, value.update, look.theme)
        line = QRectF(left + 1, card.height - 19, width - 2, 16)
        painter.setFont(look.line_font)
        painter.setPen(look.secondary)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, value.label)
        if value.text:
            painter.setFont(_tabular(look.value_font))
            painter.setPen(QColor(getattr(look.theme, value.tone, value.tone)))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value.text)
        if zoom >= NEAR and value.trace:
            before = look.line_metrics.horizontalAdvance(value.label) + 10
            behind = look.line_metrics.horizontalAdvance(value.text) + 14
            paint_trace(painter, line.adjusted(before, 3, -behind, -4), value.trace, look.theme)


def _tabular(font: QFont) -> QFont:
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _paint_picture(painter: QPainter, image: QImage, box: QRectF) -> None:
    """Fills the box where the picture is about as wide, else whole and centred; pixels stay sharp when enlarged."""
    wide = image.width() / max(image.height(), 1)
    if not 0.6 < wide / (box.width() / box.height()) < 1.7:
        size = image.size().toSizeF().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(
            box.center().x() - size.width() / 2, box.center().y() - size.height() / 2, size.width(), size.height()
        )
    smooth = image.width() > box.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(box, image)

"""Shape texts on wires: the longest form for which there is room, all of it for the wire under the mouse."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from designer.canvas.flash import Flash
from designer.canvas.look import Look
from designer.canvas.wire_item import WireItem
from widgets import tokens

_HIGH = 16.0


@lru_cache(maxsize=4096)
def _width(text: str, look: Look) -> float:
    return look.line_metrics.horizontalAdvance(text)


def paint_label(painter: QPainter, wire: WireItem, flowing: bool, look: Look, flash: Flash) -> None:
    """Where the wire is straight and long enough, or, on a plate, where it bends."""
    if not wire.labels or wire.through:
        return
    place = _below(wire, look) if wire.down else _beside(wire, look, flowing)
    if place is None:
        return
    text, box, plate = place
    if plate:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color(look.theme.canvas, 0.85))
        painter.drawRoundedRect(box, 4, 4)
    flash.paint_label(painter, box, wire.edge)
    painter.setPen(look.secondary)
    painter.setFont(look.line_font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


Place = tuple[str, QRectF, bool]


def _beside(wire: WireItem, look: Look, flowing: bool) -> Place | None:
    """Above a level wire, on a plate where it climbs."""
    across, climb = wire.end.x() - wire.start.x(), abs(wire.end.y() - wire.start.y())
    x, y, room = (wire.start.x() + wire.end.x()) / 2, (wire.start.y() + wire.end.y()) / 2, across - 14
    if across < 12:
        middle = wire.path().pointAtPercent(0.5)
        room, x, y = wire.path().length() - 160, middle.x(), middle.y()
    elif climb > 60:
        return None
    text = _fitting(wire, look, room)
    if text is None:
        return None
    width = _width(text, look)
    box = QRectF(x - width / 2 - 4, y - (24 if flowing else 20), width + 8, _HIGH)
    plate = climb > 8 and across >= 12
    if plate:
        box.moveCenter(QPointF(x, y))
    return text, box, plate


def _below(wire: WireItem, look: Look) -> Place | None:
    """To the right of a wire that runs down, on a plate where it goes aside."""
    down, aside = wire.end.y() - wire.start.y(), abs(wire.end.x() - wire.start.x())
    x, y = (wire.start.x() + wire.end.x()) / 2, (wire.start.y() + wire.end.y()) / 2
    if down < _HIGH + 14 and not wire.state.hovered:
        return None
    if down < 12:
        middle = wire.path().pointAtPercent(0.5)
        x, y = middle.x(), middle.y()
    text = wire.labels[0]
    width = _width(text, look)
    plate = aside > 8 or down < 12
    left = x - width / 2 - 4 if plate else x + 6
    return text, QRectF(left, y - _HIGH / 2, width + 8, _HIGH), plate


def _fitting(wire: WireItem, look: Look, room: float) -> str | None:
    if wire.state.hovered:
        return wire.labels[0]
    return next((text for text in wire.labels if _width(text, look) <= room), None)

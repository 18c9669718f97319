"""Flow ribbons: per wire two lanes, activations above and gradients below. Width by decade, colour by log magnitude.

What vanishes looks like vanishing: each decade is thinner and paler, and below 1e-7 a lane is a dotted hairline with
its number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from designer.canvas.curve import Points, offset, polyline
from designer.canvas.look import Look
from designer.canvas.wire_item import WireItem
from widgets import colormaps

Mode = Literal["off", "act", "grad", "both"]
Magnitudes = tuple[float | None, float | None]
LOW, HIGH = -8.0, 0.0
VANISHED = 1e-7


@dataclass(frozen=True)
class Lane:
    """How one magnitude is drawn."""

    width: float
    color: QColor
    dotted: bool
    text: str = ""


def viridis(level: float) -> QColor:
    """The colour at 0..1 of the scale."""
    table = colormaps.viridis()
    return QColor.fromRgb(int(table[round(min(max(level, 0.0), 1.0) * (len(table) - 1))]) & 0xFFFFFF)


def level_of(magnitude: float, low: float = LOW, high: float = HIGH) -> float:
    """(log10 m - low) / (high - low), clipped to 0..1."""
    if not magnitude > 0:
        return 0.0
    return min(max((math.log10(magnitude) - low) / (high - low), 0.0), 1.0)


def lane_of(magnitude: float, error: str, hairline: str, slim: bool = False) -> Lane:
    """Width steps by decade, 1e0 = 11 px down to 1e-7 = 1.5 px; opacity likewise."""
    if not math.isfinite(magnitude):
        return Lane(2.0, QColor(error), True, "NaN" if math.isnan(magnitude) else "inf")
    if abs(magnitude) < VANISHED:
        return Lane(1.0, QColor(hairline), True, _short(abs(magnitude)))
    decade = min(max(math.floor(math.log10(abs(magnitude)) + 1e-9), -7), 1)
    share = (decade + 7) / 7
    color = viridis(level_of(abs(magnitude)))
    color.setAlphaF(min(0.45 + 0.55 * share, 1.0))
    return Lane((1.5 + 9.5 * share) * (0.62 if slim else 1.0), color, False)


def _short(magnitude: float) -> str:
    return "0" if magnitude == 0 else f"{magnitude:.0e}".replace("e-0", "e-")


def paint_wire(
    painter: QPainter,
    lines: LineCache,
    wire: WireItem,
    magnitudes: Magnitudes,
    mode: Mode,
    look: Look,
    words: bool,
) -> None:
    """One wire's lanes. A magnitude that is not measured (None) is the plain wire."""
    both = mode == "both"
    # Activations lie above where the wire is longest: one that leads back to the left is turned round.
    above = 1 if wire.down or wire.end.x() >= wire.start.x() else -1
    for k in {"act": (0,), "grad": (1,), "both": (0, 1)}.get(mode, ()):
        magnitude = magnitudes[k]
        if magnitude is None:
            lane = Lane(1.5, QColor(look.theme.outline), False)
        else:
            lane = lane_of(magnitude, look.theme.error, look.theme.outline, both)
        shift = 0.0 if not both else (lane.width / 2 + 0.75) * (above if k == 0 else -above)
        pen = QPen(lane.color, lane.width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if lane.dotted:
            pen.setDashPattern([2.0, 3.0])
        painter.setPen(pen)
        if shift:
            painter.drawPolyline(lines.lane(wire, shift))
        else:
            painter.drawPath(wire.path())
        if lane.text and words:
            _number(painter, lines.line(wire), lane.text, k if both else 1, look, wire.down)


def _number(painter: QPainter, line: Points, text: str, lane: int, look: Look, down: bool) -> None:
    x, y = (line[(len(line) - 1) // 2] + line[len(line) // 2]) / 2
    width = look.line_metrics.horizontalAdvance(text) + 6
    box = QRectF(x - width / 2, y + (4 if lane else -20), width, 16)
    if down:
        # The shape stands to the right of the wire, the magnitude to its left.
        box.moveTopLeft(QPointF(x - width - 6, y - 8))
    painter.setPen(look.secondary)
    painter.setFont(look.line_font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class LineCache:
    """Polylines of wires and of their lanes, renewed when a wire's path is another. Lane widths go by decade: few."""

    def __init__(self) -> None:
        self._lines: dict[WireItem, tuple[QPainterPath, Points, dict[float, QPolygonF]]] = {}

    def _known(self, wire: WireItem) -> tuple[QPainterPath, Points, dict[float, QPolygonF]]:
        path = wire.path()
        known = self._lines.get(wire)
        if known is None or known[0] != path:
            known = self._lines[wire] = (path, polyline(path), {})
        return known

    def line(self, wire: WireItem) -> Points:
        """The wire's curve as points."""
        return self._known(wire)[1]

    def lane(self, wire: WireItem, shift: float) -> QPolygonF:
        """The curve moved to one side."""
        _, points, lanes = self._known(wire)
        if shift not in lanes:
            lanes[shift] = QPolygonF([QPointF(x, y) for x, y in offset(points, shift)])
        return lanes[shift]

    def clear(self) -> None:
        """Forget all, after wires were removed."""
        self._lines.clear()

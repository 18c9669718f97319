"""The sparkline on a card: log10 RMS(W) of the layer from the run's first look to the latest, as wide as a word."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from widgets import tokens
from widgets.tokens import Theme

#: the zoom from which on fine print on cards is painted
NEAR = 0.75
#: decades that the height stands for at the least: weights that hardly change draw a level line
LEAST = 0.1
Trace = tuple[tuple[float, float], ...]


def trace_of(steps: Sequence[int], sizes: Sequence[float]) -> Trace:
    """Points (x, y) in 0..1: x by step, y by log10 of the size, in the middle where it does not change.

    Sizes that have no logarithm are left out; fewer than two points are no line.
    """
    known = [(s, math.log10(v)) for s, v in zip(steps, sizes, strict=True) if v > 0 and math.isfinite(v)]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return ()
    first, last = known[0][0], known[-1][0]
    low, high = min(y for _, y in known), max(y for _, y in known)
    room = max(high - low, LEAST)
    base = (low + high - room) / 2
    return tuple(((s - first) / (last - first), (y - base) / room) for s, y in known)


def paint_trace(painter: QPainter, box: QRectF, trace: Trace, theme: Theme) -> None:
    """The line, and a point where it stands now."""
    if len(trace) < 2 or box.width() < 12:
        return
    line = QPolygonF([QPointF(box.x() + x * box.width(), box.bottom() - y * box.height()) for x, y in trace])
    painter.setPen(QPen(tokens.color(theme.secondary), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(line)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color(theme.accent))
    painter.drawEllipse(line.last(), 1.6, 1.6)

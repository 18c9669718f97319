"""The update thermometer: how large a step is beside the weights that it changes, on log10 from -6 to 0.

The band from -4 to -2 is where training usually is healthy (CS231n notes); the mark is coloured by where it stands.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from widgets import tokens
from widgets.tokens import Theme

LOW, HIGH = -6.0, 0.0
COLD, HOT = -4.0, -2.0


def update_tone(decades: float) -> str:
    """ "good" within the band, "warning" outside, "error" where it is not a number or above the scale."""
    if math.isnan(decades) or decades > HIGH:
        return "error"
    return "good" if COLD <= decades <= HOT else "warning"


def height_of(decades: float) -> float:
    """Place on the tube, 0 at the lower end, 1 at the upper."""
    if math.isnan(decades):
        return 1.0
    return min(max((decades - LOW) / (HIGH - LOW), 0.0), 1.0)


def paint_thermometer(painter: QPainter, tube: QRectF, decades: float, theme: Theme) -> None:
    """The tube, the healthy band in it, and the mark."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.blend(theme.raised, theme.outline, 0.3)))
    painter.drawRoundedRect(tube, 1.5, 1.5)
    top, bottom = (tube.bottom() - tube.height() * height_of(d) for d in (HOT, COLD))
    painter.setBrush(QColor(tokens.blend(theme.raised, theme.good, 0.55)))
    painter.drawRect(QRectF(tube.left(), top, tube.width(), bottom - top))
    y = tube.bottom() - tube.height() * height_of(decades)
    painter.setBrush(QColor(getattr(theme, update_tone(decades))))
    painter.drawRoundedRect(QRectF(tube.center().x() - 4, y - 1.5, 8, 3), 1.5, 1.5)

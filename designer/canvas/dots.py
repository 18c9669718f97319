"""The dots of the paper as one picture per zoom, made of rows that are copied: panning is then a single blit."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

#: distance of the dots, every third line of the snap grid, and their side, in scene units
STEP, SIDE = 24, 2


class Dots:
    """Paper of two colours. The last sheet is kept."""

    step = STEP

    def __init__(self, back: QColor, dot: QColor) -> None:
        self._back, self._dot = back, dot
        self._kept: tuple[tuple[int, int, float, float], QPixmap] | None = None

    def sheet(self, size: QSize, zoom: float, ratio: float) -> QPixmap:
        """Dots from the top left corner on, two steps larger than the view."""
        key = (size.width(), size.height(), zoom, ratio)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, self._draw(size, zoom, ratio))
        return self._kept[1]

    def _draw(self, size: QSize, zoom: float, ratio: float) -> QPixmap:
        step, side = STEP * zoom, max(SIDE * zoom, 1.0)
        across, down = math.ceil(size.width() / step) + 2, math.ceil(size.height() / step) + 2
        row = _blank(across * step, math.ceil(side) + 1, ratio, self._back)
        painter = QPainter(row)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for k in range(across):
            painter.fillRect(QRectF(k * step, 0, side, side), self._dot)
        painter.end()
        whole = _blank(across * step, down * step, ratio, self._back)
        painter = QPainter(whole)
        for k in range(down):
            painter.drawPixmap(QPointF(0, round(k * step)), row)
        painter.end()
        return whole


def _blank(width: float, height: float, ratio: float, color: QColor) -> QPixmap:
    picture = QPixmap(math.ceil(width * ratio), math.ceil(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(color)
    return picture

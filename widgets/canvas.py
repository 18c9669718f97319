"""What is inside the axes, painted in pixels.

pyqtgraph keeps range, zoom and axes; the data are mapped to pixels by NumPy and painted here, so that a pen is as wide
on a screen of 200 %, in a PNG and in an SVG, and a million points cost what a thousand do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsObject, QWidget

from widgets import tokens
from widgets.tokens import color, theme

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Mapping:
    """Data to pixels of the canvas: ``x0 + sx x``, ``y0 + sy y``; ``area`` is the canvas."""

    area: QRectF
    x0: float
    sx: float
    y0: float
    sy: float

    def x(self, value: float) -> float:
        return self.x0 + self.sx * value

    def y(self, value: float) -> float:
        return self.y0 + self.sy * value

    def point(self, x: float, y: float) -> QPointF:
        return QPointF(self.x(x), self.y(y))

    def rect(self, left: float, right: float, low: float, high: float) -> QRectF:
        """The rectangle left..right, low..high."""
        return QRectF(self.point(left, low), self.point(right, high)).normalized()


class Canvas(QGraphicsObject):
    """Fills the view and calls ``draw(painter, mapping)``; clipped by the view."""

    def __init__(self, view: pg.ViewBox, draw: Callable[[QPainter, Mapping], None]) -> None:
        super().__init__(view)
        self._view, self._draw = view, draw
        self.setFlag(self.GraphicsItemFlag.ItemClipsToShape)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(10)
        view.sigRangeChanged.connect(self._changed)
        view.sigResized.connect(self._resized)

    def _changed(self, *args: object) -> None:
        self.update()

    def _resized(self, *args: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self._view.rect())

    def mapping(self) -> Mapping:
        area = self.boundingRect()
        (left, right), (low, high) = self._view.viewRange()
        sx = area.width() / ((right - left) or 1.0)
        sy = -area.height() / ((high - low) or 1.0)
        if self._view.yInverted():
            return Mapping(area, area.left() - left * sx, sx, area.top() + low * sy, -sy)
        return Mapping(area, area.left() - left * sx, sx, area.bottom() - low * sy, sy)

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        area = self.boundingRect()
        if area.width() > 1 and area.height() > 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter, self.mapping())


def pen(hue: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine, width: float = tokens.CURVE_WIDTH) -> QPen:
    """Flat ends, so that dashes stay apart."""
    # Round joins show only on thick lines, and cost most of the time of a stroke.
    join = Qt.PenJoinStyle.RoundJoin if width >= 2 else Qt.PenJoinStyle.BevelJoin
    result = QPen(color(hue), width, style, Qt.PenCapStyle.FlatCap, join)
    if style == Qt.PenStyle.DashLine:
        result.setDashPattern([3.0, 1.8])
    elif style == Qt.PenStyle.DotLine:
        result.setDashPattern([1.0, 1.5])
    return result


def polygon(x: Array, y: Array) -> QPolygonF:
    """(n,) and (n,) -> a polygon, filled without a Python loop."""
    result = pg.functions.create_qpolygonf(len(x))
    if len(x):
        memory = pg.functions.ndarray_from_qpolygonf(result)
        memory[:, 0], memory[:, 1] = x, y
    return result


def polyline(painter: QPainter, x: Array, y: Array) -> None:
    """A line through the points, broken where y is not finite; a point alone becomes a dot."""
    bad = ~np.isfinite(y)
    if not bad.any():
        _run(painter, x, y)
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([True], bad, [True]))))
    for start, end in edges.reshape(-1, 2):
        _run(painter, x[start:end], y[start:end])


def _run(painter: QPainter, x: Array, y: Array) -> None:
    if len(x) == 1:
        width = painter.pen().widthF()
        painter.drawEllipse(QPointF(x[0], y[0]), width / 2, width / 2)
    else:
        painter.drawPolyline(polygon(x, y))


def columns(painter: QPainter, x: Array, low: Array, high: Array, width: float) -> None:
    """Upright strokes from low to high at each x: an envelope, much faster than a zigzag line."""
    stroke = painter.pen()
    stroke.setWidthF(width)
    stroke.setStyle(Qt.PenStyle.SolidLine)
    painter.setPen(stroke)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    good = np.isfinite(low) & np.isfinite(high)
    pairs = np.stack([x, low, x, np.maximum(high, low + 1)], axis=1)[good]
    lines = pg.Qt.internals.PrimitiveArray(pg.QtCore.QLineF, 4)
    lines.resize(len(pairs))
    lines.ndarray()[:] = pairs
    painter.drawLines(*lines.drawargs())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def hairline(
    painter: QPainter, start: QPointF, end: QPointF, hue: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    """A sharp line of one pixel along a row or a column of pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen(hue, style, 1))
    painter.drawLine(QPointF(round(start.x()), round(start.y())), QPointF(round(end.x()), round(end.y())))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def tag(
    painter: QPainter, text: str, place: QPointF, hue: str, *, left: bool = False, area: QRectF | None = None
) -> QRectF:
    """A word on a pale ground, beginning (or, ``left``, ending) at ``place``; kept inside ``area``."""
    painter.setFont(tokens.font("caption"))
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(text) + 6, metrics.height() + 1
    box = QRectF(place.x() - width if left else place.x(), place.y() - height / 2, width, height)
    if area is not None:
        if box.right() > area.right() and not left:
            box.moveRight(place.x() - 2)
        box.moveLeft(max(box.left(), area.left() + 1))
        box.moveTop(min(max(box.top(), area.top() + 1), area.bottom() - height - 1))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(theme().panel, 0.82))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(color(hue))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box


def pixels(painter: QPainter, picture: QImage, target: QRectF) -> None:
    """An image with hard pixels."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(target, picture, QRectF(0, 0, picture.width(), picture.height()))

"""The layer profile with a forecast: where single networks may lie, and how many layers a gradient reaches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets import tokens
from widgets.canvas import Array, Mapping, hairline, pen, polygon, tag
from widgets.layer_profile import LayerProfile
from widgets.tokens import color, theme

#: height of the ruler's ends, and its distance from the upper edge of the chart
TICK, LIFT = 4, 14
#: share of the chart that the ruler and its words need above the lines
HEADROOM = 0.1


class ForecastProfile(LayerProfile):
    """``show_forecast`` lays a pale range behind the lines and a ruler at the upper edge, its right end at the layer
    nearest the loss."""

    def __init__(self) -> None:
        self._low: Array = np.zeros(0)
        self._high: Array = np.zeros(0)
        self.ruler = 0.0
        self.ruler_words = ""
        self._from = -1
        super().__init__()
        self.other_points = self._ruler_points

    def show_forecast(
        self,
        low: ArrayLike = (),
        high: ArrayLike = (),
        *,
        ruler: float = 0.0,
        words: str = "",
        start: int = -1,
    ) -> None:
        """``low``, ``high`` (L,): the range, nan where there is none. ``ruler``: its length in layers (inf: no end),
        from layer ``start`` to the left; 0 takes it away."""
        self._low, self._high = np.asarray(low, float), np.asarray(high, float)
        self.ruler, self.ruler_words, self._from = ruler, words, start
        self.headroom = HEADROOM if ruler > 0 and start >= 0 else 0.0
        self._avoid()
        self.canvas.update()

    def ruler_span(self) -> tuple[float, float]:
        """Left and right end in layers; the left one is cut at the first layer."""
        return max(self._from - self.ruler, 0.0), float(self._from)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        """Range, ruler, and the lines over them."""
        self._paint_range(painter, at)
        super().paint_data(painter, at)
        if self.ruler > 0 and self._from >= 0:
            self._paint_ruler(painter, at)

    def _paint_range(self, painter: QPainter, at: Mapping) -> None:
        if self._low.shape != self._high.shape or not len(self._low):
            return
        places = np.flatnonzero(np.isfinite(self._low) & np.isfinite(self._high) & (self._high > 0))
        if len(places) < 2:
            return
        floor = 10.0 ** ((at.area.bottom() - at.y0) / at.sy)  # a range that reaches zero goes to the lower edge
        x = at.x0 + at.sx * places
        edges = [at.y0 + at.sy * np.log10(np.maximum(v[places], floor)) for v in (self._low, self._high)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme().secondary, 0.16))
        shape = polygon(np.concatenate([x, x[::-1]]), np.concatenate([edges[0], edges[1][::-1]]))
        painter.drawPolygon(shape)

    def _place(self, at: Mapping) -> tuple[float, float, float, float]:
        """Left and right end of the ruler, its height, and where its words begin: left of it, or above it."""
        left, right = (at.x0 + at.sx * end for end in self.ruler_span())
        width = QFontMetricsF(tokens.font("caption")).horizontalAdvance(self.ruler_words) + 14
        begin = left - width if left - width > at.area.left() else at.area.left() + 4
        return left, right, at.area.top() + LIFT, begin

    def _ruler_points(self, at: Mapping) -> list[Array]:
        if not self.ruler > 0 or self._from < 0:
            return []
        _, right, y, begin = self._place(at)
        x = np.linspace(begin, right, 40)
        return [np.stack([x, np.full(40, y)], axis=1)]

    def _paint_ruler(self, painter: QPainter, at: Mapping) -> None:
        left, right, y, begin = self._place(at)
        ends = QPointF(left, y), QPointF(right, y)
        hairline(painter, *ends, theme().secondary)
        painter.setPen(pen(theme().secondary, width=2))
        up = QPointF(0, TICK)
        painter.drawLine(ends[1] - up, ends[1] + up)
        if self.ruler <= self._from:
            painter.drawLine(ends[0] - up, ends[0] + up)
        else:  # it goes on beyond the first layer
            for side in (-TICK, TICK):
                painter.drawLine(ends[0], ends[0] + QPointF(2 * TICK, side))
        below = QPointF(begin, y if begin < left - TICK else y + 12)
        tag(painter, self.ruler_words, below, theme().secondary, area=at.area)


def unbounded(depth: float) -> bool:
    """Whether a depth scale is so long that no network meets its end."""
    return not math.isfinite(depth) or depth > 500

"""The colour bar beside a picture: which colour is which value, and handles that change it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import colormaps, tokens
from widgets.axes import decade_text, number_text, round_step
from widgets.canvas import pixels
from widgets.colormaps import Table
from widgets.i18n import tr
from widgets.tokens import color, theme

Scale = Literal["log", "linear", "signed"]
BAR = 10
MARGIN = 10


class ColorLegend(QWidget):
    """Upright bar with labels. Dragging an end moves that end of the range; a double-click asks for the automatic one.

    On a signed scale both ends move together, so that the middle stays neutral.
    """

    range_changed = Signal(float, float)
    reset_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: Scale = "linear"
        self._low, self._high = 0.0, 1.0
        self._table: Table = colormaps.viridis()
        self._span: tuple[float, float] | None = None
        self._grip = 0
        self._origin = 0.0
        self._start = (0.0, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setToolTip(tr("Drag an end to change the colours, double-click for the automatic range"))
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        tokens.on_theme(self, self._restyle)

    def _restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self.update()

    def show_scale(self, scale: Scale, low: float, high: float, table: Table) -> None:
        """Kind of scale, its ends, and the table of colours."""
        if (scale, low, high) == (self._scale, self._low, self._high) and table is self._table:
            return
        self._scale, self._low, self._high, self._table = scale, float(low), float(high), table
        self.updateGeometry()
        self.update()

    def value_range(self) -> tuple[float, float]:
        return self._low, self._high

    def sizeHint(self) -> QSize:
        widest = max((self.fontMetrics().horizontalAdvance(text) for _, text in self.labels()), default=20)
        return QSize(BAR + widest + 14, 80)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), 40)

    def _bar(self) -> QRectF:
        top, bottom = self._span or (MARGIN, self.height() - MARGIN)
        return QRectF(4, top, BAR, max(10, bottom - top))

    def keep_between(self, top: float, bottom: float) -> None:
        """Stands beside this stretch of its height: the plot's data area."""
        self._span = (top, bottom)
        self.update()

    def labels(self) -> list[tuple[float, str]]:
        """(share from below, text) of each label."""
        room = max(2, int(self._bar().height() // 26))
        if self._scale == "log":
            low, high = math.log10(self._low), math.log10(self._high)
            stride = max(1, math.ceil((high - low) / room))
            powers = [p for p in range(math.ceil(low - 1e-6), math.floor(high + 1e-6) + 1) if p % stride == 0]
            return [((p - low) / ((high - low) or 1.0), decade_text(p)) for p in powers]
        if self._scale == "signed":
            return self._signed_labels(room)
        step = round_step(self._high - self._low, min(room, 4))
        first, last = math.ceil(self._low / step - 1e-6), math.floor(self._high / step + 1e-6)
        size = (self._high - self._low) or 1.0
        return [((i * step - self._low) / size, number_text(i * step, step)) for i in range(first, last + 1)]

    def _signed_labels(self, room: int) -> list[tuple[float, str]]:
        """Nothing in the middle, and at least one round value on either side: a 0 alone says nothing of the colours."""
        if not self._high > 0:
            return [(0.5, "0")]
        parts = 2 if room >= 5 else 1
        step = round_step(self._high, parts)
        while step > self._high * (1 + 1e-9):
            parts += 1
            step = round_step(self._high, parts)
        sides = range(-int(self._high / step + 1e-6), int(self._high / step + 1e-6) + 1)
        return [(0.5 + i * step / (2 * self._high), number_text(i * step, step)) for i in sides]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = self._bar()
        first = 1 if self._scale == "signed" else 0
        pixels(painter, colormaps.image(np.ascontiguousarray(self._table[first:][::-1, None])), bar)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(theme().border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.setPen(color(theme().secondary))
        for share, text in self.labels():
            y = bar.bottom() - share * bar.height()
            y = min(max(y, 7.0), self.height() - 7.0)
            area = QRectF(bar.right() + 5, y - 10, self.width(), 20)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grip = 1 if event.position().y() < self._bar().center().y() else -1
        self._origin, self._start = event.position().y(), (self._low, self._high)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = 0

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grip = 0
        self.reset_wanted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._grip:
            return
        # The end that is dragged goes with the pointer: colours below it are pulled like a rubber band.
        share = (self._origin - event.position().y()) / self._bar().height()
        low, high = self._start
        if self._scale == "signed":
            span = max(1e-12, high * 2.0 ** (-3 * share if self._grip > 0 else 3 * share))
            low, high = -span, span
        elif self._scale == "log":
            decades = math.log10(high / low)
            if self._grip > 0:
                high = max(low * 1.5, high * 10 ** (-share * decades))
            else:
                low = min(high / 1.5, low * 10 ** (-share * decades))
        elif self._grip > 0:
            high = max(low + 1e-12, high - share * (high - low))
        else:
            low = min(high - 1e-12, low - share * (high - low))
        self.show_scale(self._scale, low, high, self._table)
        self.range_changed.emit(low, high)

"""The thin bar beside a log axis: where the window shown lies in the range of the whole run."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import tokens
from widgets.axes import value_text
from widgets.i18n import tr
from widgets.tokens import color, theme

WIDTH = 14


class RangeBar(QWidget):
    """Thin = all-time range, thick = the window shown. Log scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole: tuple[float, float] | None = None
        self._window: tuple[float, float] | None = None
        self._span: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        tokens.theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 60)

    def show_range(self, whole: tuple[float, float] | None, window: tuple[float, float] | None) -> None:
        """(least, greatest) of the run and of what the axis shows; None hides the bar."""
        self._whole, self._window = whole, window
        if whole and window:
            low, high = value_text(whole[0]), value_text(whole[1])
            now = f"{value_text(window[0])} ... {value_text(window[1])}"
            self.setToolTip(tr("This run so far: {low} ... {high}\nShown: {now}", low=low, high=high, now=now))
        self.update()

    def keep_between(self, top: float, bottom: float) -> None:
        """Stands beside this stretch of its height: the plot's data area."""
        self._span = (top, bottom)
        self.update()

    def spans(self) -> tuple[QRectF, QRectF] | None:
        """Pixels of the all-time range and of the window."""
        if self._whole is None or self._window is None:
            return None
        whole = [math.log10(v) for v in self._whole]
        window = [math.log10(v) for v in self._window]
        low, high = min(whole[0], window[0]), max(whole[1], window[1])
        top, bottom = self._span or (8.0, self.height() - 8.0)
        height = bottom - top

        def place(value: float) -> float:
            return top + height * (high - value) / ((high - low) or 1.0)

        def box(pair: list[float], width: float) -> QRectF:
            return QRectF(2 + (6 - width) / 2, place(pair[1]), width, max(3.0, place(pair[0]) - place(pair[1])))

        return box(whole, 2), box(window, 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        spans = self.spans()
        if spans is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme().border))
        painter.drawRoundedRect(spans[0], 2, 2)
        painter.setBrush(color(theme().outline))
        painter.drawRoundedRect(spans[1], 2, 2)

"""Axes: round steps, decades, names."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets import tokens
from widgets.tokens import color, theme

tokens.configure_pyqtgraph()

_RIGHT, _CENTER = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_MIDDLE, _TOP = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignTop
ROTATED_HEIGHT = 64
ANGLE = 35.0


def number_text(value: float, step: float = 0.0) -> str:
    """A tick's number with as many decimals as its step needs: 0, 0.2, 1,000, 2e-5."""
    if value == 0:
        return "0"
    size = max(abs(value), step)
    if size >= 1e7 or size < 1e-4:
        return decimal_power(value)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 3
    return f"{value:,.{decimals}f}"


def decimal_power(value: float) -> str:
    """2e6, 1.5e-7, 0."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def value_text(value: float) -> str:
    """A measured number for reading: four significant figures, small and large ones with a power of ten."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def decade_text(power: int) -> str:
    """10^power as a label: 0.1, 1, 10, 100, else 1e-4."""
    return {-1: "0.1", 0: "1", 1: "10", 2: "100", 3: "1,000"}.get(power, f"1e{power}")


def round_step(width: float, count: int) -> float:
    """The smallest of 1, 2, 5 x 10^k that cuts ``width`` into at most ``count`` parts."""
    if width <= 0 or not math.isfinite(width):
        return 1.0
    rough = width / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


class PlotAxis(pg.AxisItem):
    """Labels without ticks or line; the canvas draws the grid. Linear with round steps."""

    whole = False
    """True where only whole numbers make sense (epochs, steps), once two of them are in sight."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.setStyle(tickLength=0, tickTextOffset=6, autoExpandTextSpace=False)
        self.enableAutoSIPrefix(False)
        self.restyle()

    def updateAutoSIPrefix(self) -> None:
        """Nothing: numbers have no prefix, and the title, which is painted below, is no document of rich text."""

    def restyle(self) -> None:
        font = tokens.font("caption")
        self.setTickFont(font)
        self.setPen(pg.mkPen(None))
        self.setTextPen(color(theme().secondary))
        metrics = QFontMetricsF(font)
        if self.orientation in ("left", "right"):
            self.setWidth(metrics.horizontalAdvance("0.0000") + 10 + (metrics.height() if self.labelText else 0))
        else:
            self.setHeight(metrics.height() + 8 + (metrics.height() if self.labelText else 0))

    def show_label(self, text: str) -> None:
        """Axis title with its unit; "" takes none of the room."""
        if text == self.labelText:
            return
        self.labelText = text
        self.restyle()
        self.update()

    def room(self, size: float, low: float = 0.0, high: float = 0.0) -> int:
        """How many labels fit into ``size`` pixels."""
        if self.orientation in ("left", "right"):
            return max(1, int(size // 34))
        metrics = QFontMetricsF(tokens.font("caption"))
        widest = max(metrics.horizontalAdvance(number_text(v, (high - low) / 8 or 1.0)) for v in (low, high))
        return max(1, int(size // (widest + 18)))

    def setRange(self, mn: float, mx: float) -> None:
        if [mn, mx] != getattr(self, "range", None):
            super().setRange(mn, mx)
            self.update()

    def boundingRect(self) -> QRectF:
        # The first and the last label reach over the ends of the axis.
        return super().boundingRect().adjusted(-24, -12, 24, 12)

    def places(self) -> list[tuple[float, str]]:
        """(position, label) of every label now shown."""
        low, high = self.range
        size = self.size().height() if self.orientation in ("left", "right") else self.size().width()
        result: list[tuple[float, str]] = []
        for spacing, values in self.tickValues(low, high, size):
            result += zip(values, self.tickStrings(values, 1.0, spacing), strict=True)
        return result

    def paint(self, p: QPainter, opt: object, widget: object) -> None:
        p.setFont(tokens.font("caption"))
        p.setPen(color(theme().secondary))
        low, high = self.range
        span = (high - low) or 1.0
        area = QRectF(0, 0, self.size().width(), self.size().height())
        inverted = self.linkedView() is not None and self.linkedView().yInverted()
        if self.labelText:
            self._paint_title(p, area)
        for value, text in self.places():
            share = (value - low) / span
            if self.orientation in ("left", "right"):
                y = area.height() * (share if inverted else 1 - share)
                self.paint_label(p, text, area.width() - 6, y, 0)
            else:
                self.paint_label(p, text, area.width() * share, 5, value)

    def _paint_title(self, p: QPainter, area: QRectF) -> None:
        line = QFontMetricsF(p.font()).height()
        if self.orientation in ("left", "right"):
            p.save()
            p.translate(0, area.center().y())
            p.rotate(-90)
            p.drawText(QRectF(-200, -2, 400, line), _CENTER | _TOP, self.labelText)
            p.restore()
        else:
            p.drawText(QRectF(0, area.bottom() - line - 1, area.width(), line), _CENTER | _TOP, self.labelText)

    def paint_label(self, p: QPainter, text: str, x: float, y: float, value: float) -> None:
        """Left axis: ends at x, centred on y. Bottom axis: centred on x, below y."""
        if self.orientation in ("left", "right"):
            p.drawText(QRectF(x - 300, y - 20, 300, 40), _RIGHT | _MIDDLE, text)
        else:
            p.drawText(QRectF(x - 150, y, 300, 40), _CENTER | _TOP, text)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        step = round_step(maxVal - minVal, self.room(size, minVal, maxVal))
        if self.whole and math.floor(maxVal + 1e-9) > math.ceil(minVal - 1e-9):
            step = max(1.0, step)
        first, last = math.ceil(minVal / step - 1e-9), math.floor(maxVal / step + 1e-9)
        return [(step, [index * step for index in range(first, last + 1)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.orientation in ("left", "right") and max(map(abs, values), default=0.0) >= 1e5:
            return [decimal_power(value) for value in values]  # written out they would not fit beside the axis
        return [number_text(value, spacing) for value in values]


class DecadeAxis(PlotAxis):
    """Positions are log10; labels are the decades. Where less than two decades show, 2 and 5 are labelled too."""

    log = True

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.log:
            return super().tickValues(minVal, maxVal, size)
        count = self.room(size)
        if maxVal - minVal < 1.0:
            return [(0.0, self._within(minVal, maxVal, count))]
        stride = max(1, math.ceil((maxVal - minVal) / count))
        first = math.ceil(minVal / stride - 1e-9) * stride
        decades = [float(p) for p in range(first, math.floor(maxVal + 1e-9) + 1, stride)]
        if maxVal - minVal < 2.0 and count >= 4:
            fine = [p + math.log10(f) for p in range(math.floor(minVal), math.ceil(maxVal)) for f in (1, 2, 5)]
            return [(0.0, [value for value in fine if minVal <= value <= maxVal])]
        return [(float(stride), decades)]

    def _within(self, low: float, high: float, count: int) -> list[float]:
        """Round numbers inside one decade, placed where their logarithms are."""
        bottom, top = 10.0**low, 10.0**high
        step = round_step(top - bottom, count)
        first, last = math.ceil(bottom / step - 1e-9), math.floor(top / step + 1e-9)
        return [math.log10(index * step) for index in range(first, last + 1) if index > 0]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not self.log:
            return super().tickStrings(values, scale, spacing)
        return [self._text(value) for value in values]

    def _text(self, value: float) -> str:
        if abs(value - round(value)) < 1e-9:
            return decade_text(round(value))
        number = 10.0**value
        if 1e-3 <= number < 9999.5:  # from 1e4 on decades are written so, too
            return f"{number:.4g}" if number < 999.5 else f"{number:,.0f}"
        mantissa, exponent = f"{number:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


class NameAxis(PlotAxis):
    """Names at 0, 1, 2, ...: whole where they fit, else slanted, elided, thinned out. Hover always tells them all."""

    def __init__(self, side: str) -> None:
        self.names: list[str] = []
        self.slanted = False
        super().__init__(side)

    def show_names(self, names: Sequence[str]) -> None:
        if list(names) == self.names:
            return
        self.names = list(names)
        self.restyle()
        self.update()

    def restyle(self) -> None:
        super().restyle()
        metrics = QFontMetricsF(tokens.font("caption"))
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        if self.orientation in ("left", "right"):
            self.setWidth(min(tokens.scaled(110), widest + 14) + (metrics.height() if self.labelText else 0))
        else:
            self._choose_slant(self.size().width())

    def _choose_slant(self, width: float) -> None:
        metrics = QFontMetricsF(tokens.font("caption"))
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        each = width / max(1, len(self.names))
        self.slanted = len(self.names) > 1 and widest + 8 > each
        tall = min(ROTATED_HEIGHT, math.sin(math.radians(ANGLE)) * widest + metrics.height() + 6)
        height = tall if self.slanted else metrics.height() + 8
        if abs(height - (self.fixedHeight or 0)) > 0.5:
            self.setHeight(height)

    def resizeEvent(self, event: object = None) -> None:
        super().resizeEvent(event)
        if self.names and self.orientation not in ("left", "right"):
            self._choose_slant(self.size().width())

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        first, last = max(0, math.ceil(minVal)), min(len(self.names) - 1, math.floor(maxVal))
        shown = max(1.0, maxVal - minVal)
        needed = 15.0 if (self.slanted or self.orientation in ("left", "right")) else 1.0
        stride = max(1, math.ceil(needed * shown / max(1.0, size)))
        return [(1.0, [float(i) for i in range(first, last + 1) if i % stride == 0])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        metrics = QFontMetricsF(tokens.font("caption"))
        if self.orientation in ("left", "right"):
            limit = self.size().width() - 10 - (metrics.height() if self.labelText else 0)
        else:
            limit = (ROTATED_HEIGHT - metrics.height()) / math.sin(math.radians(ANGLE)) if self.slanted else 4096.0
        return [metrics.elidedText(self.names[int(v)], Qt.TextElideMode.ElideMiddle, limit) for v in values]

    def paint_label(self, p: QPainter, text: str, x: float, y: float, value: float) -> None:
        if not self.slanted:
            super().paint_label(p, text, x, y, value)
            return
        metrics = QFontMetricsF(p.font())
        # The first labels reach to the left of the axis, as far as the widget goes.
        limit = (x + self.pos().x()) / math.cos(math.radians(ANGLE))
        text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, limit)
        p.save()
        p.translate(x + 3, y + 2)
        p.rotate(-ANGLE)
        width = metrics.horizontalAdvance(text)
        p.drawText(QRectF(-width - 1, -metrics.height() / 2 + 2, width + 2, metrics.height()), _RIGHT | _MIDDLE, text)
        p.restore()

"""A strip below a plot: by how much the other runs differ from the first, on the same x axis."""

from __future__ import annotations

from collections.abc import Mapping as Lines
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets import tokens
from widgets.axes import value_text
from widgets.canvas import Array, Mapping, hairline, pen, polyline, tag
from widgets.decimate import envelope
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import theme

HEIGHT = 84


class DifferenceStrip(AxisPlot):
    """``show_difference`` with (x, y, colour) by name; ``log``: y is log10 of a ratio, else a plain difference. Zero is
    always in the middle, where nothing differs."""

    def __init__(self, above: AxisPlot, *, names: bool = False, parent: QWidget | None = None) -> None:
        self._lines: dict[str, tuple[Array, Array, str]] = {}
        self._shown: dict[str, tuple[Array, Array]] = {}
        self._points = names
        self._words, self._most = "", 0.0
        self._linked = False
        super().__init__(tr("Difference"), parent=parent)
        self.above = above
        self.head.hide()
        self.setFixedHeight(tokens.scaled(HEIGHT))
        self.view.setMouseEnabled(x=False, y=False)
        self.plot.getPlotItem().hideAxis("bottom")
        self.plot.getPlotItem().layout.setContentsMargins(tokens.SPACE_2, 0, tokens.SPACE_4 + 2, tokens.SPACE_1)
        self.legend.hide()
        self.hide()

    def show_difference(self, lines: Lines[str, tuple[ArrayLike, ArrayLike, str]], words: str) -> None:
        """Replaces all lines; ``words`` say what is taken from what. Without a line the strip is not there."""
        self._lines = {n: (np.asarray(x, float), np.asarray(y, float), hue) for n, (x, y, hue) in lines.items()}
        self._words = words
        if bool(self._lines) != self._linked:
            # What nobody sees need not follow each step of the plot above.
            self._linked = bool(self._lines)
            self.view.setXLink(self.above.view if self._linked else None)
        self.setVisible(self._linked)
        if not self._lines:
            return
        self.show_data()
        self.y_axis.setWidth(round(self.above.y_axis.width()))
        self.view_changed()

    def lines(self) -> Lines[str, tuple[Array, Array, str]]:
        """What is shown."""
        return self._lines

    def view_changed(self) -> None:
        if not self._lines:
            return
        (low, high), _ = self.view.viewRange()
        bins = max(50, round(self.view.width()))
        self._shown = {}
        most = 0.0
        for name, (x, y, _) in self._lines.items():
            self._shown[name] = (x, y) if self._points else envelope(x, y, low, high, bins)
            seen = np.abs(self._shown[name][1])
            most = max(most, float(seen[np.isfinite(seen)].max(initial=0.0)))
        most = most or 1.0
        self._most = most
        # Above the lines there is room for the words.
        self.view.show_y(-1.15 * most, 2.0 * most)
        self.canvas.update()

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        zero = at.y(0.0)
        hairline(painter, QPointF(at.area.left(), zero), QPointF(at.area.right(), zero), theme().outline)
        for name, (_, _, hue) in self._lines.items():
            x, y = self._shown.get(name, (np.zeros(0), np.zeros(0)))
            painter.setPen(pen(hue))
            polyline(painter, at.x0 + at.sx * x, at.y0 + at.sy * y)
            if self._points:
                for place, height in zip(at.x0 + at.sx * x, at.y0 + at.sy * y, strict=True):
                    if np.isfinite(height):
                        draw_symbol(painter, "o", QPointF(place, height), 3, hue)
        words = tr("{what}, at most {most}", what=self._words, most=value_text(self._most))
        tag(painter, words, QPointF(at.area.left() + 4, at.area.top() + 8), theme().secondary, area=at.area)

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        rows: list[Row] = []
        for name, (xs, ys, hue) in self._lines.items():
            if len(xs):
                rows.append((hue, name, value_text(float(ys[int(np.argmin(np.abs(xs - x)))]))))
        return self._words, rows

    def table(self) -> Table:
        rows = ((name, a, b) for name, (x, y, _) in self._lines.items() for a, b in zip(x, y, strict=True))
        return ("curve", self.x_axis.labelText or "x", "difference"), rows


def difference(
    a: tuple[ArrayLike, ArrayLike], b: tuple[ArrayLike, ArrayLike], *, log: bool
) -> tuple[Array, Array]:
    """(x, B - A) at the points of the coarser of two curves, within the x that both have; ``log``: log10(B / A)."""
    (ax, ay), (bx, by) = ((np.asarray(x, float), np.asarray(y, float)) for x, y in (a, b))
    if not len(ax) or not len(bx):
        return np.zeros(0), np.zeros(0)
    low, high = max(ax[0], bx[0]), min(ax[-1], bx[-1])
    x = ax if len(ax) <= len(bx) else bx
    x = x[(x >= low) & (x <= high)]
    first, second = np.interp(x, ax, ay), np.interp(x, bx, by)
    return x, ratio(first, second) if log else second - first


def ratio(a: ArrayLike, b: ArrayLike) -> Array:
    """log10(b / a); nan where either is not positive."""
    first, second = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.log10(np.where((first > 0) & (second > 0), second / first, np.nan))
    return found

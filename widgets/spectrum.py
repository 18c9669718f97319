"""Singular values of several layers side by side: where signals grow, fade, or are kept."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping as Series
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QWidget

from widgets.axes import NameAxis, value_text
from widgets.canvas import Array, Mapping, hairline, pen, tag
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import Entry, draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import blend, color, theme

#: up to so many values are drawn one by one, more as shares of them
EACH = 40
QUANTILES = (0.0, 0.16, 0.84, 1.0)
#: pixels of height under which a legend inside would hide the marks
LOW = 150
#: a singular value so much smaller than its matrix' largest is a zero of rounding
NOTHING = 1e-12


@dataclass(frozen=True)
class Strip:
    """One layer's singular values, none where only their ``rms`` is known; ``error``: standard error of the rms.

    ``band``: where values are not known, about where they lie: roots of the mean square less and plus its spread.
    """

    values: ArrayLike
    rms: float
    error: float = 0.0
    band: tuple[float, float] | None = None


class SpectrumPlot(AxisPlot):
    """x: layers; y: singular values, log axis, with a line at 1. A click on a layer emits its id.

    Few values are short strokes; of many, a thin bar spans all of them and a broad one the middle 68 %. The mark is the
    root of the mean square; whiskers are two standard errors where that is estimated. Zeros are told at the lower edge.
    """

    layer_clicked = Signal(str)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._ids: list[str] = []
        self._names: list[str] = []
        self._series: dict[str, list[Strip | None]] = {}
        self._hidden: set[str] = set()
        self._selected: set[str] = set()
        super().__init__(title, help_text, x_axis="names", y_axis="decades", legend_corner=(1.0, 1.0), parent=parent)
        self.y_axis.show_label(tr("singular value"))
        self.key = QLabel()
        self.tools.addWidget(self.key)
        self.legend.toggled.connect(self._toggle)
        self.plot.scene().sigMouseClicked.connect(self._clicked)

    def show_spectra(
        self, layer_ids: Sequence[str], layer_names: Sequence[str], series: Series[str, Sequence[Strip | None]]
    ) -> None:
        """``series``: name -> one strip per layer, None where there is none."""
        self._ids, self._names = list(layer_ids), list(layer_names)
        for name, strips in series.items():
            if len(strips) != len(self._ids):
                raise ValueError(f"spectra {name!r}: expected {len(self._ids)} layers, got {len(strips)}")
        self._series = {name: list(strips) for name, strips in series.items()}
        assert isinstance(self.x_axis, NameAxis)
        self.x_axis.show_names(self._names)
        if self._ids:
            self.show_data()
        self._show_legend()
        if self.follow:
            self.reset_view()
        self.view_changed()
        self.canvas.update()

    def show_selected(self, layer_ids: Sequence[str]) -> None:
        """Highlights layers (the canvas' selection)."""
        self._selected = set(layer_ids)
        self.canvas.update()

    def _toggle(self, name: str, visible: bool) -> None:
        (self._hidden.discard if visible else self._hidden.add)(name)
        self._show_legend()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def _hue(self, name: str) -> str:
        hues = (theme().run_a, theme().run_b, theme().group("convolution"))
        return hues[list(self._series).index(name) % len(hues)]

    def _show_legend(self) -> None:
        marks = ("o", "s", "t")
        shapes = {"o": "\u25cf", "s": "\u25a0", "t": "\u25b2"}
        words = (
            f'<span style="color:{self._hue(name)}">{shapes[marks[k % 3]]}</span> {html.escape(name)}'
            for k, name in enumerate(self._series)
        )
        self.key.setText("&nbsp; ".join(words))
        self.legend.show_entries(
            [
                Entry(name, self._hue(name), symbol=marks[k % 3], visible=name not in self._hidden)
                for k, name in enumerate(self._series)
            ]
        )

    def reset_view(self) -> None:
        if not self._ids:
            return
        found = [1.0]
        for name, strips in self._series.items():
            for strip in strips:
                if strip is not None and name not in self._hidden:
                    found += [v for v in (*_bounds(strip), strip.rms) if v > 0 and math.isfinite(v)]
        low, high = math.log10(min(found)), math.log10(max(found))
        room = max(0.2, 0.08 * (high - low))
        self.view.show_x(-0.5, len(self._ids) - 0.5)
        # The word at the line stands above it.
        self.view.show_y(low - room, high + room + 0.12 * (high - low))

    def view_changed(self) -> None:
        """Moves the legend to a corner where it hides no mark, unless somebody dragged it; a low plot has no such
        corner, and its legend stands in the title row."""
        low = self.view.height() < LOW
        self.legend.setVisible(not low and bool(self._series))
        self.key.setVisible(low and bool(self._series))
        at = self.canvas.mapping()
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect().topLeft()
        points = [
            (at.x(index) + origin.x(), at.y(math.log10(value)) + origin.y())
            for strips in self._series.values()
            for index, strip in enumerate(strips)
            if strip is not None
            for value in (*_bounds(strip), strip.rms)
            if value > 0 and math.isfinite(value)
        ]
        if points:
            self.legend.avoid(np.array(points))

    # -- painting --------------------------------------------------------------------------------------------------

    def restyle(self) -> None:
        super().restyle()
        if self._series:
            self._show_legend()
            self.view_changed()

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        self.paint_chosen(painter, at, self._ids, self._selected)
        super().paint_grid(painter, at)
        y = at.y(0.0)
        hairline(
            painter, QPointF(at.area.left(), y), QPointF(at.area.right(), y), theme().good, Qt.PenStyle.DashLine
        )
        tag(painter, tr("kept as it is: 1"), QPointF(at.area.left() + 4, y - 9), theme().good, area=at.area)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        shown = [name for name in self._series if name not in self._hidden]
        width = min(abs(at.sx) * 0.8 / max(1, len(shown)), 26.0)
        for k, name in enumerate(shown):
            symbol = ("o", "s", "t")[list(self._series).index(name) % 3]
            for index, strip in enumerate(self._series[name]):
                if strip is not None:
                    x = at.x(index) + (k - (len(shown) - 1) / 2) * width
                    self._paint_strip(painter, at, x, width, strip, self._hue(name), symbol)

    def _paint_strip(
        self, painter: QPainter, at: Mapping, x: float, width: float, strip: Strip, hue: str, symbol: str
    ) -> None:
        good, zeros = _positive(strip)
        half = max(width * 0.32, 1.5)
        if 0 < len(good) <= EACH:
            painter.setPen(pen(blend(theme().panel, hue, 0.75), width=1.5))
            for y in at.y0 + at.sy * np.log10(good):
                painter.drawLine(QPointF(x - half, y), QPointF(x + half, y))
        elif len(good):
            low, inner, outer, high = at.y0 + at.sy * np.log10(np.quantile(good, QUANTILES))
            painter.fillRect(QRectF(QPointF(x - 1, high), QPointF(x + 1, low)), color(hue, 0.5))
            painter.fillRect(QRectF(QPointF(x - half, outer), QPointF(x + half, inner)), color(hue, 0.35))
        elif strip.band is not None and strip.band[1] > 0:
            # Hollow, as it is an estimate; open below where the spread reaches down to 0.
            top = at.y(math.log10(strip.band[1]))
            foot = at.y(math.log10(strip.band[0])) if strip.band[0] > 0 else at.area.bottom() + 4
            painter.setPen(pen(hue, Qt.PenStyle.DotLine, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(QPointF(x - half, top), QPointF(x + half, foot)))
        if zeros:
            painter.setPen(pen(hue, width=1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            foot = QPointF(x, at.area.bottom() - 9)
            painter.drawPolygon([foot + QPointF(-4, -4), foot + QPointF(4, -4), foot + QPointF(0, 4)])
        if strip.rms > 0 and math.isfinite(strip.rms):
            if strip.error > 0:
                low, high = max(strip.rms - 2 * strip.error, 1e-300), strip.rms + 2 * strip.error
                painter.setPen(pen(hue, width=1.5))
                painter.drawLine(QPointF(x, at.y(math.log10(low))), QPointF(x, at.y(math.log10(high))))
            draw_symbol(painter, symbol, QPointF(x, at.y(math.log10(strip.rms))), 4, hue)

    # -- mouse, export ---------------------------------------------------------------------------------------------

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        index = math.floor(x + 0.5)
        if not 0 <= index < len(self._ids):
            return "", ()
        rows: list[Row] = []
        for name, strips in self._series.items():
            strip = strips[index]
            if strip is None or name in self._hidden:
                continue
            text = value_text(strip.rms) + (f" ± {value_text(strip.error)}" if strip.error else "")
            rows.append((self._hue(name), f"{name}, {tr('root mean square')}", text))
            good, zeros = _positive(strip)
            if len(good):
                ends = f"{value_text(good[-1])} - {value_text(good[0])}"
                rows.append((self._hue(name), tr("smallest to largest"), ends))
            if zeros:
                rows.append((self._hue(name), tr("zero"), f"{zeros / (zeros + len(good)):.0%}"))
        return self._names[index], rows

    def place_cursor(self, x: float | None) -> None:
        super().place_cursor(None if x is None else float(math.floor(x + 0.5)))

    def _clicked(self, event: object) -> None:
        at = self.clicked_place(event)
        if at is not None and 0 <= (index := math.floor(at.x() + 0.5)) < len(self._ids):
            self.layer_clicked.emit(self._ids[index])

    def table(self) -> Table:
        rows = (
            [ident, self._names[index], name, rank, value]
            for name, strips in self._series.items()
            for index, ident in enumerate(self._ids)
            if (strip := strips[index]) is not None
            for rank, value in [
                ("root mean square", strip.rms),
                ("standard error", strip.error),
                *((k + 1, float(v)) for k, v in enumerate(np.asarray(strip.values))),
            ]
        )
        return ("id", "layer", "of", "rank", "singular value"), rows


def _positive(strip: Strip) -> tuple[Array, int]:
    """(values above rounding, descending; how many are not)."""
    values = np.asarray(strip.values, dtype=float)
    if not values.size:
        return values, 0
    good = values[values > NOTHING * max(values.max(), 1e-300)]
    return good, len(values) - len(good)


def _bounds(strip: Strip) -> tuple[float, float]:
    good, _ = _positive(strip)
    if len(good):
        return float(good.min()), float(good.max())
    return (strip.rms, strip.band[1]) if strip.band is not None else (strip.rms, strip.rms)

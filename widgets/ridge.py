"""Histograms of one layer over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from widgets import colormaps
from widgets.axes import NameAxis, value_text
from widgets.canvas import Array, Mapping, hairline, pen, pixels, polygon
from widgets.export import Table
from widgets.fields.segmented import Segmented
from widgets.i18n import language_changed, tr
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import blend, color, theme

Form = Literal["ridge", "heat"]
MOST_RIDGES = 48
OVERLAP = 2.6
"""Over how many rows the highest ridge reaches, at least."""
HEAT_BINS = 256


class HistogramRidge(AxisPlot):
    """Oldest at the back (top), latest in front (bottom). Heights and colours are log(1 + count).

    The x axis spans the bins, which the caller clips at quantiles; the raw minimum and maximum stand as text, so that
    an outlier is neither hidden nor allowed to squeeze the rest. ``form`` "heat" shows the same as colours.
    """

    def __init__(
        self, title: str = "", help_text: str = "", *, x_label: str = "", parent: QWidget | None = None
    ) -> None:
        self._steps: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._edges: Array = np.zeros((0, 2))
        self._counts: Array = np.zeros((0, 1))
        self._raw: tuple[Array, Array] | None = None
        self._form: Form = "ridge"
        self._picture = QImage()
        super().__init__(title, help_text, y_axis="names", parent=parent)
        self.x_axis.show_label(x_label)
        self.y_axis.show_label(tr("step"))
        self._x_label = x_label
        self._forms = Segmented([("ridge", tr("ridge")), ("heat", tr("heat"))])
        self._forms.value_changed.connect(self.show_form)
        self.tools.addWidget(self._forms)
        language_changed.connect(self._retitle)
        self.show_empty(tr("No histograms yet. Select a layer and press Run."))

    def _retitle(self) -> None:
        self.y_axis.show_label(tr("step"))
        self._forms.show_labels([("ridge", tr("ridge")), ("heat", tr("heat"))])

    def show_histograms(
        self,
        steps: ArrayLike,
        edges: ArrayLike,
        counts: ArrayLike,
        raw_min: ArrayLike | None = None,
        raw_max: ArrayLike | None = None,
        *,
        name: str | None = None,
    ) -> None:
        """``steps`` (T,), ``counts`` (T, B), ``edges`` (T, B + 1) or (B + 1,); ``raw_min``, ``raw_max`` (T,) before
        clipping. ``name`` becomes the title."""
        self._counts = np.asarray(counts, dtype=float)
        self._steps = np.asarray(steps, dtype=np.int64)
        times, bins = self._counts.shape
        self._edges = np.broadcast_to(np.asarray(edges, dtype=float), (times, bins + 1))
        self._raw = None if raw_min is None or raw_max is None else (np.asarray(raw_min), np.asarray(raw_max))
        if name is not None:
            self.show_title(name)
        self._show_raw()
        keep = self._kept()
        assert isinstance(self.y_axis, NameAxis)
        self.y_axis.show_names([f"{self._steps[i]:,}" for i in keep[::-1]])
        self._picture = QImage()
        if times:
            self.show_data()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def _show_raw(self) -> None:
        """Prints what the clipped bins do not show."""
        if self._raw is None or not len(self._steps):
            self.x_axis.show_label(self._x_label)
            return
        low, high = value_text(float(self._raw[0][-1])), value_text(float(self._raw[1][-1]))
        words = tr("{name} (raw minimum {low}, maximum {high})", name=self._x_label, low=low, high=high)
        self.x_axis.show_label(words.strip())

    def _overlap(self) -> float:
        """Rows that the highest ridge reaches over: a quarter of the picture when there are many."""
        return max(OVERLAP, 0.25 * len(self._kept()))

    def show_form(self, form: Form) -> None:
        """ "ridge" or "heat"."""
        self._form = form
        self._forms.show_value(form)
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def form(self) -> Form:
        return self._form

    def _kept(self) -> NDArray[np.intp]:
        """Which times are drawn: evenly chosen, the latest always."""
        count = len(self._steps)
        return np.unique(np.linspace(0, count - 1, min(count, MOST_RIDGES)).round().astype(np.intp))

    def reset_view(self) -> None:
        if not len(self._steps):
            return
        low, high = float(self._edges.min()), float(self._edges.max())
        room = 0.02 * (high - low) or 0.5
        self.view.show_x(low - room, high + room)
        top = len(self._kept()) - 0.5 if self._form == "heat" else len(self._kept()) - 1 + self._overlap()
        self.view.show_y(-0.5, top)

    def restyle(self) -> None:
        self._picture = QImage()
        super().restyle()

    # -- painting ------------------------------------------------------------------------------------------------

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        for value, _ in self.x_axis.places():
            x = at.x(value)
            hairline(painter, QPointF(x, at.area.top()), QPointF(x, at.area.bottom()), theme().plot_grid)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        if not len(self._steps):
            return
        if self._form == "heat":
            self._paint_heat(painter, at)
        else:
            self._paint_ridges(painter, at)

    def _paint_ridges(self, painter: QPainter, at: Mapping) -> None:
        keep = self._kept()
        top = np.log1p(self._counts[keep]).max() or 1.0
        for row, index in enumerate(keep):
            base = at.y(float(len(keep) - 1 - row))
            heights = np.log1p(self._counts[index]) / top * self._overlap() * abs(at.sy)
            edges = at.x0 + at.sx * self._edges[index]
            x = np.concatenate((edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]))
            y = base - np.concatenate(([0.0], heights, [0.0]))
            age = (row + 1) / len(keep)
            hue = blend(theme().panel, theme().accent, 0.30 + 0.70 * age**1.5)
            # The outline smooths the edge; a smooth fill would cost four times as much.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(blend(theme().panel, theme().accent, 0.06 + 0.18 * age)))
            painter.drawPolygon(polygon(x, y))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(pen(hue, width=1.5 if index == keep[-1] else 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(polygon(x, y))

    def _paint_heat(self, painter: QPainter, at: Mapping) -> None:
        low, high = float(self._edges.min()), float(self._edges.max())
        keep = self._kept()
        if self._picture.isNull():
            grid = low + (np.arange(HEAT_BINS) + 0.5) / HEAT_BINS * (high - low)
            rows = np.zeros((len(keep), HEAT_BINS))
            for row, index in enumerate(keep):
                place = np.searchsorted(self._edges[index], grid, "right") - 1
                inside = (place >= 0) & (place < self._counts.shape[1])
                rows[row, inside] = np.log1p(self._counts[index][place[inside]])
            index = colormaps.linear_index(rows, 0.0, float(rows.max()) or 1.0)
            words = np.where(rows > 0, colormaps.viridis()[index], np.uint32(color(theme().canvas).rgba()))
            self._picture = colormaps.image(words)
        pixels(painter, self._picture, at.rect(low, high, -0.5, len(keep) - 0.5))

    # -- read-out, export ----------------------------------------------------------------------------------------

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        keep = self._kept()
        row = len(keep) - 1 - (math.floor(y + 0.5) if self._form == "heat" else math.floor(y))
        if not len(keep) or not 0 <= row < len(keep):
            return "", ()
        index = int(keep[row])
        place = int(np.searchsorted(self._edges[index], x, "right")) - 1
        rows: list[Row] = []
        if 0 <= place < self._counts.shape[1]:
            low, high = self._edges[index][place], self._edges[index][place + 1]
            rows.append(("", f"{value_text(low)} ... {value_text(high)}", f"{self._counts[index][place]:,.0f}"))
        if self._raw is not None:
            rows.append(("", tr("raw min"), value_text(float(self._raw[0][index]))))
            rows.append(("", tr("raw max"), value_text(float(self._raw[1][index]))))
        return tr("step {step}", step=f"{self._steps[index]:,}"), rows

    def table(self) -> Table:
        rows = (
            (int(step), float(edges[i]), float(edges[i + 1]), float(counts[i]))
            for step, edges, counts in zip(self._steps, self._edges, self._counts, strict=True)
            for i in range(len(counts))
        )
        return ("step", "from", "to", "count"), rows

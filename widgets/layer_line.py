"""One number per layer on a plain axis, and a matrix of layers against layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets import colormaps
from widgets.axes import NameAxis, value_text
from widgets.canvas import Array, Mapping, hairline, pen, pixels, polyline, tag
from widgets.color_legend import ColorLegend
from widgets.export import Table
from widgets.legend import draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import blend, theme


class LayerLine(AxisPlot):
    """x: layers, y: a plain number. Earlier lines are fainter; a dashed line tells a level to beat."""

    layer_clicked = Signal(str)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._ids: list[str] = []
        self._names: list[str] = []
        self._now: Array = np.zeros(0)
        self._earlier: list[Array] = []
        self._level: tuple[float, str] | None = None
        self._label, self._zero = "", True
        self._selected: set[str] = set()
        super().__init__(title, help_text, x_axis="names", parent=parent)
        self.plot.scene().sigMouseClicked.connect(self._clicked)

    def show_line(
        self,
        layer_ids: Sequence[str],
        layer_names: Sequence[str],
        values: ArrayLike,
        *,
        label: str = "",
        earlier: Sequence[ArrayLike] = (),
        level: tuple[float, str] | None = None,
        zero: bool = True,
    ) -> None:
        """``values`` (L,); ``earlier``: the same of before, oldest first; ``level``: (height, word). ``zero``: the axis
        starts there, else at the lowest value, and a level below is told at the lower edge."""
        self._ids, self._names, self._label = list(layer_ids), list(layer_names), label
        self._now = np.asarray(values, dtype=float)
        if self._now.shape != (len(self._ids),):
            raise ValueError(f"layer line: expected {len(self._ids)} layers, got shape {self._now.shape}")
        old = [np.asarray(e, dtype=float) for e in earlier]
        self._earlier = [e for e in old if e.shape == self._now.shape]
        self._level, self._zero = level, zero
        assert isinstance(self.x_axis, NameAxis)
        self.x_axis.show_names(self._names)
        self.y_axis.show_label(label)
        if self._ids:
            self.show_data()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def show_selected(self, layer_ids: Sequence[str]) -> None:
        """Highlights layers (the canvas' selection)."""
        self._selected = set(layer_ids)
        self.canvas.update()

    def reset_view(self) -> None:
        every = np.concatenate([self._now, *self._earlier, [self._level[0]] if self._zero and self._level else []])
        good = every[np.isfinite(every)]
        if not self._ids or not good.size:
            return
        low, high = float(good.min()), float(good.max())
        low, high = (min(0.0, low), max(high, 1e-9)) if self._zero else (low, max(high, low + 0.01))
        room = 0.08 * (high - low)
        self.view.show_x(-0.5, len(self._ids) - 0.5)
        self.view.show_y(low - room, high + room)

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        self.paint_chosen(painter, at, self._ids, self._selected)
        super().paint_grid(painter, at)
        if self._level is not None:
            y = min(at.y(self._level[0]), at.area.bottom() - 1)
            ends = QPointF(at.area.left(), y), QPointF(at.area.right(), y)
            hairline(painter, *ends, theme().warning, Qt.PenStyle.DashLine)
            tag(painter, self._level[1], QPointF(at.area.left() + 4, y - 9), theme().warning, area=at.area)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        x = at.x0 + at.sx * np.arange(len(self._ids))
        for age, values in enumerate(self._earlier):
            share = 0.12 + 0.30 * (age + 1) / len(self._earlier)
            painter.setPen(pen(blend(theme().panel, theme().run_a, share), width=1))
            polyline(painter, x, at.y0 + at.sy * values)
        painter.setPen(pen(theme().run_a))
        y = at.y0 + at.sy * self._now
        polyline(painter, x, y)
        for place, height in zip(x, y, strict=True):
            if math.isfinite(height):
                draw_symbol(painter, "o", QPointF(place, height), 3.6, theme().run_a)

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        index = math.floor(x + 0.5)
        if not 0 <= index < len(self._ids):
            return "", ()
        return self._names[index], [(theme().run_a, self._label, value_text(float(self._now[index])))]

    def place_cursor(self, x: float | None) -> None:
        super().place_cursor(None if x is None else float(math.floor(x + 0.5)))

    def _clicked(self, event: object) -> None:
        at = self.clicked_place(event)
        if at is not None and 0 <= (index := math.floor(at.x() + 0.5)) < len(self._ids):
            self.layer_clicked.emit(self._ids[index])

    def table(self) -> Table:
        rows = ([i, n, v] for i, n, v in zip(self._ids, self._names, self._now.tolist(), strict=True))
        return ("id", "layer", self._label or "value"), rows


class LayerMatrix(AxisPlot):
    """Layers against layers, values from 0 to 1 as colour (viridis). The first layer is at the lower left."""

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._names: list[str] = []
        self._values: Array = np.zeros((0, 0))
        self._label = ""
        super().__init__(title, help_text, x_axis="names", y_axis="names", parent=parent)
        self.color_legend = ColorLegend()
        self.add_beside(self.color_legend)

    def show_matrix(self, names: Sequence[str], values: ArrayLike, *, label: str = "") -> None:
        """``values`` (L, L)."""
        self._names, self._values, self._label = list(names), np.asarray(values, dtype=float), label
        if self._values.shape != (len(self._names),) * 2:
            raise ValueError(f"layer matrix: expected {len(self._names)} layers, got shape {self._values.shape}")
        for axis in (self.x_axis, self.y_axis):
            assert isinstance(axis, NameAxis)
            axis.show_names(self._names)
        self.color_legend.show_scale("linear", 0.0, 1.0, colormaps.viridis())
        if self._names:
            self.show_data()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def reset_view(self) -> None:
        if self._names:
            self.view.show_x(-0.5, len(self._names) - 0.5)
            self.view.show_y(-0.5, len(self._names) - 0.5)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        if self._values.size:
            end = len(self._names) - 0.5
            words = colormaps.viridis()[colormaps.linear_index(self._values, 0.0, 1.0)]
            pixels(painter, colormaps.image(words[::-1]), at.rect(-0.5, end, -0.5, end))
            painter.setPen(pen(theme().border, width=1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(at.rect(-0.5, end, -0.5, end)))

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        i, j = math.floor(y + 0.5), math.floor(x + 0.5)
        if not (0 <= i < len(self._names) and 0 <= j < len(self._names)):
            return "", ()
        title = f"{self._names[j]} · {self._names[i]}"
        return title, [(theme().secondary, self._label, value_text(float(self._values[i, j])))]

    def table(self) -> Table:
        rows = ([name, *map(float, self._values[k])] for k, name in enumerate(self._names))
        return ("layer", *self._names), rows

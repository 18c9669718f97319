"""Layers x steps as colour: where the gradient thins out, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from widgets import colormaps
from widgets.axes import NameAxis, value_text
from widgets.canvas import Array, Mapping, pen, pixels
from widgets.color_legend import ColorLegend
from widgets.export import Table
from widgets.i18n import language_changed, tr
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import color, theme

MOST_COLUMNS = 2000


class Waterfall(AxisPlot):
    """Rows are layers, the output on top; columns are steps; colour is log10 of the value (viridis).

    Drag the colour bar's ends, or a rectangle with Shift held, to spread the colours over what matters; double-click
    for the automatic range. A value of 0 is drawn in the colour of the canvas ("no gradient"), NaN in the error colour.
    """

    cell_clicked = Signal(str, int)

    def __init__(
        self, title: str = "", help_text: str = "", *, signed: bool = False, parent: QWidget | None = None
    ) -> None:
        self._signed = signed
        self._ids: list[str] = []
        self._names: list[str] = []
        self._steps: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._values: Array = np.zeros((0, 0))
        self._columns: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._range: tuple[float, float] | None = None
        self._picture = QImage()
        self._selected: set[str] = set()
        super().__init__(title, help_text, y_axis="names", parent=parent)
        self.x_axis.whole = True
        self.x_axis.show_label(tr("step"))
        self.color_legend = ColorLegend()
        self.add_beside(self.color_legend)
        self.color_legend.range_changed.connect(self.show_range)
        self.color_legend.reset_wanted.connect(self.show_auto_range)
        self.view.brushed.connect(self._brushed)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        language_changed.connect(self._retitle)
        self.show_empty(tr("No steps yet. Press Run: each step adds one column, each layer is a row."))

    def _retitle(self) -> None:
        self.x_axis.show_label(tr("step"))

    # -- data in -------------------------------------------------------------------------------------------------

    def show_waterfall(
        self, layer_ids: Sequence[str], layer_names: Sequence[str], steps: ArrayLike, values: ArrayLike
    ) -> None:
        """``steps`` (S,) rising, ``values`` (L, S) >= 0. Steps need not be evenly spaced."""
        self._ids, self._names = list(layer_ids), list(layer_names)
        self._steps = np.asarray(steps, dtype=np.int64)
        self._values = np.asarray(values, dtype=float)
        expected = (len(self._ids), len(self._steps))
        if self._values.shape != expected:
            raise ValueError(f"waterfall: expected values of shape {expected}, got {self._values.shape}")
        assert isinstance(self.y_axis, NameAxis)
        self.y_axis.show_names(self._names)
        self._choose_columns()
        if self._values.size:
            self.show_data()
        self._colour()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def show_range(self, low: float, high: float) -> None:
        """Colours from ``low`` to ``high`` until ``show_auto_range``."""
        self._range = (low, high) if self._signed else (max(low, 1e-300), high)
        self._colour()
        self.canvas.update()

    def show_auto_range(self) -> None:
        """Colours over all positive values, in whole decades."""
        self._range = None
        self._colour()
        self.canvas.update()

    def show_selected(self, layer_ids: Sequence[str] | str) -> None:
        """Frames the rows of layers."""
        self._selected = {layer_ids} if isinstance(layer_ids, str) else set(layer_ids)
        self.canvas.update()

    def value_range(self) -> tuple[float, float]:
        """Ends of the colour scale."""
        if self._range is not None:
            return self._range
        if self._signed:
            most = float(np.abs(self._values[np.isfinite(self._values)]).max(initial=0.0)) or 1.0
            return -most, most
        good = self._values[np.isfinite(self._values) & (self._values > 0)]
        if not good.size:
            return 1e-3, 1.0
        low, high = math.floor(math.log10(good.min())), math.ceil(math.log10(good.max()))
        return 10.0**low, 10.0 ** max(high, low + 1)

    def _choose_columns(self) -> None:
        """Evenly spaced steps -> index of the nearest column, as a picture has columns of one width."""
        count = len(self._steps)
        if count < 2:
            self._columns = np.arange(count)
            return
        gaps = np.diff(self._steps)
        even = int(gaps.min()) == int(gaps.max())
        wanted = min(MOST_COLUMNS, count if even else 4 * count)
        places = np.linspace(self._steps[0], self._steps[-1], wanted)
        right = np.clip(np.searchsorted(self._steps, places), 1, count - 1)
        nearer = places - self._steps[right - 1] <= self._steps[right] - places
        self._columns = np.where(nearer, right - 1, right)

    def _colour(self) -> None:
        low, high = self.value_range()
        table = colormaps.signed() if self._signed else colormaps.viridis()
        self.color_legend.show_scale("signed" if self._signed else "log", low, high, table)
        if not self._values.size:
            self._picture = QImage()
            return
        shown = self._values[:, self._columns]
        words = self._words_of(shown)
        if not self._signed:
            words = np.where(shown == 0, np.uint32(color(theme().canvas).rgba()), words)
        lost = theme().canvas if self._signed else theme().error
        words = np.where(np.isfinite(shown), words, np.uint32(color(lost).rgba()))
        # Row 0 of an image is its top; the first layer belongs at the bottom.
        self._picture = colormaps.image(words[::-1])

    def _words_of(self, values: ArrayLike) -> NDArray[np.uint32]:
        low, high = self.value_range()
        if self._signed:
            return colormaps.signed()[colormaps.signed_index(values, high)]
        return colormaps.viridis()[colormaps.log_index(values, low, high)]

    # -- view ----------------------------------------------------------------------------------------------------

    def _extent(self) -> tuple[float, float]:
        """Left and right edge of the picture: half a column beyond the first and the last step."""
        first, last = float(self._steps[0]), float(self._steps[-1])
        half = 0.5 * (last - first) / max(1, len(self._columns) - 1) or 0.5
        return first - half, last + half

    def reset_view(self) -> None:
        if not self._values.size:
            return
        left, right = self._extent()
        self.view.show_x(left, right)
        self.view.show_y(-0.5, len(self._ids) - 0.5)

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "color_legend"):
            self._colour()

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        painter.fillRect(at.area, color(theme().canvas))

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        if self._picture.isNull():
            return
        left, right = self._extent()
        pixels(painter, self._picture, at.rect(left, right, -0.5, len(self._ids) - 0.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index, ident in enumerate(self._ids):
            if ident in self._selected:
                box = at.rect(0, 1, index - 0.5, index + 0.5)
                frame = QRectF(at.area.left() + 2, box.top() + 2, at.area.width() - 4, box.height() - 4)
                # A pale rim, as no single colour stands out from every colour of the map.
                for hue, width in ((theme().panel, 4.0), (theme().accent, 2.0)):
                    painter.setPen(pen(hue, width=width))
                    painter.drawRect(frame)

    # -- mouse, export -------------------------------------------------------------------------------------------

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """(layer index, column index of the data) at a data position."""
        row = math.floor(y + 0.5)
        if not (self._values.size and 0 <= row < len(self._ids)):
            return None
        left, right = self._extent()
        place = math.floor((x - left) / (right - left) * len(self._columns))
        return (row, int(self._columns[place])) if 0 <= place < len(self._columns) else None

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        cell = self.cell_at(x, y)
        if cell is None:
            return "", ()
        row, column = cell
        value = float(self._values[row, column])
        words = tr("no gradient") if value == 0 and not self._signed else value_text(value)
        word = self._words_of(value)
        hue = f"#{int(word) & 0xFFFFFF:06X}"
        return tr("step {step}", step=f"{self._steps[column]:,}"), [(hue, self._names[row], words)]

    def _brushed(self, box: QRectF) -> None:
        rows = slice(max(0, math.floor(box.top() + 0.5)), math.floor(box.bottom() + 0.5) + 1)
        first, last = np.searchsorted(self._steps, [box.left(), box.right()])
        part = self._values[rows, first : max(last, first + 1)]
        good = part[np.isfinite(part) & (part > 0)]
        if self._signed and good.size:
            self.show_range(-float(good.max()), float(good.max()))
        elif good.size and good.max() > good.min():
            self.show_range(float(good.min()), float(good.max()))

    def _clicked(self, event: object) -> None:
        if event.double() or event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        point = self.view.mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        inside = self.view.sceneBoundingRect().contains(event.scenePos())  # type: ignore[attr-defined]
        cell = self.cell_at(point.x(), point.y()) if inside else None
        if cell is not None:
            self.cell_clicked.emit(self._ids[cell[0]], int(self._steps[cell[1]]))

    def table(self) -> Table:
        rows = ([int(step), *map(float, self._values[:, i])] for i, step in enumerate(self._steps))
        return ("step", *self._names), rows

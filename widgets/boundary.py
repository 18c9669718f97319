"""What the network answers everywhere on a plane of two inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from widgets import colormaps, icons, tokens
from widgets.axes import value_text
from widgets.canvas import Array, Mapping, pixels, tag
from widgets.color_legend import ColorLegend
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import SYMBOLS, Entry, draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import blend, color, theme

STRENGTH = 0.62
"""Share of full colour at the surface's ends, so that the points stand out."""
Extent = tuple[float, float, float, float]


class DecisionBoundary(AxisPlot):
    """The output over [-6, 6]^2 as orange - neutral - blue, or as a colour for each class, with the points on it.

    Training points are filled, test points are outlined; classes differ in shape as well as in colour.
    """

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._grid: Array = np.zeros((0, 0))
        self._extent: Extent = (-6.0, 6.0, -6.0, 6.0)
        self._center, self._span = 0.0, 1.0
        self._names: list[str] = []
        self._points: dict[str, tuple[Array, Array]] = {}
        self._test_shown = False
        self._discrete = False
        self._picture = QImage()
        super().__init__(title, help_text, legend_corner=(0.0, 0.0), parent=parent)
        self.view.setAspectLocked(True)
        self.view.wheel_axis = None
        self.color_legend = ColorLegend()
        self.color_legend.range_changed.connect(lambda low, high: self._rescale(high - self._center))
        self.add_beside(self.color_legend)
        self._test_button = self._tool("eye", tr("Show test data"), self.show_test)
        self._discrete_button = self._tool("grid-3x3", tr("Discretize: show only the answer"), self.show_discrete)
        self.show_empty(tr("No decision surface yet. It needs a network with two inputs; press Run or Step."))

    def _tool(self, icon: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        icons.bind_icon(button, icon, "secondary", tokens.ICON_SMALL)
        button.toggled.connect(act)
        self.tools.addWidget(button)
        return button

    # -- data in -------------------------------------------------------------------------------------------------

    def show_surface(
        self,
        grid: ArrayLike,
        extent: Extent = (-6.0, 6.0, -6.0, 6.0),
        *,
        center: float = 0.0,
        span: float = 1.0,
        class_names: Sequence[str] = (),
        axis_names: tuple[str, str] = ("x1", "x2"),
    ) -> None:
        """``grid`` (H, W): one output, row 0 at the least y; neutral at ``center``, full colour ``span`` away from it
        (a probability: 0.5, 0.5). Or (C, H, W): a probability for each class.
        ``extent`` = x low, x high, y low, y high.
        """
        self._grid = np.asarray(grid, dtype=float)
        if self._grid.ndim not in (2, 3):
            raise ValueError(f"surface: expected (H, W) or (C, H, W), got {self._grid.shape}")
        moved = extent != self._extent or bool(self.empty_sentence())
        self._extent, self._center, self._span = extent, center, span
        self._names = list(class_names)
        self.x_axis.show_label(axis_names[0])
        self.y_axis.show_label(axis_names[1])
        self._colour()
        self.show_data()
        if moved and self.follow:
            self.reset_view()
        self._show_legend()
        self.canvas.update()

    def show_points(self, points: ArrayLike, values: ArrayLike, *, split: str = "train") -> None:
        """``points`` (N, 2) and their targets (N,): class indices, or signed values for one output."""
        places = np.asarray(points, dtype=float).reshape(-1, 2)
        self._points[split] = (places, np.asarray(values, dtype=float).reshape(len(places)))
        self._show_legend()
        self.canvas.update()

    def show_test(self, shown: bool) -> None:
        self._test_shown = shown
        self._test_button.setChecked(shown)
        self._show_legend()
        self.canvas.update()

    def show_discrete(self, discrete: bool) -> None:
        """Only the side (or class), without how sure."""
        self._discrete = discrete
        self._discrete_button.setChecked(discrete)
        self._colour()
        self.canvas.update()

    def _rescale(self, span: float) -> None:
        self._span = max(1e-9, span)
        self._colour()
        self.canvas.update()

    # -- colours -------------------------------------------------------------------------------------------------

    def class_count(self) -> int:
        """Classes of the surface; 2 for a single output."""
        return 2 if self._grid.ndim == 2 else len(self._grid)

    def class_color(self, index: int) -> str:
        if self._grid.ndim == 2 or self.class_count() == 2:
            return (theme().negative, theme().positive)[index % 2]
        return theme().class_color(index)

    def class_name(self, index: int) -> str:
        return self._names[index] if index < len(self._names) else tr("class {index}", index=index)

    def _colour(self) -> None:
        if not self._grid.size:
            return
        words = self._signed_words() if self._grid.ndim == 2 else self._class_words()
        self._picture = colormaps.image(words[::-1])
        single = self._grid.ndim == 2
        self.color_legend.setVisible(single)
        if single:
            low, high = self._center - self._span, self._center + self._span
            self.color_legend.show_scale("linear" if self._center else "signed", low, high, self._table())

    def _table(self) -> colormaps.Table:
        return colormaps.diverging(
            blend(theme().panel, theme().negative, STRENGTH),
            theme().neutral,
            blend(theme().panel, theme().positive, STRENGTH),
        )

    def _signed_words(self) -> NDArray[np.uint32]:
        grid = self._grid
        if self._discrete:
            grid = np.where(grid >= self._center, self._center + self._span, self._center - self._span)
        return self._table()[colormaps.signed_index(grid, self._span, self._center)]

    def _class_words(self) -> NDArray[np.uint32]:
        """The winner's colour, paler the less sure: from an even split (neutral) to certainty."""
        count = self.class_count()
        winner = self._grid.argmax(axis=0)
        sure = np.clip((self._grid.max(axis=0) - 1 / count) / (1 - 1 / count), 0, 1)
        share = np.full(sure.shape, STRENGTH) if self._discrete else 0.08 + (STRENGTH - 0.08) * sure
        hues = np.stack([colormaps.rgb(self.class_color(i)) for i in range(count)])[winner]
        mixed = (1 - share[..., None]) * colormaps.rgb(theme().panel) + share[..., None] * hues
        parts = np.rint(mixed).astype(np.uint32)
        return np.uint32(0xFF000000) | (parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2]

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "color_legend") and self._grid.size:
            self._colour()
            self._show_legend()

    def _show_legend(self) -> None:
        entries = []
        if self._grid.ndim == 3 or self._names:
            entries = [
                Entry(self.class_name(i), self.class_color(i), symbol=SYMBOLS[i % len(SYMBOLS)], can_hide=False)
                for i in range(min(self.class_count(), 8))
            ]
        if self._test_shown and "test" in self._points:
            entries.append(Entry(tr("test data"), theme().text, symbol="ring", can_hide=False))
        self.legend.show_entries(entries)

    # -- painting ------------------------------------------------------------------------------------------------

    def reset_view(self) -> None:
        left, right, low, high = self._extent
        self.view.setRange(xRange=(left, right), yRange=(low, high), padding=0.0)

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        if not self._picture.isNull():
            pixels(painter, self._picture, at.rect(*self._extent))

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        for split, (points, values) in self._points.items():
            if split == "test" and not self._test_shown:
                continue
            groups = self._groups(values)
            for group in np.unique(groups):
                chosen = points[groups == group]
                self._paint_points(painter, at, chosen, int(group), split == "test")
        if self._grid.ndim == 3 and self.class_count() > 2:
            self._paint_names(painter, at)

    def _groups(self, values: Array) -> NDArray[np.int64]:
        """Which class each target is; signed values by their side."""
        if self._grid.ndim == 2 and not np.isin(values, (0, 1)).all():
            return (values >= self._center).astype(np.int64)
        return values.astype(np.int64)

    def _paint_points(self, painter: QPainter, at: Mapping, points: Array, group: int, hollow: bool) -> None:
        hue = self.class_color(group)
        rim = theme().text if not hollow else hue
        places = np.stack([at.x0 + at.sx * points[:, 0], at.y0 + at.sy * points[:, 1]], axis=1)
        stamp = _stamp(SYMBOLS[group % len(SYMBOLS)], hue, rim, hollow, painter.device().devicePixelRatioF())
        half = stamp.deviceIndependentSize().width() / 2
        for x, y in places.tolist():
            painter.drawImage(QPointF(x - half, y - half), stamp)

    def _paint_names(self, painter: QPainter, at: Mapping) -> None:
        """A name in the middle of each class' largest certainty, so that colour is not alone."""
        winner = self._grid.argmax(axis=0)
        left, right, low, high = self._extent
        rows, columns = winner.shape
        for index in range(self.class_count()):
            inside = np.argwhere(winner == index)
            if len(inside) < 0.01 * winner.size:
                continue
            middle = inside[np.abs(inside - np.median(inside, axis=0)).sum(axis=1).argmin()]
            x = left + (middle[1] + 0.5) / columns * (right - left)
            y = low + (middle[0] + 0.5) / rows * (high - low)
            tag(painter, self.class_name(index), at.point(x, y), theme().text, area=at.area)

    # -- read-out, export ----------------------------------------------------------------------------------------

    def value_at(self, x: float, y: float) -> Array | None:
        """Outputs (1,) or (C,) of the cell at a data position, None outside."""
        left, right, low, high = self._extent
        rows, columns = self._grid.shape[-2:]
        column = math.floor((x - left) / (right - left) * columns) if columns else -1
        row = math.floor((y - low) / (high - low) * rows) if rows else -1
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        return np.atleast_1d(self._grid[..., row, column])

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        values = self.value_at(x, y)
        if values is None:
            return "", ()
        title = f"{self.x_axis.labelText} {x:.2f}, {self.y_axis.labelText} {y:.2f}"
        if len(values) == 1:
            return title, [(self.class_color(int(values[0] >= self._center)), tr("output"), value_text(values[0]))]
        best = np.argsort(values)[::-1][:5]
        return title, [(self.class_color(int(i)), self.class_name(int(i)), f"{values[i]:.1%}") for i in best]

    def place_cursor(self, x: float | None) -> None:
        """A vertical line would say nothing here."""

    def table(self) -> Table:
        left, right, low, high = self._extent
        rows, columns = self._grid.shape[-2:]
        grid = self._grid if self._grid.ndim == 3 else self._grid[None]
        cells = (
            (
                left + (column + 0.5) / columns * (right - left),
                low + (row + 0.5) / rows * (high - low),
                *(float(v) for v in grid[:, row, column]),
            )
            for row in range(rows)
            for column in range(columns)
        )
        names = ["output"] if self._grid.ndim == 2 else [self.class_name(i) for i in range(len(grid))]
        return (self.x_axis.labelText, self.y_axis.labelText, *names), cells


def _stamp(symbol: str, hue: str, rim: str, hollow: bool, ratio: float) -> QImage:
    """One point, painted once for all of its class: filled with a rim, or the rim alone."""
    side = 12
    result = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(side / 2, side / 2)
    if hollow:
        draw_symbol(painter, symbol, middle, 4.4, hue)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        draw_symbol(painter, symbol, middle, 2.4, theme().panel)
    else:
        draw_symbol(painter, symbol, middle, 4.0, blend(theme().panel, rim, 0.85))
        draw_symbol(painter, symbol, middle, 3.1, hue)
    painter.setPen(QPen(color(rim)))
    painter.end()
    return result

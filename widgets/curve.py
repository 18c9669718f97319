"""Curves over steps or epochs: loss, accuracy, rate."""

from __future__ import annotations

import math
from collections.abc import Mapping as Curves
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QPainter
from PySide6.QtWidgets import QMenu, QSlider, QToolButton, QWidget

from widgets import decimate, icons, tokens
from widgets.axes import DecadeAxis, value_text
from widgets.canvas import Mapping, columns, hairline, pen, polyline, tag
from widgets.curve_lines import NONE, Drawn, Line
from widgets.decimate import Array
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import Entry, draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import blend, theme

__all__ = ["CurvePlot", "Line"]

SMOOTHING = (1, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Windows of the slider, in points."""
WINDOWS = (0, 100, 1000, 10000)


class CurvePlot(AxisPlot):
    """Named curves over one x axis.

    ``show_curves`` may be called at 30 Hz with whole arrays of a million points: only what a pixel column can show is
    drawn, its least and its greatest value (min/max envelope). Smoothing is the mean of the last w points; the raw
    curve stays faintly behind it.
    """

    log_changed = Signal(bool)

    def __init__(
        self,
        title: str = "",
        help_text: str = "",
        *,
        x_label: str = "",
        y_label: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self._drawn: dict[str, Drawn] = {}
        self._markers: list[tuple[float, str]] = []
        self._best: tuple[float, float | None, str] | None = None
        self._y_by_hand = False
        self._window = 0
        self._refreshing = False
        self._nearest = 0.0
        super().__init__(title, help_text, y_axis="decades", parent=parent)
        self._log_axis.log = False
        self.view.wheel_axis = pg.ViewBox.XAxis
        self.view.y_moved.connect(self._y_moved)
        self.x_axis.show_label(x_label)
        self.y_axis.show_label(y_label)
        self.legend.toggled.connect(self._toggle)
        self._build_tools()
        self.show_empty(tr("No curve yet. Press Run and it is drawn here while the network trains."))

    @property
    def _log_axis(self) -> DecadeAxis:
        assert isinstance(self.y_axis, DecadeAxis)
        return self.y_axis

    def _build_tools(self) -> None:
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, len(SMOOTHING) - 1)
        self._slider.setMinimumWidth(28)
        self._slider.setMaximumWidth(64)
        self._slider.setAccessibleName(tr("Smoothing"))
        self._slider.valueChanged.connect(self._smoothed)
        self._smoothed(0)
        self._log_button = QToolButton()
        self._log_button.setText(tr("log"))
        self._log_button.setCheckable(True)
        self._log_button.setToolTip(tr("Logarithmic y axis"))
        self._log_button.toggled.connect(self.show_log)
        icon = QToolButton()
        icons.bind_icon(icon, "activity", "secondary", tokens.ICON_SMALL)
        icon.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        icon.setToolTip(tr("Smoothing off"))
        icon.clicked.connect(lambda: self._slider.setValue(0))
        for widget in (icon, self._slider, self._log_button):
            self.tools.addWidget(widget)

    # -- data in -------------------------------------------------------------------------------------------------

    def show_curves(
        self,
        curves: Curves[str, Line | tuple[ArrayLike, ArrayLike]],
        *,
        x_label: str | None = None,
        whole: bool = True,
    ) -> None:
        """Replaces all curves; ``whole``: x counts something (steps, epochs), so ticks are whole numbers."""
        for name in [name for name in self._drawn if name not in curves]:
            del self._drawn[name]
        for name, given in curves.items():
            self._take(name, given if isinstance(given, Line) else Line(*given))
        self.x_axis.whole = whole
        if x_label is not None:
            self.x_axis.show_label(x_label)
        if any(len(d.x) for d in self._drawn.values()):
            self.show_data()
        self._show_legend()
        if self.follow:
            self.reset_view()
        self.view_changed()

    def _take(self, name: str, line: Line) -> None:
        x, y = np.asarray(line.x), np.asarray(line.y)
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(f"curve {name!r}: expected x and y of one length, got {x.shape} and {y.shape}")
        drawn = self._drawn.get(name)
        if drawn is None:
            self._drawn[name] = Drawn(line, x, y)
        else:
            drawn.line, drawn.x, drawn.y = line, x, y

    def show_markers(self, markers: Sequence[tuple[float, str]]) -> None:
        """Events as vertical lines with a word each: ``[(120, "lr 0.1")]``."""
        if list(markers) != self._markers:
            self._markers = list(markers)
            self.canvas.update()

    def show_best(self, x: float | None, y: float | None = None, text: str = "") -> None:
        """Marks the best epoch or step; ``y`` adds a ring on the curve. None takes the mark away."""
        best = None if x is None else (x, y, text or tr("best"))
        if best != self._best:
            self._best = best
            self.canvas.update()

    def show_recent(self, points: int) -> None:
        """Follows the last ``points`` of x only; 0 = all."""
        self._window = points
        self._reset_by_hand()

    def show_log(self, log: bool) -> None:
        """Decades or plain numbers on the y axis; on decades, values <= 0 have no place and leave a gap."""
        if log == self._log_axis.log:
            return
        self._log_axis.log = log
        self._log_button.setChecked(log)
        self._log_axis.update()
        self.reset_view()
        self.view_changed()
        self.log_changed.emit(log)

    def log(self) -> bool:
        """Whether the y axis is one of decades."""
        return self._log_axis.log

    def show_smoothing(self, points: int) -> None:
        """Mean of the last ``points``, the nearest of ``SMOOTHING``; 1 = off."""
        self._slider.setValue(min(range(len(SMOOTHING)), key=lambda i: abs(SMOOTHING[i] - points)))

    def smoothing(self) -> int:
        return SMOOTHING[self._slider.value()]

    # -- view ----------------------------------------------------------------------------------------------------

    def _y_moved(self) -> None:
        self._y_by_hand = True

    def reset_view(self) -> None:
        self._y_by_hand = False
        ends = [(d.x[0], d.x[-1]) for d in self._drawn.values() if len(d.x)]
        if not ends:
            return
        low, high = float(min(e[0] for e in ends)), float(max(e[1] for e in ends))
        if self._window:
            low = max(low, high - self._window)
        if high <= low:
            low, high = low - 0.5, high + 0.5
        self._refreshing = True
        # Beyond a few points there is nothing more to see.
        most = max(len(d.x) for d in self._drawn.values())
        nearest = 3 * (high - low) / max(3, most)
        if not 0.9 * nearest <= self._nearest <= nearest:
            self._nearest = nearest
            self.view.setLimits(minXRange=nearest)
        self.view.show_x(low, high)
        self._refreshing = False

    def view_changed(self) -> None:
        if self._refreshing or not self._drawn:
            return
        (low, high), _ = self.view.viewRange()
        bins = max(50, round(self.view.width()))
        extremes = [self._choose_points(d, low, high, bins) for d in self._drawn.values() if d.visible]
        if self.follow or not self._y_by_hand:
            self._fit_y(extremes)
        self._place_legend()
        self.canvas.update()

    def _fit_y(self, extremes: Sequence[tuple[float, float]]) -> None:
        low = min((e[0] for e in extremes), default=math.inf)
        high = max((e[1] for e in extremes), default=-math.inf)
        if not math.isfinite(low) or not math.isfinite(high):
            return
        room = (high - low) * 0.06 or max(abs(high) * 0.1, 1e-6)
        # A loss that nears zero is read better with the zero on the axis.
        bottom = -0.03 * high if not self._log_axis.log and 0 <= low < 0.35 * high else low - room
        self._refreshing = True
        self.view.show_y(bottom, high + room)
        self._refreshing = False

    def _choose_points(self, drawn: Drawn, low: float, high: float, bins: int) -> tuple[float, float]:
        """Decimates to pixels; returns least and greatest y in view."""
        window = self.smoothing()
        x, y = decimate.envelope(drawn.x, drawn.y, low, high, bins)
        y = self._height(y)
        drawn.shown = (x, y)
        drawn.dense = len(x) >= 2 * bins
        drawn.smooth = self._smooth(drawn, low, high, bins, window) if window > 1 and len(x) else (NONE, NONE)
        finite = y[np.isfinite(y) & (x >= low) & (x <= high)]
        return (float(finite.min()), float(finite.max())) if finite.size else (math.inf, -math.inf)

    def _smooth(self, drawn: Drawn, low: float, high: float, bins: int, window: int) -> tuple[Array, Array]:
        first = max(0, int(np.searchsorted(drawn.x, low)) - 1)
        last = min(len(drawn.x), int(np.searchsorted(drawn.x, high, "right")) + 1)
        count = min(bins, last - first)
        if count <= 0:
            return np.zeros(0), np.zeros(0)
        places = np.unique(np.linspace(first, last - 1, count).astype(np.intp))
        mean = decimate.trailing_mean_at(drawn.y, places, max(window, (last - first) // count))
        return np.asarray(drawn.x[places], float), self._height(mean)

    def _height(self, y: Array) -> Array:
        if not self._log_axis.log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Array = np.log10(np.where(y > 0, y, np.nan))
        return result

    # -- looks ---------------------------------------------------------------------------------------------------

    def restyle(self) -> None:
        super().restyle()
        if self._drawn:
            self._show_legend()

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        visible = [d for d in self._drawn.values() if d.visible]
        for drawn in visible:
            if drawn.dense or len(drawn.smooth[0]):
                self._paint_raw(painter, at, drawn)
        for drawn in visible:
            x, y = drawn.smooth if len(drawn.smooth[0]) else drawn.shown
            if not drawn.dense or len(drawn.smooth[0]):
                painter.setPen(pen(drawn.line.color(), tokens.DASHES[drawn.line.split]))
                polyline(painter, at.x0 + at.sx * x, at.y0 + at.sy * y)
        self._paint_marks(painter, at)

    def _paint_raw(self, painter: QPainter, at: Mapping, drawn: Drawn) -> None:
        """The raw curve: faint behind a smoothed one, as strokes from least to greatest where it is dense."""
        share = 0.3 if len(drawn.smooth[0]) else (0.9 if drawn.line.split == "train" else 0.55)
        painter.setPen(pen(blend(theme().panel, drawn.line.color(), share), width=1))
        x, y = at.x0 + at.sx * drawn.shown[0], at.y0 + at.sy * drawn.shown[1]
        if drawn.dense:
            first, second = y[1:-1:2], y[2::2][: len(y[1:-1:2])]
            columns(painter, x[1:-1:2], np.fmin(first, second), np.fmax(first, second), 2.0)
        else:
            polyline(painter, x, y)

    def _paint_marks(self, painter: QPainter, at: Mapping) -> None:
        marks = [(x, text, theme().secondary) for x, text in self._markers]
        if self._best is not None:
            marks.append((self._best[0], self._best[2], theme().good))
        taken: list[QRectF] = []
        for x, text, hue in sorted(marks):
            place = at.x(x)
            if not at.area.left() <= place <= at.area.right():
                continue
            top, bottom = QPointF(place, at.area.top()), QPointF(place, at.area.bottom())
            hairline(painter, top, bottom, hue, Qt.PenStyle.DashLine)
            row = next(r for r in range(9) if not any(b.contains(place + 6, 9.0 + 15 * r) for b in taken) or r == 8)
            taken.append(tag(painter, text, QPointF(place + 3, at.area.top() + 9 + 15 * row), hue, area=at.area))
        self._paint_best(painter, at)

    def _paint_best(self, painter: QPainter, at: Mapping) -> None:
        if self._best is None or self._best[1] is None:
            return
        x, y, _ = self._best
        if y is not None and (y > 0 or not self._log_axis.log):
            height = math.log10(y) if self._log_axis.log else y
            draw_symbol(painter, "ring", at.point(x, height), 5, theme().good)
            draw_symbol(painter, "o", at.point(x, height), 2, theme().good)

    def _place_legend(self) -> None:
        """Moves the legend to a corner where it hides nothing, unless somebody dragged it."""
        at = self.canvas.mapping()
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect().topLeft()
        points = []
        for drawn in self._drawn.values():
            if drawn.visible and len(drawn.shown[0]):
                x, y = drawn.smooth if len(drawn.smooth[0]) else drawn.shown
                grid = np.linspace(x[0], x[-1], 100)
                points.append(np.stack([at.x0 + at.sx * grid, at.y0 + at.sy * np.interp(grid, x, y)], axis=1))
        if points:
            self.legend.avoid(np.concatenate(points) + np.array([origin.x(), origin.y()]))

    def _show_legend(self) -> None:
        self.legend.show_entries(
            [
                Entry(name, d.line.color(), tokens.DASHES[d.line.split], visible=d.visible)
                for name, d in self._drawn.items()
            ]
        )

    def _toggle(self, name: str, visible: bool) -> None:
        drawn = self._drawn[name]
        drawn.visible = visible
        self._show_legend()
        self.view_changed()

    def _smoothed(self, index: int) -> None:
        window = SMOOTHING[index]
        text = tr("Smoothing off") if window == 1 else tr("Mean of the last {count} points", count=window)
        self._slider.setToolTip(text)
        self.view_changed()

    # -- read-out, menu, export ----------------------------------------------------------------------------------

    def values_at(self, x: float) -> list[tuple[str, float, float]]:
        """(name, x, y) of every visible curve at its point nearest to ``x``."""
        result = []
        for name, drawn in self._drawn.items():
            if not drawn.visible or not len(drawn.x):
                continue
            right = min(int(np.searchsorted(drawn.x, x)), len(drawn.x) - 1)
            left = max(0, right - 1)
            index = left if abs(drawn.x[left] - x) <= abs(drawn.x[right] - x) else right
            result.append((name, float(drawn.x[index]), float(drawn.y[index])))
        return result

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        found = self.values_at(x)
        if not found:
            return "", ()
        nearest = min((at for _, at, _ in found), key=lambda at: abs(at - x))
        axis = self.x_axis.labelText or "x"
        title = f"{axis} {nearest:,.0f}" if self.x_axis.whole else f"{axis} {value_text(nearest)}"
        return title, [(self._drawn[name].line.color(), name, value_text(value)) for name, _, value in found]

    def fill_menu(self, menu: QMenu) -> None:
        recent = menu.addMenu(tr("Show"))
        group = QActionGroup(recent)
        for points in WINDOWS:
            text = tr("the last {count}", count=f"{points:,}") if points else tr("everything")
            action = recent.addAction(text)
            action.setCheckable(True)
            action.setChecked(points == self._window)
            action.triggered.connect(lambda _=False, p=points: self.show_recent(p))
            group.addAction(action)

    def table(self) -> Table:
        rows = (
            (name, x, y) for name, d in self._drawn.items() for x, y in zip(d.x.tolist(), d.y.tolist(), strict=True)
        )
        return ("curve", self.x_axis.labelText or "x", "value"), rows

"""All layers in one chart: gradient, weight gradient, update size, activation spread, from input to output."""

from __future__ import annotations

import math
from collections.abc import Mapping as Series
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets.axes import NameAxis, value_text
from widgets.canvas import Array, Mapping, hairline, pen, polyline, tag
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import SYMBOLS, Entry, draw_symbol
from widgets.plot_base import AxisPlot
from widgets.range_bar import RangeBar
from widgets.readout import Row, no_gradient
from widgets.tokens import blend, color, theme

Level = Literal["warning", "error"]
EDGE = 9
"""Pixels at the lower edge that belong to "no gradient", at the upper to "not finite"."""


@dataclass(frozen=True)
class Band:
    """Values from ``low`` to ``high`` (0 and inf are open ends) that deserve a warning or are an alarm."""

    low: float
    high: float
    level: Level = "warning"
    text: str = ""


class LayerProfile(AxisPlot):
    """x: layers in topological order; y: log10 of what is measured. A click on a layer emits its id.

    A value of 0 is drawn as an open triangle at the lower edge ("no gradient"), one that is not finite as a cross at
    the upper edge; neither bends the axis. The axis follows the recent window (now, earlier, predicted); the thin bar
    at the right shows where that lies in the range of the whole run.
    """

    layer_clicked = Signal(str)
    other_points = staticmethod(lambda at: [])  # what else the legend keeps clear of: (n, 2) pixels each

    def __init__(
        self, title: str = "", help_text: str = "", *, y_label: str = "", parent: QWidget | None = None
    ) -> None:
        self._ids: list[str] = []
        self._names: list[str] = []
        self._now: dict[str, Array] = {}
        self._compare: dict[str, Array] = {}
        self._others: list[tuple[str, str, Array]] = []
        self.own = ("", "")
        """Name and colour of what is shown now, where other runs stand beside it."""
        self._earlier: dict[str, Array] = {}
        self._predicted: dict[str, Array] = {}
        self.predicted_name = ""
        self.headroom = 0.0  # share of the height above all lines that is kept free
        self.gaps = False  # shares: NaN says that there is nothing to measure, 0 is as it should be
        self._levels: dict[str, Level] = {}
        self._bands: list[Band] = []
        self._hidden: set[str] = set()
        self._selected: set[str] = set()
        self._all_time: dict[str, tuple[float, float]] = {}
        self._y_by_hand = False
        super().__init__(title, help_text, x_axis="names", y_axis="decades", legend_corner=(1.0, 1.0), parent=parent)
        self.view.wheel_axis = None
        self.y_axis.show_label(y_label)
        self.range_bar = RangeBar()
        self.add_beside(self.range_bar)
        self.legend.toggled.connect(self._toggle)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.show_empty(tr("No profile yet. Press Run or Step: one backward pass fills it."))

    # -- data in -------------------------------------------------------------------------------------------------

    def show_profile(
        self,
        layer_ids: Sequence[str],
        layer_names: Sequence[str],
        series: Series[str, ArrayLike],
        *,
        earlier: Series[str, ArrayLike] | None = None,
        predicted: Series[str, ArrayLike] | None = None,
        compare: Series[str, ArrayLike] | None = None,
        others: Sequence[tuple[str, str, ArrayLike]] = (),
        levels: Series[str, Level] | None = None,
    ) -> None:
        """``series``: name -> (L,) values now; ``earlier``: name -> (T, L), oldest first, drawn fainter with age;
        ``predicted``: name -> (L,), dashed; ``compare``: the same of run B, amber; ``others``: (name, colour, (L,)) of
        further runs; ``levels``: layer id -> its alarm.
        """
        count = len(layer_ids)
        self._ids, self._names = list(layer_ids), list(layer_names)
        self._now = {name: _checked(name, values, count) for name, values in series.items()}
        self._compare = {name: _checked(name, values, count) for name, values in (compare or {}).items()}
        self._others = [(name, hue, _checked(name, values, count)) for name, hue, values in others]
        self._predicted = {name: _checked(name, values, count) for name, values in (predicted or {}).items()}
        self._earlier = {name: _checked(name, values, count) for name, values in (earlier or {}).items()}
        self._levels = dict(levels or {})
        assert isinstance(self.x_axis, NameAxis)
        if self.x_axis.names != self._names:
            self._all_time.clear()
            self.x_axis.show_names(self._names)
        self._widen_all_time()
        if self._ids:
            self.show_data()
        self._show_legend()
        if self.follow:
            self.reset_view()
        self._show_range()
        self.canvas.update()

    def show_bands(self, bands: Sequence[Band]) -> None:
        """Regions of the axis that warn; the normal region stays plain."""
        self._bands = list(bands)
        self.canvas.update()

    def show_selected(self, layer_ids: Sequence[str] | str) -> None:
        """Highlights layers (the canvas' selection)."""
        self._selected = {layer_ids} if isinstance(layer_ids, str) else set(layer_ids)
        self.canvas.update()

    def show_series(self, name: str, visible: bool) -> None:
        """Shows or hides one of the series."""
        (self._hidden.discard if visible else self._hidden.add)(name)
        self._show_legend()
        if self.follow:
            self.reset_view()
        self._show_range()
        self.canvas.update()

    def clear_history(self) -> None:
        """Forgets the range of the whole run (after a reset)."""
        self._all_time.clear()
        self._widen_all_time()
        self._show_range()

    def _toggle(self, name: str, visible: bool) -> None:
        self.show_series(name, visible)

    # -- range ---------------------------------------------------------------------------------------------------

    def _visible(self) -> list[str]:
        return [name for name in self._now if name not in self._hidden]

    def recent_range(self) -> tuple[float, float] | None:
        """Least and greatest positive value of the visible series: now, earlier, predicted, run B."""
        parts = [
            source[name].ravel()
            for name in self._visible()
            for source in (self._now, self._earlier, self._predicted, self._compare)
            if name in source
        ] + [values for _, _, values in self._others]
        return _positive_range(np.concatenate(parts)) if parts else None

    def all_time_range(self) -> tuple[float, float] | None:
        """Least and greatest positive value of the visible series since the start of the run."""
        ranges = [self._all_time[name] for name in self._visible() if name in self._all_time]
        return (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None

    def _widen_all_time(self) -> None:
        for name, values in self._now.items():
            found = _positive_range(values)
            if found:
                old = self._all_time.get(name, found)
                self._all_time[name] = (min(old[0], found[0]), max(old[1], found[1]))

    def reset_view(self) -> None:
        if not self._ids:
            return
        low, high = self.recent_range() or (1e-3, 1.0)
        bottom, top = math.log10(low), math.log10(high)
        room = max(0.25, 0.08 * (top - bottom))
        if top - bottom < 1.0:
            room = (1.5 - (top - bottom)) / 2
        self.view.show_x(-0.5, len(self._ids) - 0.5)
        head = self.headroom * (top - bottom + 2 * room)
        self.view.show_y(bottom - room, top + room + head)

    def view_changed(self) -> None:
        self._show_range()
        self._avoid()

    def _show_range(self) -> None:
        whole = self.all_time_range()
        _, (bottom, top) = self.view.viewRange()
        self.range_bar.show_range(whole, (10.0**bottom, 10.0**top) if whole else None)

    # -- painting ------------------------------------------------------------------------------------------------

    def series_color(self, name: str) -> str:
        """Colour of a series: the first accent, then hues that stay apart for colour-blind eyes."""
        first = self.own[1] or theme().run_a
        hues = (first, theme().group("convolution"), theme().group("pooling"), theme().group("regularization"))
        index = list(self._now).index(name) if name in self._now else 0
        return hues[index % len(hues)]

    def _show_legend(self) -> None:
        measured = [name for name, values in self._now.items() if not np.isnan(values).all() or not len(values)]
        label = {name: self.own[0] or name for name in measured[:1]}
        entries = [
            Entry(label.get(name, name), self.series_color(name), visible=name not in self._hidden) for name in measured
        ]
        if len(entries) == 1:
            entries = [Entry(entry.name, entry.color, can_hide=False) for entry in entries]
        entries += [Entry(name, hue, can_hide=False) for name, hue, _ in self._others]
        if self._compare:
            entries.append(Entry(tr("run before"), theme().run_b, can_hide=False))
        if self._predicted:
            name = self.predicted_name or tr("predicted")
            entries.append(Entry(name, theme().secondary, Qt.PenStyle.DashLine, can_hide=False))
        self.legend.show_entries(entries)

    def _avoid(self) -> None:
        at = self.canvas.mapping()
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect().topLeft()
        points = self.other_points(at)
        steps = np.linspace(0, max(0, len(self._ids) - 1), max(2, 8 * len(self._ids)))
        for name in self._visible():
            for source in (self._now, self._compare, self._predicted):
                if name in source:
                    lines = np.where(source[name] == 0, (at.area.bottom() - EDGE - at.y0) / at.sy, _log(source[name]))
                    y = np.interp(steps, np.arange(len(self._ids)), lines)
                    points.append(np.stack([at.x0 + at.sx * steps, at.y0 + at.sy * y], axis=1))
        if points:
            self.legend.avoid(np.concatenate(points) + np.array([origin.x(), origin.y()]))

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        self.paint_chosen(painter, at, self._ids, self._selected)
        super().paint_grid(painter, at)
        for band in self._bands:
            self._paint_band(painter, at, band)

    def _paint_band(self, painter: QPainter, at: Mapping, band: Band) -> None:
        top = at.y(math.log10(band.high)) if math.isfinite(band.high) and band.high > 0 else at.area.top()
        bottom = at.y(math.log10(band.low)) if band.low > 0 else at.area.bottom()
        box = QRectF(QPointF(at.area.left(), top), QPointF(at.area.right(), bottom)).intersected(at.area)
        if box.height() < 1:
            return
        hue = getattr(theme(), band.level)
        painter.fillRect(box, color(hue, 0.09))
        for edge, value in ((top, band.high), (bottom, band.low)):
            if math.isfinite(value) and value > 0:
                left, right = QPointF(at.area.left(), edge), QPointF(at.area.right(), edge)
                hairline(painter, left, right, blend(theme().panel, hue, 0.55), Qt.PenStyle.DashLine)
        if band.text and box.height() > 14:
            self._paint_band_text(painter, at, band, box, hue)

    def _paint_band_text(self, painter: QPainter, at: Mapping, band: Band, box: QRectF, hue: str) -> None:
        """The band's word, left, right or between: where neither data nor legend lie."""
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect().topLeft()
        legend = (
            QRectF(self.legend.geometry()).translated(-origin.x(), -origin.y()) if self.legend.isVisible() else None
        )
        values = np.abs(next(iter(self._now.values()), np.zeros(0)))

        def hidden(share: float) -> int:
            x = at.area.left() + share * at.area.width()
            near = values[int(share * max(0, len(values) - 1)) :][:2] if share < 1 else values[-2:]
            under = legend is not None and legend.adjusted(-40, -8, 40, 8).contains(x, box.top() + 9)
            return 2 * under + bool(((near >= band.low) & (near <= band.high)).any())

        share = min((0.0, 1.0, 0.38), key=hidden)
        x = at.area.left() + 4 + share * (at.area.width() - 8)
        tag(painter, band.text, QPointF(x, box.top() + 9), hue, left=share == 1.0, area=at.area)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        x = at.x0 + at.sx * np.arange(len(self._ids))
        for place, (_, hue, values) in enumerate(self._others):
            self._paint_line(painter, at, x, values, hue, SYMBOLS[(place + 1) % 4])
        for index, name in enumerate(self._now):
            if name in self._hidden:
                continue
            hue = self.series_color(name)
            self._paint_earlier(painter, at, x, name, hue)
            if name in self._predicted:
                painter.setPen(pen(theme().secondary, Qt.PenStyle.DashLine))
                polyline(painter, x, at.y0 + at.sy * _log(self._predicted[name]))
            if name in self._compare:
                self._paint_line(painter, at, x, self._compare[name], theme().run_b, SYMBOLS[index % 4])
            if np.isnan(self._now[name]).all():
                continue  # nothing measured yet: only the prediction stands
            self._paint_line(painter, at, x, self._now[name], hue, SYMBOLS[index % 4])
            self._paint_levels(painter, at, x, self._now[name]) if index == 0 else None

    def _paint_earlier(self, painter: QPainter, at: Mapping, x: Array, name: str, hue: str) -> None:
        past = self._earlier.get(name)
        if past is None:
            return
        for age, values in enumerate(past):
            share = 0.12 + 0.30 * (age + 1) / len(past)
            painter.setPen(pen(blend(theme().panel, hue, share), width=1))
            polyline(painter, x, at.y0 + at.sy * _log(values))

    def _paint_line(self, painter: QPainter, at: Mapping, x: Array, values: Array, hue: str, symbol: str) -> None:
        y = at.y0 + at.sy * _log(values)
        painter.setPen(pen(hue))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        polyline(painter, x, y)
        radius = 3.6 if abs(at.sx) > 16 else (2.4 if abs(at.sx) > 7 else 0.0)
        for place, height, value in zip(x, y, values, strict=True):
            if np.isfinite(height):
                if radius:
                    draw_symbol(painter, symbol, QPointF(place, height), radius, hue)
            elif value == 0:
                self._paint_zero(painter, QPointF(place, at.area.bottom() - EDGE), hue)
            elif not (self.gaps and math.isnan(value)):
                self._paint_cross(painter, QPointF(place, at.area.top() + EDGE))
        zeros = np.flatnonzero(values == 0)
        if len(zeros):
            above = QPointF(x[zeros[0]] - 8, at.area.bottom() - EDGE - 18)  # clear of triangles and rings
            tag(painter, "0" if self.gaps else no_gradient(len(zeros)), above, hue, area=at.area)

    def _paint_zero(self, painter: QPainter, place: QPointF, hue: str) -> None:
        painter.setPen(pen(hue, width=1.5))
        painter.setBrush(color(theme().panel))
        painter.drawPolygon([place + QPointF(-4.5, -4), place + QPointF(4.5, -4), place + QPointF(0, 4.5)])

    def _paint_cross(self, painter: QPainter, place: QPointF) -> None:
        painter.setPen(pen(theme().error, width=2))
        painter.drawLine(place + QPointF(-4, -4), place + QPointF(4, 4))
        painter.drawLine(place + QPointF(-4, 4), place + QPointF(4, -4))

    def _paint_levels(self, painter: QPainter, at: Mapping, x: Array, values: Array) -> None:
        y = np.where(values == 0, at.area.bottom() - EDGE, at.y0 + at.sy * _log(values))
        for index, ident in enumerate(self._ids):
            if ident in self._levels and np.isfinite(y[index]):
                draw_symbol(painter, "ring", QPointF(x[index], y[index]), 7, getattr(theme(), self._levels[ident]))

    # -- mouse, export -------------------------------------------------------------------------------------------

    def layer_at(self, x: float) -> int:
        """Index of the layer at data position ``x``, -1 when there is none."""
        index = math.floor(x + 0.5)
        return index if 0 <= index < len(self._ids) else -1

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        index = self.layer_at(x)
        if index < 0:
            return "", ()
        rows, words = list[Row](), value_text if self.gaps else _words
        for name in self._visible():
            rows.append((self.series_color(name), name, words(self._now[name][index])))
            if name in self._predicted:
                rows.append((theme().secondary, tr("predicted"), words(self._predicted[name][index])))
            if name in self._compare:
                rows.append((theme().run_b, f"{name}, B", words(self._compare[name][index])))
        rows += [(hue, name, words(values[index])) for name, hue, values in self._others]
        return self._names[index], rows

    def place_cursor(self, x: float | None) -> None:
        super().place_cursor(None if x is None else float(self.layer_at(x)))

    def _clicked(self, event: object) -> None:
        at = self.clicked_place(event)
        if at is not None and (index := self.layer_at(at.x())) >= 0:
            self.layer_clicked.emit(self._ids[index])

    def table(self) -> Table:
        columns: dict[str, Array] = dict(self._now)
        columns |= {f"{name}, predicted": values for name, values in self._predicted.items()}
        columns |= {f"{name}, B": values for name, values in self._compare.items()}
        columns |= {name: values for name, _, values in self._others}
        rows = (
            [ident, self._names[index], *(float(values[index]) for values in columns.values())]
            for index, ident in enumerate(self._ids)
        )
        return ("id", "layer", *columns), rows


def _checked(name: str, values: ArrayLike, count: int) -> Array:
    array = np.asarray(values, dtype=float)
    if array.shape[-1:] != (count,):
        raise ValueError(f"profile series {name!r}: expected {count} layers, got shape {array.shape}")
    return array


def _log(values: Array) -> Array:
    """log10 |v|; NaN where v is 0 or not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.where((values != 0) & np.isfinite(values), np.abs(values), np.nan))


def _positive_range(values: Array) -> tuple[float, float] | None:
    good = np.abs(values[np.isfinite(values) & (values != 0)])
    return (float(good.min()), float(good.max())) if good.size else None


def _words(value: float) -> str:
    return tr("no gradient") if value == 0 else value_text(float(value))

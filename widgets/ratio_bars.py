"""Stacked signed bars per layer: what a quantity lost (below zero) and gained (above), part by part, and in total."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets.axes import NameAxis
from widgets.canvas import Mapping, hairline, pen, tag
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import Entry
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import color, theme

BAR = 0.62
"""Width of a bar, as a share of its layer's room."""


@dataclass(frozen=True)
class Segment:
    """One part of a bar. ``decades``: signed height; ``kind``: its name in the legend; ``text``: what it says."""

    kind: str
    color: str
    decades: float
    text: str


@dataclass(frozen=True)
class Tick:
    """One of several ways that meet: ``decades`` is what it would hand on alone."""

    text: str
    decades: float


class RatioBars(AxisPlot):
    """x: layers in topological order; y: decades. Parts that lose hang below zero, parts that gain stand above; the
    mark is their sum. Where ways meet, a diamond beside the bar stands at what each would be alone. A click on a part
    emits the layer's id and the part's place; one with no finite height is left out and named in the read-out.
    """

    segment_clicked = Signal(str, int)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._ids: list[str] = []
        self._names: list[str] = []
        self._bars: list[tuple[Segment, ...]] = []
        self._ticks: list[tuple[Tick, ...]] = []
        self._selected: set[str] = set()
        self._strip = 0.0
        super().__init__(title, help_text, x_axis="names", legend_corner=(1.0, 0.0), parent=parent)
        self.legend.flat = True
        self.view.wheel_axis = None
        self.plot.scene().sigMouseClicked.connect(self._clicked)

    def show_bars(
        self,
        ids: Sequence[str],
        names: Sequence[str],
        bars: Sequence[Sequence[Segment]],
        ticks: Sequence[Sequence[Tick]] = (),
    ) -> None:
        """One sequence of parts per layer, in the order in which the gradient is followed; ``ticks`` likewise."""
        if not len(ids) == len(names) == len(bars):
            raise ValueError(f"ratio bars: {len(ids)} ids, {len(names)} names, {len(bars)} bars")
        self._ids, self._names = list(ids), list(names)
        self._bars = [tuple(b) for b in bars]
        self._ticks = [tuple(t) for t in ticks] or [()] * len(bars)
        assert isinstance(self.x_axis, NameAxis)
        if self.x_axis.names != self._names:
            self.x_axis.show_names(self._names)
        self.y_axis.show_label(tr("decades"))
        self._show_legend()
        if self._ids:
            self.show_data()
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def show_selected(self, ids: Sequence[str] | str) -> None:
        """Highlights layers (the canvas' selection)."""
        self._selected = {ids} if isinstance(ids, str) else set(ids)
        self.canvas.update()

    def total(self, index: int) -> float:
        """Sum of a layer's parts."""
        return sum(s.decades for s in self._bars[index])

    def spans(self, index: int) -> list[tuple[float, float]]:
        """(low, high) of each part of a layer's bar; parts without a finite height are empty at zero."""
        up = down = 0.0
        found: list[tuple[float, float]] = []
        for segment in self._bars[index]:
            height = segment.decades if math.isfinite(segment.decades) else 0.0
            if height >= 0:
                found.append((up, up + height))
                up += height
            else:
                found.append((down + height, down))
                down += height
        return found

    def reset_view(self) -> None:
        ends = [edge for k in range(len(self._ids)) for span in self.spans(k) for edge in span]
        ends += [t.decades for ticks in self._ticks for t in ticks if math.isfinite(t.decades)]
        low, high = min(ends, default=-1.0), max(ends, default=0.0)
        room = max(0.12, 0.12 * (high - low))
        above = max(room, self._strip / (1 - self._strip) * (high - low + room))  # the legend stands there
        self.view.show_x(-0.5, max(len(self._ids), 1) - 0.5)
        self.view.show_y(low - room, high + above)

    def _show_legend(self) -> None:
        kinds = {s.kind: s.color for bar in self._bars for s in bar}
        self.legend.show_entries([Entry(kind, hue, can_hide=False) for kind, hue in kinds.items()])

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        self.paint_chosen(painter, at, self._ids, self._selected)
        super().paint_grid(painter, at)

    def _keep_strip(self, height: float) -> None:
        """Room for the legend above the bars, anew where the panel or the legend is another."""
        wanted = min(0.6, (self.legend.height() + 8) / max(height, 1.0)) if self.legend.entries() else 0.0
        if abs(wanted - self._strip) > 0.01:
            self._strip = wanted
            if self.follow:
                QTimer.singleShot(0, self, self.reset_view)

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        self._keep_strip(at.area.height())
        zero = at.y(0.0)
        hairline(painter, QPointF(at.area.left(), zero), QPointF(at.area.right(), zero), theme().outline)
        for index, bar in enumerate(self._bars):
            for segment, (low, high) in zip(bar, self.spans(index), strict=True):
                box = at.rect(index - BAR / 2, index + BAR / 2, low, high)
                if box.height() >= 0.5:
                    painter.setPen(pen(theme().panel, width=1))
                    painter.setBrush(color(segment.color))
                    painter.drawRect(box)
            self._paint_ticks(painter, at, index)
            if bar:
                self._paint_total(painter, at, index)

    def _paint_ticks(self, painter: QPainter, at: Mapping, index: int) -> None:
        """The first one, which the parts follow, is filled."""
        for k, tick in enumerate(self._ticks[index]):
            if math.isfinite(tick.decades):
                place = at.point(index + BAR / 2, tick.decades)
                painter.setPen(pen(theme().text, width=1))
                painter.setBrush(color(theme().text if k == 0 else theme().panel))
                painter.drawPolygon([place + QPointF(x, y) for x, y in ((0, -4), (4, 0), (0, 4), (-4, 0))])

    def _paint_total(self, painter: QPainter, at: Mapping, index: int) -> None:
        total = self.total(index)
        if not math.isfinite(total):
            return
        place = at.point(index, total)
        half = abs(at.sx) * BAR / 2 + 3
        painter.setPen(pen(theme().text, width=2))
        painter.drawLine(place - QPointF(half, 0), place + QPointF(half, 0))
        if abs(at.sx) > 44:
            low = min((s[0] for s in self.spans(index)), default=0.0)
            below = QPointF(at.x(index), at.y(min(low, total)) + 10)
            box_half = painter.fontMetrics().horizontalAdvance(f"{total:+.2f}") / 2
            tag(painter, f"{total:+.2f}", below - QPointF(box_half, 0), theme().text, area=at.area)

    def segment_at(self, x: float, y: float) -> tuple[int, int]:
        """(layer, part) at a data position; part -1 beside the parts, layer -1 outside."""
        index = math.floor(x + 0.5)
        if not 0 <= index < len(self._ids):
            return -1, -1
        for part, (low, high) in enumerate(self.spans(index)):
            if low <= y <= high and abs(x - index) <= BAR / 2:
                return index, part
        return index, -1

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        index, part = self.segment_at(x, y)
        if index < 0:
            return "", ()
        bar = self._bars[index]
        if part >= 0:
            return self._names[index], [(bar[part].color, bar[part].text, "")]
        rows: list[Row] = [(s.color, s.kind, f"{s.decades:+.3f}") for s in bar]
        hue = theme().text
        rows += [(hue, tr("alone by way of {name}", name=t.text), f"{t.decades:+.3f}") for t in self._ticks[index]]
        return self._names[index], [*rows, ("", tr("in all"), f"{self.total(index):+.3f}")] if bar else []

    def place_cursor(self, x: float | None) -> None:
        super().place_cursor(None)

    def _clicked(self, event: object) -> None:
        at = self.clicked_place(event)
        if at is not None:
            index, part = self.segment_at(at.x(), at.y())
            if index >= 0:
                self.segment_clicked.emit(self._ids[index], part)

    def table(self) -> Table:
        rows = (
            [self._ids[k], self._names[k], s.kind, s.decades, s.text] for k, bar in enumerate(self._bars) for s in bar
        )
        return ("id", "layer", "part", "decades", "text"), rows

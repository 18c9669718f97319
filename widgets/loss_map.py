"""The loss over a plane as a map with contour lines, and the path that training took across it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from widgets import colormaps
from widgets.axes import value_text
from widgets.canvas import Array, Mapping, pen, pixels, polyline, tag
from widgets.color_legend import ColorLegend
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import draw_symbol
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import color, theme

#: pixels along each side of the map, and contour lines over its range
FINE, CONTOURS = 240, 12
#: labels along the path at most
LABELS = 5


class LossMap(AxisPlot):
    """Colour is the loss (viridis, dark = low), on a log scale where it spans a decade; lines join equal losses.
    The ring is where we are."""

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._across: Array = np.zeros(0)
        self._up: Array = np.zeros(0)
        self._losses: Array = np.zeros((0, 0))
        self._path: Array = np.zeros((0, 2))
        self._steps: Sequence[int] = ()
        self._picture = QImage()
        super().__init__(title, help_text, parent=parent)
        self.color_legend = ColorLegend()
        self.add_beside(self.color_legend)
        self.color_legend.range_changed.connect(self._show_range)
        self.color_legend.reset_wanted.connect(lambda: self._show_range(*self._whole()))

    def show_map(
        self,
        across: ArrayLike,
        up: ArrayLike,
        losses: ArrayLike,
        path: ArrayLike,
        steps: Sequence[int],
        *,
        x_label: str = "",
        y_label: str = "",
    ) -> None:
        """``losses`` (H, W) at ``up`` (H,) and ``across`` (W,), evenly spaced; ``path`` (T, 2) at ``steps`` (T,)."""
        self._across, self._up, self._losses = (np.asarray(a, dtype=float) for a in (across, up, losses))
        if self._losses.shape != (len(self._up), len(self._across)):
            raise ValueError(f"loss map: {len(self._up)} x {len(self._across)} places, {self._losses.shape} losses")
        self._path, self._steps = np.asarray(path, dtype=float).reshape(-1, 2), list(steps)
        self.x_axis.show_label(x_label)
        self.y_axis.show_label(y_label)
        self.show_data()
        self._show_range(*self._whole())
        if self.follow:
            self.reset_view()
        self.canvas.update()

    def _whole(self) -> tuple[float, float]:
        good = self._losses[np.isfinite(self._losses) & (self._losses > 0)]
        if not good.size:
            return 1e-3, 1.0
        low, high = float(good.min()), float(good.max())
        return low, max(high, low * 1.01)

    def _show_range(self, low: float, high: float) -> None:
        log = high >= 10 * low > 0
        self._picture = _picture(self._losses, low, high, log)
        self.color_legend.show_scale("log" if log else "linear", low, high, colormaps.viridis())
        self.canvas.update()

    def reset_view(self) -> None:
        if len(self._across) and len(self._up):
            self.view.show_x(*self._ends(self._across))
            self.view.show_y(*self._ends(self._up))

    @staticmethod
    def _ends(places: Array) -> tuple[float, float]:
        """Half a cell beyond the first and the last place."""
        half = 0.5 * (places[1] - places[0]) if len(places) > 1 else 0.5
        return float(places[0] - half), float(places[-1] + half)

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        painter.fillRect(at.area, color(theme().canvas))

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        if self._picture.isNull():
            return
        pixels(painter, self._picture, at.rect(*self._ends(self._across), *self._ends(self._up)))
        here = at.point(0.0, 0.0)
        if len(self._path) > 1:
            x, y = at.x0 + at.sx * self._path[:, 0], at.y0 + at.sy * self._path[:, 1]
            # A rim in the panel's colour: no single colour stands out from all of the map.
            for hue, width in ((theme().panel, 4.5), (theme().run_b, 2.0)):
                painter.setPen(pen(hue, width=width))
                polyline(painter, x, y)
            for a, b in zip(x, y, strict=True):
                draw_symbol(painter, "o", QPointF(a, b), 2.2, theme().run_b)
            self._paint_steps(painter, at, x, y)
        for size, hue in ((7.0, theme().panel), (5.0, theme().error)):
            draw_symbol(painter, "ring", here, size, hue)

    def _paint_steps(self, painter: QPainter, at: Mapping, x: Array, y: Array) -> None:
        """Steps along the path, evenly by length, where they do not hide each other."""
        length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        taken: list[QPointF] = []
        for share in np.linspace(0.0, 1.0, LABELS):
            k = int(np.argmin(np.abs(length - share * length[-1])))
            place = QPointF(x[k] + 6, y[k] - 10)
            if all(abs(p.x() - place.x()) > 52 or abs(p.y() - place.y()) > 16 for p in taken):
                taken.append(place)
                tag(painter, f"{self._steps[k]:,}", place, theme().text, area=at.area)

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        if not self._losses.size:
            return "", ()
        i, j = int(np.argmin(np.abs(self._up - y))), int(np.argmin(np.abs(self._across - x)))
        title, rows = "", [(theme().secondary, tr("loss"), value_text(float(self._losses[i, j])))]
        if len(self._path):
            spans = (self._across[-1] - self._across[0]) or 1.0, (self._up[-1] - self._up[0]) or 1.0
            away = np.hypot((self._path[:, 0] - x) / spans[0], (self._path[:, 1] - y) / spans[1])
            if float(away.min()) < 0.03:
                title = tr("step {step}", step=f"{self._steps[int(away.argmin())]:,}")
        return title, rows

    def table(self) -> Table:
        places = [(i, j) for i in range(len(self._up)) for j in range(len(self._across))]
        plane = [["plane", "", self._across[j], self._up[i], self._losses[i, j]] for i, j in places]
        path = [["path", s, p[0], p[1], ""] for s, p in zip(self._steps, self._path, strict=False)]
        return ("part", "step", "x", "y", "loss"), [*plane, *path]


def _picture(losses: Array, low: float, high: float, log: bool) -> QImage:
    """(H, W) as an image with contour lines, the first row at the bottom."""
    lost = ~np.isfinite(losses)
    shown = np.where(lost, high, losses)
    if log:
        shown, low, high = np.log10(np.maximum(shown, 1e-3 * low)), math.log10(low), math.log10(high)
    fine = _enlarged(shown, FINE)
    words = colormaps.viridis()[colormaps.linear_index(fine, low, high)]
    level = np.floor((fine - low) / max(high - low, 1e-12) * CONTOURS)
    edge = np.zeros(level.shape, dtype=bool)
    edge[:-1] |= level[:-1] != level[1:]
    edge[:, :-1] |= level[:, :-1] != level[:, 1:]
    channels = np.stack([(words >> s) & 255 for s in (16, 8, 0)]).astype(float)
    lines = np.where(channels.sum(0) > 330, 0.72 * channels, channels + 0.30 * (255 - channels))
    mixed = np.where(edge, lines, channels).astype(np.uint32)
    words = np.uint32(0xFF000000) | (mixed[0] << 16) | (mixed[1] << 8) | mixed[2]
    words = np.where(_enlarged(lost.astype(float), FINE) > 0.5, np.uint32(color(theme().error).rgba()), words)
    return colormaps.image(words[::-1].astype(np.uint32))


def _enlarged(values: Array, side: int) -> Array:
    """(H, W) -> (side, side) by straight lines between the middles of the cells."""
    rows = np.linspace(-0.5, values.shape[0] - 0.5, side)
    columns = np.linspace(-0.5, values.shape[1] - 0.5, side)

    def along(a: Array, places: Array) -> Array:
        first = np.clip(np.floor(places), 0, max(len(a) - 2, 0)).astype(int)
        share = np.clip(places - first, 0, 1)[:, None]
        return np.asarray(a[first] * (1 - share) + a[np.minimum(first + 1, len(a) - 1)] * share)

    return along(along(values, rows).T, columns).T

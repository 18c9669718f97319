"""An activation's curve and slope over the histogram of what enters it; a slider previews another scale of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QSlider, QToolButton, QWidget

from widgets import icons, tokens
from widgets.axes import value_text
from widgets.canvas import Array, Mapping, hairline, pen, polygon, polyline
from widgets.export import Table
from widgets.i18n import tr
from widgets.legend import Entry
from widgets.plot_base import AxisPlot
from widgets.readout import Row
from widgets.tokens import color, theme

MOST = 20
"""The slider goes from -MOST to MOST; MOST is a gain of ten."""
HIGHEST = 0.6
"""Share of the picture's height that the histogram may take."""


@dataclass(frozen=True)
class Scope:
    """``z``, ``phi``, ``slope``, ``flat``: (K,); the histogram's ``edges`` (B + 1,) and ``counts`` (B,)."""

    z: ArrayLike
    phi: ArrayLike
    slope: ArrayLike
    flat: ArrayLike
    edges: ArrayLike
    counts: ArrayLike


class ActivationScope(AxisPlot):
    """x: z. The shaded ground is where the activation is flat.

    ``gain_changed(gain)`` while the slider moves; the histogram of gain * z is then drawn in amber beside the live one.
    """

    gain_changed = Signal(float)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self._z: Array = np.zeros(0)
        self._phi: Array = np.zeros(0)
        self._slope: Array = np.zeros(0)
        self._flat = np.zeros(0, dtype=bool)
        self._edges: Array = np.zeros(0)
        self._counts: Array = np.zeros(0)
        self._hidden: set[str] = set()
        super().__init__(title, help_text, parent=parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-MOST, MOST)
        self.slider.setFixedWidth(84)
        self.slider.setAccessibleName(tr("Gain"))
        self.slider.valueChanged.connect(self._moved)
        self.figure = QLabel()
        back = QToolButton()
        icons.bind_icon(back, "reset", "secondary", tokens.ICON_SMALL)
        back.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        back.setToolTip(tr("Gain back to 1"))
        back.setAccessibleName(back.toolTip())
        back.clicked.connect(lambda: self.slider.setValue(0))
        for widget in (self.figure, self.slider, back):
            self.tools.addWidget(widget)
        self.legend.toggled.connect(self._toggle)
        self._moved(0)
        self.show_empty(tr("Select a layer and press Run: its activation is drawn here over what enters it."))

    @property
    def gain(self) -> float:
        """What z is multiplied by in the preview; 1 is none."""
        return float(10 ** (self.slider.value() / MOST))

    def show_gain(self, gain: float) -> None:
        """The nearest place of the slider."""
        self.slider.setValue(round(MOST * math.log10(gain)))

    def show_scope(self, scope: Scope) -> None:
        """Curve, ground and histogram."""
        self._z, self._phi, self._slope, self._edges, self._counts = (
            np.asarray(a, dtype=float) for a in (scope.z, scope.phi, scope.slope, scope.edges, scope.counts)
        )
        self._flat = np.asarray(scope.flat, dtype=bool)
        if len(self._edges) != len(self._counts) + 1 or not len(self._z) == len(self._phi) == len(self._slope):
            raise ValueError(
                f"scope: {len(self._z)} z, {len(self._phi)} phi, {len(self._slope)} slopes, {len(self._edges)} edges "
                f"of {len(self._counts)} bins"
            )
        self.x_axis.show_label(tr("z, what enters the activation"))
        self._show_legend()
        self.show_data()
        if self.follow:
            self.reset_view()
        self.view_changed()
        self.canvas.update()

    def flat_zones(self) -> list[tuple[float, float]]:
        """Stretches of z where the activation is flat."""
        ends = np.flatnonzero(np.diff(np.concatenate(([False], self._flat, [False])).astype(int)))
        return [(float(self._z[a]), float(self._z[b - 1])) for a, b in zip(ends[::2], ends[1::2], strict=True)]

    def reset_view(self) -> None:
        if not len(self._z):
            return
        self.view.show_x(float(self._z[0]), float(self._z[-1]))
        values = np.concatenate((self._phi, self._slope, [0.0]))
        values = values[np.isfinite(values)]
        low, high = float(values.min()), float(values.max())
        room = 0.08 * (high - low) or 0.5
        self.view.show_y(low - room, high + room)

    def view_changed(self) -> None:
        """The legend goes where it hides neither curve."""
        if not len(self._z):
            return
        at = self.canvas.mapping()
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect().topLeft()
        heights = np.concatenate((self._phi, self._slope))
        points = np.stack((at.x0 + at.sx * np.tile(self._z, 2), at.y0 + at.sy * heights), axis=1)
        self.legend.avoid(points[np.isfinite(heights)] + np.array([origin.x(), origin.y()]))

    # -- painting ------------------------------------------------------------------------------------------------

    def _names(self) -> tuple[str, str]:
        return tr("activation φ(z)"), tr("slope φ′(z)")

    def _show_legend(self) -> None:
        phi, slope = self._names()
        entries = [
            Entry(phi, theme().text, visible=phi not in self._hidden),
            Entry(slope, theme().good, Qt.PenStyle.DashLine, visible=slope not in self._hidden),
            Entry(tr("z now"), theme().run_a, symbol="s", can_hide=False),
        ]
        if self.slider.value():
            entries.append(Entry(tr("z with the gain"), theme().run_b, symbol="s", can_hide=False))
        self.legend.show_entries(entries)

    def _toggle(self, name: str, visible: bool) -> None:
        self._hidden = self._hidden - {name} if visible else self._hidden | {name}
        self._show_legend()
        self.canvas.update()

    def _moved(self, place: int) -> None:
        self.figure.setText(tr("gain {gain:.2f}", gain=self.gain))
        self.slider.setToolTip(tr("Previews z multiplied by {gain:.2f}; nothing is changed", gain=self.gain))
        self.gain_changed.emit(self.gain)
        if len(self._z):
            self._show_legend()
            self.canvas.update()

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        if not len(self._z):
            return
        for low, high in self.flat_zones():
            box = QRectF(at.x(low), at.area.top(), at.x(high) - at.x(low), at.area.height())
            painter.fillRect(box, color(theme().warning, 0.14))
        self._paint_histogram(painter, at, 1.0, theme().run_a)
        if self.slider.value():
            self._paint_histogram(painter, at, self.gain, theme().run_b)
        zero = at.y(0.0)
        hairline(painter, QPointF(at.area.left(), zero), QPointF(at.area.right(), zero), theme().outline)
        phi, slope = self._names()
        x = at.x0 + at.sx * self._z
        if slope not in self._hidden:
            painter.setPen(pen(theme().good, Qt.PenStyle.DashLine))
            polyline(painter, x, at.y0 + at.sy * self._slope)
        if phi not in self._hidden:
            painter.setPen(pen(theme().text, width=tokens.LINE_WIDTH))
            polyline(painter, x, at.y0 + at.sy * self._phi)

    def _paint_histogram(self, painter: QPainter, at: Mapping, gain: float, hue: str) -> None:
        """Heights are log(1 + count), as in the other histograms: a spike must not hide the rest."""
        if not self._counts.any():
            return
        scaled = self._edges * gain
        heights = np.log1p(self._counts) / np.log1p(self._counts.max())
        reach = HIGHEST * at.area.height()
        edges = at.x0 + at.sx * scaled
        x = np.repeat(edges, 2)
        y = at.area.bottom() - reach * np.concatenate(([0.0], np.repeat(heights, 2), [0.0]))
        painter.setPen(pen(hue, width=1.0))
        painter.setBrush(color(hue, 0.22))
        painter.drawPolygon(polygon(x, y))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # -- read-out, export ----------------------------------------------------------------------------------------

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        if not len(self._z) or not self._z[0] <= x <= self._z[-1]:
            return "", ()
        phi, slope = self._names()
        rows: list[Row] = [
            (theme().text, phi, value_text(float(np.interp(x, self._z, self._phi)))),
            (theme().good, slope, value_text(float(np.interp(x, self._z, self._slope)))),
        ]
        place = int(np.searchsorted(self._edges, x, "right")) - 1
        if 0 <= place < len(self._counts):
            low, high = (value_text(float(v)) for v in self._edges[place : place + 2])
            rows.append((theme().run_a, f"{low} ... {high}", f"{self._counts[place]:,.0f}"))
        return tr("z = {z}", z=value_text(x)), rows

    def table(self) -> Table:
        curve = (("curve", float(z), float(p), float(s)) for z, p, s in zip(self._z, self._phi, self._slope))
        bins = (("bin", float(a), float(b), float(n)) for a, b, n in zip(self._edges, self._edges[1:], self._counts))
        return ("kind", "z or from", "phi or to", "slope or count"), (*curve, *bins)

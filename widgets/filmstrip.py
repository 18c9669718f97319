"""Kernels over time: a row per filter, a column per moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QToolTip, QVBoxLayout, QWidget

from widgets import colormaps, tokens
from widgets.axes import value_text
from widgets.canvas import Array, pixels
from widgets.export import Table
from widgets.fields.segmented import Segmented
from widgets.i18n import tr
from widgets.panel import PlotPanel
from widgets.tokens import color, theme

LEAST_CELL, MOST_CELL, GAP = 26, 64, 7
HEAD, SIDE = 18, 30


class Film(QWidget):
    """The pictures themselves; as high as all filters need."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels: Array = np.zeros((0, 0, 1, 1))
        self.steps: Sequence[int] = ()
        self.each = False
        tokens.on_theme(self, self.update)

    def cell(self) -> int:
        """Side of a picture: as large as the width allows."""
        count = max(len(self.steps), 1)
        return min(max((self.width() - SIDE) // count - GAP, LEAST_CELL), MOST_CELL)

    def fit(self) -> None:
        """Makes room for all rows and columns."""
        rows, columns = (self.kernels.shape[1], len(self.steps)) if self.kernels.size else (0, 0)
        self.setMinimumSize(QSize(SIDE + columns * (LEAST_CELL + GAP), HEAD + rows * (self.cell() + GAP)))
        self.update()

    def _span(self, filter_: int) -> float:
        part = self.kernels[:, filter_] if self.each else self.kernels
        return float(np.abs(part).max()) if part.size else 1.0

    def place(self, moment: int, filter_: int) -> QRectF:
        """Where a picture is."""
        step = self.cell() + GAP
        return QRectF(SIDE + moment * step, HEAD + filter_ * step, self.cell(), self.cell())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(tokens.font("caption"))
        if not self.kernels.size:
            return
        for k, step in enumerate(self.steps):
            box = self.place(k, 0)
            painter.setPen(color(theme().secondary))
            painter.drawText(
                QRectF(box.left() - GAP, 0, box.width() + 2 * GAP, HEAD), Qt.AlignmentFlag.AlignCenter, short(step)
            )
        for f in range(self.kernels.shape[1]):
            span, first = self._span(f), self.place(0, f)
            if not first.intersects(QRectF(event.rect())) and first.top() > event.rect().bottom():
                break
            painter.setPen(color(theme().secondary))
            side = QRectF(0, first.top(), SIDE - 6, first.height())
            painter.drawText(side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(f + 1))
            for k in range(len(self.steps)):
                words = colormaps.signed()[colormaps.signed_index(self.kernels[k, f], span)]
                box = self.place(k, f)
                pixels(painter, colormaps.image(words), box)
                painter.setPen(color(theme().border))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))

    def told(self, place: QPointF) -> str:
        """What is under the pointer: filter, step, weight."""
        for k in range(len(self.steps)):
            for f in range(self.kernels.shape[1]):
                box = self.place(k, f)
                if box.contains(place):
                    h, w = self.kernels.shape[2:]
                    i = int((place.y() - box.top()) / box.height() * h)
                    j = int((place.x() - box.left()) / box.width() * w)
                    value = value_text(float(self.kernels[k, f, min(i, h - 1), min(j, w - 1)]))
                    step = f"{self.steps[k]:,}"
                    return tr("filter {filter}, step {step}: {value}", filter=f + 1, step=step, value=value)
        return ""


class FilmStrip(PlotPanel):
    """``show_film``: kernels (T, K, h, w), signed colours, one scale for all or for each filter (a switch)."""

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(title, help_text, parent)
        self.film = Film()
        self._area = _Area(self.film)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(tokens.SPACE_2, 0, 0, 0)
        column.addWidget(self._area)
        self.scale = Segmented([("layer", tr("one scale")), ("filter", tr("each filter"))])
        self.scale.value_changed.connect(self._choose)
        self.tools.addWidget(self.scale)

    def _choose(self, value: object) -> None:
        self.film.each = value == "filter"
        self.film.update()

    def show_film(self, steps: Sequence[int], kernels: ArrayLike) -> None:
        """One column per step."""
        array = np.asarray(kernels, dtype=float)
        if array.ndim != 4 or len(array) != len(steps):
            raise ValueError(f"filmstrip: expected kernels (T, K, h, w) of {len(steps)} steps, got {array.shape}")
        self.film.kernels, self.film.steps = array, list(steps)
        self.show_data()
        self.film.fit()

    def table(self) -> Table:
        k = self.film.kernels
        rows = (
            [step, f + 1, i, j, float(k[t, f, i, j])]
            for t, step in enumerate(self.film.steps)
            for f in range(k.shape[1])
            for i in range(k.shape[2])
            for j in range(k.shape[3])
        )
        return ("step", "filter", "row", "column", "weight"), rows


class _Area(QScrollArea):
    """Scrolls the film and tells what is under the pointer."""

    def __init__(self, film: Film) -> None:
        super().__init__()
        self._film = film
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(film)
        film.installEventFilter(self)

    def eventFilter(self, watched: object, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._film.told(QPointF(event.pos())), self._film)
            return True
        if event.type() == event.Type.Resize:  # type: ignore[attr-defined]
            self._film.fit()
        return super().eventFilter(watched, event)  # type: ignore[arg-type]


def short(step: int) -> str:
    """A step in five letters: 120, 1.2k, 35k, 2.1M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if step >= size:
            return f"{step / size:.1f}".rstrip("0").rstrip(".") + unit if step < 10 * size else f"{step // size}{unit}"
    return str(step)

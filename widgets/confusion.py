"""Which class was taken for which."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets import colormaps, tokens
from widgets.canvas import pixels
from widgets.export import Table
from widgets.fields.badge import Badge
from widgets.i18n import tr
from widgets.panel import PlotPanel
from widgets.tokens import color, theme

LARGEST_CELL = 72
LEAST_FOR_TEXT = 20
MARGIN_CLASSES = 40
"""Above so many classes, recall and precision are left to the hover."""
SLANT, SLANT_LIMIT = 40.0, 84.0
"""Degrees and greatest length of slanted names above the columns."""
_CENTER = Qt.AlignmentFlag.AlignCenter
_RIGHT_MIDDLE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Matrix(QWidget):
    """The painted part."""

    hovered = Signal(int, int, QPointF)
    clicked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.counts: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self.names: list[str] = []
        self.hover = (-1, -1)
        self.slanted = False
        self._picture = QImage()
        self._reduced = QImage()
        self.setMouseTracking(True)
        self.setMinimumSize(120, 120)
        tokens.on_theme(self, self.restyle)

    def restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self._picture = QImage()
        self._reduced = QImage()
        self.update()

    def shares(self) -> NDArray[np.float64]:
        """Counts / row totals."""
        totals = self.counts.sum(axis=1, keepdims=True)
        return self.counts / np.maximum(totals, 1)

    # -- layout --------------------------------------------------------------------------------------------------

    def margins(self) -> bool:
        """Whether recall and precision are drawn."""
        return len(self.counts) <= MARGIN_CLASSES

    def grid(self) -> tuple[QRectF, float]:
        """The square of cells, and the side of one."""
        count = max(1, len(self.counts))
        metrics = QFontMetricsF(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        left = min(widest, self.width() * 0.25) + metrics.height() + 14
        right = metrics.horizontalAdvance(tr("recall %")) + 12 if self.margins() else 12
        bottom = metrics.height() + 10 if self.margins() else 8
        top = 2 * metrics.height() + 10
        cell = self._cell_size(left + right, top + bottom)
        self.slanted = count <= MARGIN_CLASSES and widest + 4 > cell >= 10
        if self.slanted:
            tall = min(widest, SLANT_LIMIT) * math.sin(math.radians(SLANT)) + metrics.height()
            top = metrics.height() + 10 + tall
            cell = self._cell_size(left + right, top + bottom)
        left += max(0.0, (self.width() - left - right - cell * count) / 2)
        return QRectF(math.floor(left), math.floor(top), cell * count, cell * count), cell

    def _cell_size(self, beside: float, above: float) -> float:
        """The largest whole number of pixels a cell that fits; less than 4 may be broken."""
        room = min(self.width() - beside, self.height() - above)
        cell = min(float(LARGEST_CELL), max(0.05, room / max(1, len(self.counts))))
        return float(math.floor(cell)) if cell > 4 else cell

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """(true, predicted) under a position, (-1, -1) outside."""
        grid, cell = self.grid()
        if not grid.contains(place) or not len(self.counts):
            return -1, -1
        last = len(self.counts) - 1
        return (
            min(last, int((place.y() - grid.top()) // cell)),
            min(last, int((place.x() - grid.left()) // cell)),
        )

    # -- painting ------------------------------------------------------------------------------------------------

    def _cells(self) -> QImage:
        """One pixel a cell: right answers towards the accent, wrong ones towards orange, by share of the row."""
        if self._picture.isNull():
            shares = self.shares()
            # The square root lifts the rare mistakes, which are what one looks for.
            index = colormaps.linear_index(np.sqrt(shares), 0.0, 1.0)
            words = colormaps.ramp(theme().canvas, theme().negative)[index]
            right = colormaps.ramp(theme().canvas, theme().positive)[np.diagonal(index)]
            np.fill_diagonal(words, right)
            self._picture = colormaps.image(words)
        return self._picture

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.counts):
            return
        painter = QPainter(self)
        grid, cell = self.grid()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        if cell < 1:
            picture = self._largest(max(1, round(grid.width() * self.devicePixelRatioF())))
        else:
            picture = self._cells()
        pixels(painter, picture, grid)
        if cell >= 8:
            self._paint_lines(painter, grid, cell)
        if cell >= LEAST_FOR_TEXT:
            self._paint_counts(painter, grid, cell)
        self._paint_names(painter, grid, cell)
        if self.margins():
            self._paint_margins(painter, grid, cell)
        row, column = self.hover
        if row >= 0 and cell >= 3:
            painter.setPen(QPen(color(theme().text), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(grid.left() + column * cell, grid.top() + row * cell, cell, cell))

    def _largest(self, side: int) -> QImage:
        """With less than a pixel a cell: each pixel shows the largest share below it, so that no mistake is lost."""
        if self._reduced.width() == side:
            return self._reduced
        count = len(self.counts)
        starts = np.unique(np.arange(side) * count // side)
        shares = np.maximum.reduceat(np.maximum.reduceat(self.shares(), starts, 0), starts, 1)
        index = colormaps.linear_index(np.sqrt(shares), 0.0, 1.0)
        words = colormaps.ramp(theme().canvas, theme().negative)[index]
        np.fill_diagonal(words, colormaps.ramp(theme().canvas, theme().positive)[np.diagonal(index)])
        self._reduced = colormaps.image(words)
        return self._reduced

    def _paint_lines(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        painter.setPen(QPen(color(theme().panel), 1))
        for index in range(len(self.counts) + 1):
            x, y = grid.left() + index * cell, grid.top() + index * cell
            painter.drawLine(QPointF(x, grid.top()), QPointF(x, grid.bottom()))
            painter.drawLine(QPointF(grid.left(), y), QPointF(grid.right(), y))

    def _paint_counts(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        metrics = QFontMetricsF(self.font())
        picture = self._cells()
        for row, column in np.argwhere(self.counts > 0).tolist():
            text = f"{self.counts[row, column]:,}"
            if metrics.horizontalAdvance(text) > cell - 2:
                continue
            ground = picture.pixelColor(column, row).name()
            inks = (DARK_INK, LIGHT_INK)
            painter.setPen(color(max(inks, key=lambda ink: tokens.contrast(ground, ink))))
            box = QRectF(grid.left() + column * cell, grid.top() + row * cell, cell, cell)
            painter.drawText(box, _CENTER, text)

    def _stride(self, cell: float, needed: float) -> int:
        return max(1, math.ceil(needed / cell))

    def _paint_names(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        painter.setPen(color(theme().secondary))
        stride = self._stride(cell, line * 1.15)
        room = grid.left() - line - 12
        for row in range(0, len(self.names), stride):
            y = grid.top() + (row + 0.5) * cell
            text = metrics.elidedText(self.names[row], Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(grid.left() - room - 6, y - line / 2, room, line), _RIGHT_MIDDLE, text)
        self._paint_column_names(painter, grid, cell)
        room = min(max((metrics.horizontalAdvance(name) for name in self.names), default=0.0), room)
        title = tr("predicted")
        painter.drawText(QRectF(grid.left(), 1, max(grid.width(), 80.0), line), _CENTER, title)
        painter.save()
        painter.translate(grid.left() - room - line / 2 - 10, grid.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, -line / 2, 120, line), _CENTER, tr("true"))
        painter.restore()

    def _paint_column_names(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        if self.slanted:
            for column, name in enumerate(self.names):
                text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, SLANT_LIMIT)
                painter.save()
                painter.translate(grid.left() + (column + 0.5) * cell - 2, grid.top() - 4)
                painter.rotate(-SLANT)
                painter.drawText(QRectF(0, -line * 0.7, SLANT_LIMIT + 4, line), Qt.AlignmentFlag.AlignVCenter, text)
                painter.restore()
            return
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=1.0)
        stride = self._stride(cell, min(widest, 60.0) + 12) if widest + 2 > cell else 1
        for column in range(0, len(self.names), stride):
            width = cell * stride
            text = metrics.elidedText(self.names[column], Qt.TextElideMode.ElideRight, width - 2)
            middle = grid.left() + (column + 0.5) * cell
            painter.drawText(QRectF(middle - width / 2, grid.top() - line - 4, width, line), _CENTER, text)

    def _paint_margins(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        line = QFontMetricsF(self.font()).height()
        recall, precision, _ = rates(self.counts)
        painter.setPen(color(theme().secondary))
        side = grid.right() + 5
        if cell >= line * 0.9:
            for row, value in enumerate(recall):
                box = QRectF(side, grid.top() + row * cell, 60, cell)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, hundredths(value))
            painter.drawText(QRectF(side, grid.bottom() + 3, 90, line), 0, tr("recall %"))
        if cell >= 22:
            for column, value in enumerate(precision):
                box = QRectF(grid.left() + column * cell - 4, grid.bottom() + 3, cell + 8, line)
                painter.drawText(box, _CENTER, hundredths(value))
            box = QRectF(grid.left() - 106, grid.bottom() + 3, 100, line)
            painter.drawText(box, _RIGHT_MIDDLE, tr("precision %"))

    # -- mouse ---------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hover = self.cell_at(event.position())
        self.hovered.emit(*self.hover, event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.hover = (-1, -1)
        self.hovered.emit(-1, -1, QPointF())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, column = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self.clicked.emit(row, column)
        else:
            super().mousePressEvent(event)


DARK_INK, LIGHT_INK = tokens.LIGHT.text, tokens.DARK.text


def rates(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Recall (share of each true class found), precision (share of each answer that is right), accuracy; NaN = 0/0."""
    right = np.diagonal(counts).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = right / counts.sum(axis=1)
        precision = right / counts.sum(axis=0)
        total = counts.sum()
        return recall, precision, float(right.sum() / total) if total else math.nan


def percent(value: float) -> str:
    """A share as text; one decimal below 99.95 %, "-" where there was nothing."""
    if math.isnan(value):
        return "-"
    return "100 %" if value >= 0.9995 else f"{value * 100:.1f} %" if value < 0.0995 else f"{value * 100:.0f} %"


def hundredths(value: float) -> str:
    """A share in per cent without the sign, for narrow columns."""
    return "-" if math.isnan(value) else f"{value * 100:.0f}"


class ConfusionMatrix(PlotPanel):
    """Rows are the truth, columns the answers; colour is the share of the row, numbers are counts.

    At the right the recall, below the precision, in the title row the accuracy. A click emits (true, predicted).
    """

    cell_clicked = Signal(int, int)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self.matrix = _Matrix()
        super().__init__(title, help_text, parent)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(tokens.SPACE_2, 0, tokens.SPACE_2, tokens.SPACE_2)
        column.addWidget(self.matrix)
        self._accuracy = Badge()
        self.tools.addWidget(self._accuracy)
        self.matrix.hovered.connect(self._hovered)
        self.matrix.clicked.connect(self.cell_clicked)
        self.show_empty(tr("No answers yet. After the first epoch this counts which class was taken for which."))

    def show_matrix(self, counts: ArrayLike, class_names: Sequence[str] = ()) -> None:
        """``counts`` (C, C), rows true, columns predicted."""
        table = np.asarray(counts, dtype=np.int64)
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            raise ValueError(f"confusion matrix: expected a square table, got {table.shape}")
        names = list(class_names) or [str(i) for i in range(len(table))]
        if len(names) != len(table):
            raise ValueError(f"confusion matrix: expected {len(table)} class names, got {len(names)}")
        self.matrix.counts, self.matrix.names = table, names
        self.matrix.restyle()
        self._accuracy.show_badge(tr("accuracy {share}", share=percent(rates(table)[2])))
        self.show_data()

    def describe(self, row: int, column: int) -> str:
        """A cell in words."""
        matrix = self.matrix
        total = int(matrix.counts[row].sum())
        share = percent(matrix.counts[row, column] / total) if total else "-"
        return tr(
            "{count} of {total} {true} taken for {predicted} ({share})",
            count=f"{matrix.counts[row, column]:,}",
            total=f"{total:,}",
            true=matrix.names[row],
            predicted=matrix.names[column],
            share=share,
        )

    def _hovered(self, row: int, column: int, place: QPointF) -> None:
        if row < 0:
            self.readout.hide()
            return
        matrix = self.matrix
        recall, precision, _ = rates(matrix.counts)
        rows = [
            ("", tr("recall of {name}", name=matrix.names[row]), percent(recall[row])),
            ("", tr("precision of {name}", name=matrix.names[column]), percent(precision[column])),
        ]
        self.readout.show_at(matrix.mapTo(self.body, place), self.describe(row, column), rows)

    def table(self) -> Table:
        matrix = self.matrix
        rows = ([name, *map(int, matrix.counts[i])] for i, name in enumerate(matrix.names))
        return ("true \\ predicted", *matrix.names), rows

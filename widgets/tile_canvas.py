"""The surface on which tiles are laid out, painted and pointed at."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import colormaps, tokens
from widgets.tokens import color, theme

Scale = Literal["unit", "layer", "global"]
GAP = 6
SMALLEST = 24


class TileCanvas(QWidget):
    """(K, H, W) values as K equal pictures from one QImage, each value a hard square."""

    hovered = Signal(int, int, int, QPointF)
    """Tile, row, column (-1 = none) and where."""
    clicked = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: NDArray[np.float32] = np.zeros((0, 1, 1), dtype=np.float32)
        self.pictures = False
        self.signed = True
        self.scale: Scale = "layer"
        self.bounds: tuple[float, float] | None = None
        self.captions: list[str] = []
        self.selected = -1
        self.smallest = SMALLEST
        self._board = QImage()
        self._hover = -1
        self._across = 1
        self._side = 1.0
        self._left = 0.0
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        tokens.on_theme(self, self._restyle)

    def _restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self.recolour()

    # -- colour --------------------------------------------------------------------------------------------------

    def ranges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest value of each tile's colour scale, (K,) each; symmetric where values are signed."""
        count = len(self.values)
        if self.bounds is not None and self.scale == "global":
            low, high = (np.full(count, b, dtype=float) for b in self.bounds)
        else:
            finite = np.where(np.isfinite(self.values), self.values, np.float32(0))
            axes = tuple(range(1, finite.ndim))
            low, high = finite.min(axis=axes).astype(float), finite.max(axis=axes).astype(float)
            if self.scale != "unit":
                low, high = np.full(count, low.min(initial=0.0)), np.full(count, high.max(initial=0.0))
        if self.signed:
            high = np.maximum(np.abs(low), np.abs(high))
            low = -high
        return low, high

    def table(self) -> colormaps.Table:
        return colormaps.signed() if self.signed else colormaps.viridis()

    def recolour(self) -> None:
        """Builds the board: all tiles side by side in one image."""
        self.update()
        if not len(self.values):
            self._board = QImage()
            return
        if self.pictures:
            words = np.stack([colormaps.words_of_rgb(value) for value in self.values])
        else:
            words = self.table()[self._index()]
        # One tile below the other: a tile is then one piece of memory and the board needs no copy.
        count, rows, columns = words.shape
        self._board = colormaps.image(words.reshape(count * rows, columns))

    def _index(self) -> NDArray[np.uint8]:
        low, high = (bound.astype(np.float32)[:, None, None] for bound in self.ranges())
        size = np.where(high > low, high - low, np.float32(1))
        if self.signed:
            place = np.rint(self.values * (np.float32(254) / size)) + np.float32(128)
            return np.clip(np.nan_to_num(place, nan=128.0), 1, 255).astype(np.uint8)
        place = np.rint((self.values - low) * (np.float32(255) / size))
        return np.clip(np.nan_to_num(place), 0, 255).astype(np.uint8)

    # -- layout --------------------------------------------------------------------------------------------------

    def shape(self) -> tuple[int, int]:
        """(H, W) of one tile."""
        return self.values.shape[-2], self.values.shape[-1]

    def caption_height(self) -> float:
        return QFontMetricsF(self.font()).height() + 2 if self.captions else 0.0

    def arrange(self, width: float, height: float) -> float:
        """Chooses columns and tile size for this room; returns the height that is needed."""
        count = len(self.values)
        rows, columns = self.shape()
        extra = self.caption_height()
        best, chosen = 0.0, 1
        for across in range(1, count + 1):
            down = math.ceil(count / across)
            side = min((width - GAP) / across - GAP, ((height - GAP) / down - GAP - extra) * columns / rows)
            if side > best:
                best, chosen = side, across
        least = max(self.smallest, min(columns, 32))
        if best < least:
            chosen = max(1, int((width - GAP) // (least + GAP)))
            best = (width - GAP) / chosen - GAP
            if chosen > count > 0:
                chosen, best = count, float(least)
        # A whole number of pixels for each value keeps squares equal, where that does not waste the room.
        if best >= 3 * columns:
            best = math.floor(best / columns) * columns
        self._across, self._side = chosen, max(1.0, best)
        down = math.ceil(count / chosen) if count else 0
        self._left = max(0.0, (width - GAP - chosen * (self._side + GAP)) / 2)
        return GAP + down * (self._side * rows / columns + extra + GAP)

    def tile_rect(self, index: int) -> QRectF:
        """Where tile ``index`` is painted."""
        rows, columns = self.shape()
        height = self._side * rows / columns
        down, across = divmod(index, self._across)
        return QRectF(
            self._left + GAP + across * (self._side + GAP),
            GAP + down * (height + self.caption_height() + GAP),
            self._side,
            height,
        )

    def cell_at(self, place: QPointF) -> tuple[int, int, int]:
        """(tile, row, column) under a position; -1 each when there is none."""
        rows, columns = self.shape()
        height = self._side * rows / columns
        across = int((place.x() - self._left - GAP) // (self._side + GAP))
        down = int((place.y() - GAP) // (height + self.caption_height() + GAP))
        index = down * self._across + across
        if across < 0 or down < 0 or across >= self._across or index >= len(self.values):
            return -1, -1, -1
        inside = place - self.tile_rect(index).topLeft()
        column, row = math.floor(inside.x() / self._side * columns), math.floor(inside.y() / height * rows)
        return (index, row, column) if 0 <= column < columns and 0 <= row < rows else (-1, -1, -1)

    def sizeHint(self) -> QSize:
        return QSize(200, 120)

    # -- events --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rows, columns = self.shape()
        shown = QRectF(event.rect())
        for index in range(len(self.values)):
            rect = self.tile_rect(index)
            if not rect.adjusted(-2, -2, 2, 20).intersects(shown):
                continue
            painter.drawImage(rect, self._board, QRectF(0, index * rows, columns, rows))
            self._paint_frame(painter, index, rect)

    def _paint_frame(self, painter: QPainter, index: int, rect: QRectF) -> None:
        stressed = index in (self.selected, self._hover)
        hue = theme().accent if index == self.selected else (theme().outline if stressed else theme().border)
        painter.setPen(QPen(color(hue), 2 if index == self.selected else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self.captions and index < len(self.captions):
            painter.setPen(color(theme().secondary))
            area = QRectF(rect.left() - GAP / 2, rect.bottom() + 1, rect.width() + GAP, self.caption_height())
            metrics = QFontMetricsF(self.font())
            text = metrics.elidedText(self.captions[index], Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index, row, column = self.cell_at(event.position())
        if index != self._hover:
            self._hover = index
            self.update()
        self.hovered.emit(index, row, column, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.hovered.emit(-1, -1, -1, QPointF())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.cell_at(event.position())[0]
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.clicked.emit(index)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.cell_at(event.position())[0]
        if index >= 0:
            self.opened.emit(index)

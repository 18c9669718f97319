"""A legend that lies inside the plot and can be dragged; a click on an entry shows or hides its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets import tokens
from widgets.tokens import color, theme

SAMPLE = 22
SYMBOLS = ("o", "s", "t", "d")
"""Shapes of series and classes, in order."""
DRAG_START = 4
CORNERS = ((1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.5), (0.5, 0.0), (0.5, 1.0), (0.5, 0.5), (0.0, 0.5))


@dataclass(frozen=True)
class Entry:
    """``symbol``: "" for a line, "o", "s", "t", "d" for a mark, "ring" for a hollow one."""

    name: str
    color: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    symbol: str = ""
    visible: bool = True
    can_hide: bool = True


class Legend(QWidget):
    """``corner`` = where it stands at first, as shares (x, y) of the free room: (1, 0) is top right. ``flat``: entries
    beside each other, in as many lines as the width asks for, so that a plot can keep a strip free for it."""

    toggled = Signal(str, bool)

    def __init__(self, parent: QWidget, corner: tuple[float, float] = (1.0, 0.0)) -> None:
        super().__init__(parent)
        self.flat = False
        self._entries: list[Entry] = []
        self._corner = corner
        self._area = QRectF(parent.rect())
        self._press: QPoint | None = None
        self._dragged = False
        self._chosen_by_hand = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        parent.installEventFilter(self)
        self.hide()
        tokens.on_theme(self, self._restyle)

    def _restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self.update()

    def entries(self) -> Sequence[Entry]:
        return tuple(self._entries)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        if list(entries) == self._entries:
            return
        self._entries = list(entries)
        self.setVisible(bool(entries))
        self._place()
        self.update()

    def keep_inside(self, area: QRectF) -> None:
        """The part of the parent that belongs to the data."""
        if area != self._area:
            self._area = area
            self._place()

    def avoid(self, points: NDArray[np.float64]) -> None:
        """Moves to the first corner where fewest of ``points`` (n, 2) in the parent lie below, while nobody dragged it;
        stays where it is as long as that hides nothing, so that it does not wander while data stream."""
        if self._chosen_by_hand or not self._entries:
            return
        if not self._crowd(self._corner, points):
            return
        crowds = {corner: self._crowd(corner, points) for corner in (self._corner, *CORNERS)}
        best = min(crowds, key=lambda corner: crowds[corner])
        if crowds[best] < crowds[self._corner]:
            self._corner = best
            self._place()

    def _crowd(self, corner: tuple[float, float], points: NDArray[np.float64]) -> int:
        place = self._position(corner)
        low = np.array([place.x() - 3, place.y() - 3])
        inside = (points >= low) & (points <= low + np.array([self.width() + 6, self.height() + 6]))
        return int(np.count_nonzero(inside.all(axis=1)))

    def sizeHint(self) -> QSize:
        boxes = self._boxes()
        right, below = (max((getattr(b, edge)() for b in boxes), default=0.0) for edge in ("right", "bottom"))
        return QSize(round(right), round(below) + tokens.SPACE_1)

    def _boxes(self) -> list[QRectF]:
        """The place of each entry."""
        metrics, line = self.fontMetrics(), self._line()
        widths = [SAMPLE + 3 * tokens.SPACE_2 + metrics.horizontalAdvance(e.name) for e in self._entries]
        if not self.flat:
            return [QRectF(0, tokens.SPACE_1 + k * line, max(widths), line) for k in range(len(widths))]
        room, x, y = max(40.0, self._area.width() - 8), 0.0, float(tokens.SPACE_1)
        found = []
        for width in widths:
            if x and x + width > room:
                x, y = 0.0, y + line
            found.append(QRectF(x, y, width, line))
            x += width
        return found

    def _line(self) -> int:
        return self.fontMetrics().height() + 3

    def _place(self) -> None:
        hint = self.sizeHint()
        self.resize(min(hint.width(), max(40, round(self._area.width()) - 8)), hint.height())
        self.move(self._position(self._corner))

    def _position(self, corner: tuple[float, float]) -> QPoint:
        free_x = max(0.0, self._area.width() - self.width() - 8)
        free_y = max(0.0, self._area.height() - self.height() - 8)
        return QPoint(
            round(self._area.left() + 4 + corner[0] * free_x), round(self._area.top() + 4 + corner[1] * free_y)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._area.isEmpty():
            self._area = QRectF(self.parentWidget().rect())
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(theme().border, 0.8), 1))
        painter.setBrush(color(theme().panel, 0.85))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        for entry, box in zip(self._entries, self._boxes(), strict=True):
            self._paint_sample(painter, entry, QPointF(box.left() + tokens.SPACE_2, box.center().y()))
            painter.setPen(color(theme().secondary if entry.visible else theme().disabled))
            left = box.left() + SAMPLE + 2 * tokens.SPACE_2
            rect = QRectF(left, box.top(), min(box.right(), self.width()) - left - 4, box.height())
            text = self.fontMetrics().elidedText(entry.name, Qt.TextElideMode.ElideRight, round(rect.width()))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_sample(self, painter: QPainter, entry: Entry, at: QPointF) -> None:
        hue = color(entry.color if entry.visible else theme().disabled)
        if entry.symbol in ("", "line"):
            painter.setPen(QPen(hue, tokens.LINE_WIDTH, entry.style, Qt.PenCapStyle.FlatCap))
            painter.drawLine(at, at + QPointF(SAMPLE, 0))
        else:
            draw_symbol(painter, entry.symbol, at + QPointF(SAMPLE / 2, 0), 4, entry.color)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press, self._dragged = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        shift = event.position().toPoint() - self._press
        if not self._dragged and shift.manhattanLength() < DRAG_START:
            return
        self._dragged = self._chosen_by_hand = True
        free_x = max(1.0, self._area.width() - self.width() - 8)
        free_y = max(1.0, self._area.height() - self.height() - 8)
        target = self.pos() + shift
        self._corner = (
            min(1.0, max(0.0, (target.x() - self._area.left() - 4) / free_x)),
            min(1.0, max(0.0, (target.y() - self._area.top() - 4) / free_y)),
        )
        self._place()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and not self._dragged:
            for entry, box in zip(self._entries, self._boxes(), strict=True):
                if entry.can_hide and box.contains(event.position()):
                    self.toggled.emit(entry.name, not entry.visible)
        self._press = None


def draw_symbol(painter: QPainter, symbol: str, middle: QPointF, radius: float, hue: str) -> None:
    """Disc, square, triangle, diamond or ring: a shape beside each colour."""
    painter.setPen(QPen(color(hue), 1.5) if symbol == "ring" else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if symbol == "ring" else color(hue))
    if symbol in ("o", "ring"):
        painter.drawEllipse(middle, radius, radius)
    elif symbol == "s":
        painter.drawRect(QRectF(middle.x() - radius * 0.88, middle.y() - radius * 0.88, radius * 1.76, radius * 1.76))
    elif symbol == "t":
        corners = [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)]
        painter.drawPolygon([QPointF(middle.x() + a * radius, middle.y() + b * radius) for a, b in corners])
    else:
        corners = [(0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)]
        painter.drawPolygon([QPointF(middle.x() + a * radius, middle.y() + b * radius) for a, b in corners])

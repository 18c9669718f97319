"""The small box beside the pointer that says what is under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets import tokens
from widgets.i18n import tr
from widgets.tokens import color, theme

Row = tuple[str, str, str]
"""Colour ("" = none), name, value."""
GAP = 14


class Readout(QWidget):
    """Title, then rows of name and value with a colour mark; keeps inside its parent and out of the pointer's way."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = ""
        self._rows: list[Row] = []
        self.hide()
        tokens.on_theme(self, lambda: self.setFont(tokens.font("caption")))

    def show_at(self, place: QPoint | QPointF, title: str, rows: Sequence[Row]) -> None:
        """Shows the box near ``place`` (in the parent)."""
        self._title, self._rows = title, list(rows)
        self.resize(self.sizeHint())
        point = place.toPoint() if isinstance(place, QPointF) else place
        room = self.parentWidget().size()
        x = point.x() + GAP
        if x + self.width() > room.width():
            x = max(0, point.x() - GAP - self.width())
        y = min(max(0, point.y() - self.height() // 2), max(0, room.height() - self.height()))
        self.move(x, y)
        self.show()
        self.raise_()
        self.update()

    def text(self) -> str:
        """What stands in the box, a line each: for tests and screen readers."""
        lines = [self._title] if self._title else []
        return "\n".join(lines + [f"{name}: {value}" if value else name for _, name, value in self._rows])

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        names = max((metrics.horizontalAdvance(name) for _, name, _ in self._rows), default=0)
        values = max((metrics.horizontalAdvance(value) for _, _, value in self._rows), default=0)
        width = names + values + self._indent() + (tokens.SPACE_3 if values else 0)
        width = max(width, metrics.horizontalAdvance(self._title)) + 2 * tokens.SPACE_2
        lines = len(self._rows) + bool(self._title)
        return QSize(width, lines * (metrics.height() + 2) + 2 * tokens.SPACE_1)

    def _indent(self) -> int:
        return 14 if any(hue for hue, _, _ in self._rows) else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(theme().border), 1))
        painter.setBrush(color(theme().raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        line = self.fontMetrics().height() + 2
        inner = QRectF(tokens.SPACE_2, tokens.SPACE_1, self.width() - 2 * tokens.SPACE_2, line)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        if self._title:
            painter.setPen(color(theme().secondary))
            painter.drawText(inner, left | middle, self._title)
            inner.translate(0, line)
        for hue, name, value in self._rows:
            if hue:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color(hue))
                painter.drawRoundedRect(QRectF(inner.left(), inner.center().y() - 4, 8, 8), 2, 2)
            painter.setPen(color(theme().text))
            painter.drawText(inner.adjusted(self._indent(), 0, 0, 0), left | middle, name)
            painter.drawText(inner, right | middle, value)
            inner.translate(0, line)


def no_gradient(count: int) -> str:
    """What is said of so many layers whose gradient is exactly zero."""
    return tr("no gradient") if count == 1 else tr("no gradient in {count} layers", count=count)

"""The colour scale of the flow, with its decades, at the bottom left of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from designer.canvas.flow import HIGH, LOW, viridis
from designer.canvas.look import look_of
from widgets import tokens


class Legend(QWidget):
    """A title, viridis from 10^low to 10^high, and every second decade in figures. Mouse events go through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title, self.low, self.high = "", LOW, HIGH
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(self.sizeHint())
        self.hide()

    def sizeHint(self) -> QSize:
        """As in the drawing of the main window, wider where the title needs it."""
        words = look_of(tokens.theme()).line_metrics.horizontalAdvance(self.title) + 24
        return QSize(max(tokens.scaled(232), words), tokens.scaled(52))

    def show_scale(self, title: str, low: float = LOW, high: float = HIGH) -> None:
        """Show it for what the flow shows; ``low`` and ``high`` are powers of ten."""
        self.title, self.low, self.high = title, low, high
        self.setAccessibleName(f"{title}: 1e{low:g} to 1e{high:g}")
        self.resize(self.sizeHint())
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Panel, title, bar with one tick per decade, figures."""
        look = look_of(tokens.theme())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.border)
        painter.setBrush(tokens.color(look.theme.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        painter.setFont(look.line_font)
        painter.setPen(look.secondary)
        line = look.line_metrics.height()
        painter.drawText(QRectF(10, 5, self.width() - 20, line), Qt.AlignmentFlag.AlignLeft, self.title)
        bar = QRectF(10, 7 + line, self.width() - 20, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for k in range(33):
            gradient.setColorAt(k / 32, viridis(k / 32))
        painter.fillRect(bar, gradient)
        self._paint_decades(painter, bar, line)
        painter.end()

    def _paint_decades(self, painter: QPainter, bar: QRectF, line: float) -> None:
        count = max(round(self.high - self.low), 1)
        for k in range(count + 1):
            x = bar.left() + bar.width() * k / count
            if 0 < k < count:
                painter.setPen(tokens.color(tokens.theme().panel, 0.55))
                painter.drawLine(x, bar.top(), x, bar.bottom())
            if k % 2 == count % 2:
                exponent = round(self.low) + k
                text = "1" if exponent == 0 else f"1e{exponent}"
                left = min(max(x - 30, bar.left() - 16), bar.right() - 46)
                painter.setPen(tokens.color(tokens.theme().secondary))
                painter.drawText(QRectF(left, bar.bottom() + 2, 60, line), Qt.AlignmentFlag.AlignHCenter, text)

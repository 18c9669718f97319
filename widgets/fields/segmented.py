"""A row of exclusive buttons: off | activations | gradients | both."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import tokens
from widgets.tokens import color, theme


class Segmented(QWidget):
    """Options as ``(id, label)`` pairs, or ids that are their own labels. Arrow keys move the choice."""

    value_changed = Signal(object)

    def __init__(
        self, options: Iterable[str | tuple[str, str]], value: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._options = [(o, o) if isinstance(o, str) else o for o in options]
        self._value: str | None = value if value is not None else self._options[0][0]
        self._hover = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        tokens.theme_changed.connect(self.update)

    def value(self) -> str | None:
        return self._value

    def show_value(self, value: str) -> None:
        if value not in [ident for ident, _ in self._options]:
            raise ValueError(f"segmented: expected one of {[i for i, _ in self._options]}, got {value!r}")
        self._value = value
        self.setAccessibleDescription(dict(self._options)[value])
        self.update()

    def show_mixed(self) -> None:
        self._value = None
        self.update()

    def show_error(self, text: str) -> None:
        self.setToolTip(text)

    def show_labels(self, options: Iterable[tuple[str, str]]) -> None:
        """Replaces ids and labels (language change)."""
        self._options = list(options)
        self.updateGeometry()
        self.update()

    def segment_rect(self, ident: str) -> QRectF:
        """Where the button of ``ident`` lies, in this widget."""
        index = [i for i, _ in self._options].index(ident)
        return self._rects()[index]

    def sizeHint(self) -> QSize:
        return QSize(round(sum(self._widths())), tokens.scaled(tokens.CONTROL_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _widths(self) -> list[float]:
        metrics = self.fontMetrics()
        return [metrics.horizontalAdvance(label) + 2.0 * tokens.SPACE_3 for _, label in self._options]

    def _rects(self) -> list[QRectF]:
        result, x = [], 0.0
        for width in self._widths():
            result.append(QRectF(x, 0, width, self.height()))
            x += width
        return result

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outer = QRectF(0.5, 0.5, sum(self._widths()) - 1, self.height() - 1)
        path = QPainterPath()
        path.addRoundedRect(outer, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
        painter.fillPath(path, color(theme().raised if theme().dark else theme().panel))
        for index, ((ident, label), rect) in enumerate(zip(self._options, self._rects(), strict=True)):
            self._paint_segment(painter, path, rect, label, index, ident == self._value)
        painter.setClipping(False)
        painter.setPen(QPen(color(theme().accent if self.hasFocus() else theme().border), 1))
        painter.drawPath(path)

    def _paint_segment(
        self, painter: QPainter, outline: QPainterPath, rect: QRectF, label: str, index: int, chosen: bool
    ) -> None:
        painter.setClipPath(outline)
        if chosen and self.isEnabled():
            painter.fillRect(rect, color(theme().accent))
        elif index == self._hover or chosen:
            painter.fillRect(rect, color(theme().hover))
        if index and not chosen and self._options[index - 1][0] != self._value:
            painter.setPen(QPen(color(theme().border), 1))
            painter.drawLine(rect.topLeft(), rect.bottomLeft())
        ink = theme().on_accent if chosen else (theme().text if index == self._hover else theme().secondary)
        painter.setPen(color(ink if self.isEnabled() else theme().disabled))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label)

    def _index_at(self, x: float) -> int:
        return next((i for i, rect in enumerate(self._rects()) if rect.left() <= x < rect.right()), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._index_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ids = [ident for ident, _ in self._options]
        index = ids.index(self._value) if self._value in ids else 0
        if event.key() == Qt.Key.Key_Right:
            self._choose(min(index + 1, len(ids) - 1))
        elif event.key() == Qt.Key.Key_Left:
            self._choose(max(index - 1, 0))
        else:
            super().keyPressEvent(event)

    def _choose(self, index: int) -> None:
        ident = self._options[index][0]
        if ident != self._value:
            self.show_value(ident)
            self.value_changed.emit(ident)

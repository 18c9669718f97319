"""A search line."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets import icons, tokens
from widgets.tokens import color, theme

PAUSE_MS = 80


class SearchField(QLineEdit):
    """Emits ``text_settled(str)`` a moment after the last key, ``stepped(+1/-1)`` on the arrows, ``accepted()`` on
    Enter. Escape empties it. ``hint`` names the shortcut that leads here, at the right."""

    text_settled = Signal(str)
    stepped = Signal(int)
    accepted = Signal()

    def __init__(self, placeholder: str = "", hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(False)
        self._hint = hint
        self.setTextMargins(tokens.ICON_SMALL + 4, 0, 0, 0)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(lambda: self.text_settled.emit(self.text()))
        self.textChanged.connect(lambda _: self._timer.start())
        clear = self.addAction(icons.icon("x", theme().secondary), QLineEdit.ActionPosition.TrailingPosition)
        icons.bind_icon(clear, "x", "secondary")
        clear.triggered.connect(self.clear)
        clear.setVisible(False)
        self.textChanged.connect(lambda text: clear.setVisible(bool(text)))

    def show_hint(self, hint: str) -> None:
        """Another shortcut leads here now; "" where none does."""
        if hint != self._hint:
            self._hint = hint
            self.update()

    @property
    def hint(self) -> str:
        """The shortcut at the right."""
        return self._hint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._timer.stop()
            self.text_settled.emit(self.text())
            self.accepted.emit()
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        side = tokens.ICON_SMALL
        place = self.rect()
        painter.drawPixmap(
            tokens.SPACE_2 - 1,
            (place.height() - side) // 2,
            icons.pixmap("search", theme().secondary, side, self.devicePixelRatioF()),
        )
        if self._hint and not self.text():
            painter.setPen(color(theme().secondary))
            painter.setFont(tokens.font("caption"))
            area = place.adjusted(0, 0, -tokens.SPACE_2, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._hint)

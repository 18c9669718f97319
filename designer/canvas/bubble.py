"""A sentence at the cursor: why a wire does not fit, what a drop will do. And the words on an empty canvas."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from widgets import tokens


class Bubble(QLabel):
    """Small, beside the cursor, inside its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()

    def say(self, text: str, at: QPoint, tone: str = "secondary") -> None:
        """Show the sentence, or hide it if there is none. ``tone`` names a colour of the theme."""
        if not text:
            self.hide()
            return
        theme = tokens.theme()
        color = getattr(theme, tone)
        self.setFont(tokens.font("caption"))
        self.setStyleSheet(
            f"QLabel {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {color};"
            f" border-radius: {tokens.RADIUS_SMALL}px; padding: 4px 8px; }}"
        )
        self.setText(text)
        room = self.parentWidget().rect()
        width = min(self.fontMetrics().horizontalAdvance(text) + 26, 340)
        self.resize(width, self.heightForWidth(width))
        x = min(at.x() + 16, room.right() - self.width() - 4)
        y = at.y() + 18 if at.y() + 22 + self.height() < room.bottom() else at.y() - self.height() - 10
        self.move(max(x, 4), max(y, 4))
        self.show()
        self.raise_()


class EmptyHint(QLabel):
    """What to do on an empty canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_text(self, text: str) -> None:
        """Replace the words."""
        self.setText(text)
        self.restyle()

    def restyle(self) -> None:
        """After a change of theme."""
        self.setFont(tokens.font("title"))
        self.setStyleSheet(f"QLabel {{ color: {tokens.theme().secondary}; background: transparent; }}")
        self.adjustSize()

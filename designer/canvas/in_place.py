"""Editing something where it stands: where the field goes, its font, how it is left; and the field for one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets import tokens

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class LineField(QLineEdit):
    """Over a name or title; lives as long as the edit. Enter or leaving calls ``accept(text)``, Escape does not."""

    def __init__(self, canvas: Canvas, place: QRectF, text: str, accept: Callable[[str], object]) -> None:
        super().__init__(canvas)
        self.canvas, self._take, self._over = canvas, accept, False
        place_over(self, canvas, place, 24)
        self.setFont(font_at_zoom(canvas, tokens.font("title", bold=True)))
        self.setText(text)
        self.selectAll()
        self.editingFinished.connect(self._accept)
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)
        # A line edit hands Enter on, and the canvas would open what is selected.
        event.accept()

    def _accept(self) -> None:
        if not self._over:
            self._take(self.text())
        self._close()

    def _close(self) -> None:
        if not self._over:
            self._over = True
            leave(self, self.canvas)


def place_over(field: QWidget, canvas: Canvas, place: QRectF, least: int) -> None:
    """The field over a place of the scene, wide enough to write in and at least so many pixels high."""
    box = canvas.mapFromScene(place).boundingRect()
    field.setGeometry(box.x(), box.y(), max(box.width(), 180), max(box.height(), least))


def font_at_zoom(canvas: Canvas, font: QFont) -> QFont:
    """As large as what is under it, but legible."""
    font = QFont(font)
    font.setPointSizeF(max(font.pointSizeF() * min(canvas.zoom, 1.5), 8.0))
    return font


def leave(field: QWidget, canvas: Canvas, back: bool = True) -> None:
    """Away with the field; ``back``: the canvas has the focus again."""
    field.hide()
    field.deleteLater()
    if back:
        canvas.setFocus()

"""Rename in place: a field over the card's name. Enter or leaving accepts, Escape keeps the old name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from designer.document import verbs
from designer.document.sheet import group_of
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class RenameField(QLineEdit):
    """Lives as long as the edit."""

    def __init__(self, canvas: Canvas, node_id: str) -> None:
        super().__init__(canvas)
        self.canvas, self.node_id, self._over = canvas, node_id, False
        self._group = group_of(node_id)
        if self._group is None:
            canvas.reveal(node_id)
        else:
            canvas.groups.reveal_card(node_id)
        item = canvas.scene_.cards[node_id]
        place = QRectF(item.x() + 30, item.y() + 4, item.card.width - 38, 24)
        box = canvas.mapFromScene(place).boundingRect()
        self.setGeometry(box.x(), box.y(), max(box.width(), 120), max(box.height(), 24))
        font = QFont(tokens.font("title", bold=True))
        font.setPointSizeF(max(font.pointSizeF() * min(canvas.zoom, 1.5), 8.0))
        self.setFont(font)
        self.setText(canvas.groups.title_of(node_id))
        self.setAccessibleName(tr("Name of the layer") if self._group is None else tr("Name of the group"))
        self.selectAll()
        self.editingFinished.connect(self._accept)
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
            event.accept()
        else:
            super().keyPressEvent(event)
            # A line edit hands Enter on, and the canvas would open what is selected.
            event.accept()

    def _accept(self) -> None:
        if not self._over and self._group in self.canvas.store.state.groups:
            self.canvas.store.attempt(tr("Rename"), verbs.rename_group, self._group, self.text())
        elif not self._over and self.node_id in self.canvas.store.state.graph.nodes:
            self.canvas.store.attempt(tr("Rename"), verbs.rename, self.node_id, self.text())
        self._close()

    def _close(self) -> None:
        if not self._over:
            self._over = True
            self.hide()
            self.deleteLater()
            self.canvas.setFocus()

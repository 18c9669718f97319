"""Quick add: a search list at the cursor. What fits stands first; Enter adds, Escape leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from designer.canvas.fits import offers, score
from designer.canvas.ports import PortRef
from widgets import tokens
from widgets.i18n import tr
from widgets.icons import group_icon, icon

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

_ROWS, _WIDTH = 9, 240
_TYPE = Qt.ItemDataRole.UserRole


class QuickAdd(QFrame):
    """A child of the canvas, so that focus and Escape stay simple."""

    def __init__(
        self, canvas: Canvas, at: QPointF, origin: PortRef | None, then: Callable[[str], object] | None = None
    ) -> None:
        super().__init__(canvas)
        self.canvas, self.at, self.origin, self._then = canvas, at, origin, then
        self.setObjectName("quick_add")
        self.field, self.list = QLineEdit(self), QListWidget(self)
        self.field.setPlaceholderText(tr("Search layers"))
        self.field.setClearButtonEnabled(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_2)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.field)
        column.addWidget(self.list)
        theme = tokens.theme()
        self.setStyleSheet(
            f"#quick_add {{ background: {theme.panel}; border: 1px solid {theme.outline};"
            f" border-radius: {tokens.RADIUS}px; }}"
        )
        self.offers = offers(canvas.analyst.analysis, origin, then is None)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda item: self._choose(item))
        self._filter("")
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus()

    def _place(self) -> None:
        """Beside the cursor, inside the canvas."""
        spot, room = self.canvas.mapFromScene(self.at), self.canvas.rect()
        width = tokens.scaled(_WIDTH)
        height = min(tokens.scaled(56) + _ROWS * max(self.list.sizeHintForRow(0), 20), room.height() - 16)
        self.resize(width, height)
        x = min(max(spot.x() + 4, 8), room.width() - width - 8)
        y = min(max(spot.y() - 20, 8), room.height() - height - 8)
        self.move(x, y)

    def _filter(self, query: str) -> None:
        """Best match first; equal ones keep the order of what usually follows."""
        self.list.clear()
        scored = [(score(query, o), k, o) for k, o in enumerate(self.offers)]
        for _, _, offer in sorted((s, k, o) for s, k, o in scored if s is not None):  # type: ignore[type-var]
            item = QListWidgetItem(icon(group_icon(offer.group), tokens.theme().group(offer.group)), offer.title)
            item.setData(_TYPE, offer.type)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem(
                tr("No layer of that name fits here") if self.origin else tr("No layer of that name")
            )
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows walk the list, Enter takes, Escape and a second Tab leave, and so does losing the focus."""
        if event.type() == QEvent.Type.FocusOut:
            QTimer.singleShot(0, self, self._left)
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        key = event.key()
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self.canvas.close_quick_add()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentItem())
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
        else:
            return super().eventFilter(watched, event)
        return True

    def _left(self) -> None:
        """The focus went elsewhere: the list goes, and the focus stays there."""
        if self.canvas.quick is self and not self.isAncestorOf(self.canvas.window().focusWidget() or self.canvas):
            self.canvas.quick = None
            self.hide()
            self.deleteLater()

    def _choose(self, item: QListWidgetItem | None) -> None:
        type_name = item.data(_TYPE) if item is not None else None
        if type_name:
            at, origin, then = self.at, self.origin, self._then
            self.canvas.close_quick_add()
            if then is not None:
                then(type_name)
            else:
                self.canvas.edits.place_at_cursor(type_name, at, origin)

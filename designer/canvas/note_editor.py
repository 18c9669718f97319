"""Writing on the paper: a note's Markdown and a frame's title, edited where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from designer.canvas.annotation_items import NoteItem, title_strip
from designer.canvas.in_place import LineField, font_at_zoom, leave, place_over
from designer.document import verbs
from designer.document.verbs.areas import LONGEST_NOTE, LONGEST_TITLE
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

_TALLEST = 480.0


class TitleField(LineField):
    """Over a frame's title. ``gesture``: merged with its step."""

    def __init__(self, canvas: Canvas, frame_id: str, gesture: object | None = None) -> None:
        store = canvas.store

        def accept(text: str) -> None:
            if frame_id in store.state.frames:
                store.attempt(tr("Rename a frame"), verbs.retitle, frame_id, text, gesture=gesture)

        place = title_strip(canvas.scene_.areas["frame", frame_id].rect()).adjusted(-8, -2, 8, 2)
        super().__init__(canvas, place, store.state.frames[frame_id].title, accept)
        self.setMaxLength(LONGEST_TITLE)
        self.selectAll()  # which another limit undoes
        self.setAccessibleName(tr("Title of the frame"))


class NoteEditor(QPlainTextEdit):
    """Over a note. Escape, Ctrl+Enter or leaving end, and what was written stays: nobody loses a text by a key."""

    def __init__(self, canvas: Canvas, note_id: str, gesture: object | None = None) -> None:
        super().__init__(canvas)
        self.canvas, self.note_id, self._gesture, self._over = canvas, note_id, gesture, False
        item = canvas.scene_.areas["note", note_id]
        place_over(self, canvas, item.rect().adjusted(1, 1, -1, -1), 96)
        self.setFont(font_at_zoom(canvas, tokens.font("body")))
        self.setTabChangesFocus(False)
        self.setPlaceholderText(tr("Write **Markdown** here. Escape or Ctrl+Enter ends."))
        self.setAccessibleName(tr("Text of the note"))
        self.setPlainText(canvas.store.state.notes[note_id].text)
        self.selectAll()
        self.textChanged.connect(self._bound)
        self.installEventFilter(self)
        self.show()
        self.setFocus()

    def _bound(self) -> None:
        """What is too long is cut at once, with a word about it."""
        text = self.toPlainText()
        if len(text) > LONGEST_NOTE:
            self.setPlainText(text[:LONGEST_NOTE])
            self.moveCursor(self.textCursor().MoveOperation.End)
            self.canvas.message.emit(tr("A note has at most {count} characters", count=f"{LONGEST_NOTE:,}"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys that end are the note's own here: elsewhere Ctrl+Enter starts the training."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _ends(event):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and Ctrl+Enter end."""
        if _ends(event):
            self.finish()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A press elsewhere ends, a menu does not."""
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.finish(False)

    def finish(self, back: bool = True) -> None:
        """Keeps what was written: one undo step, or part of the one that made the note."""
        if self._over:
            return
        self._over = True
        canvas, state = self.canvas, self.canvas.store.state
        if self.note_id in state.notes:
            text = self.toPlainText()
            edit = (self.note_id, text, _wanted_height(canvas, self.note_id, text))
            canvas.store.attempt(tr("Write a note"), verbs.write_note, *edit, gesture=self._gesture)
        leave(self, canvas, back)


def _ends(event: QKeyEvent) -> bool:
    """Escape or Ctrl+Enter."""
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return event.key() == Qt.Key.Key_Escape or bool(enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _wanted_height(canvas: Canvas, note_id: str, text: str) -> float:
    """What the text needs, on the grid; a note grows with its text up to a limit and is never made lower."""
    item = canvas.scene_.areas["note", note_id]
    if not isinstance(item, NoteItem):
        return 0.0
    return min(item.height_of(text), _TALLEST)

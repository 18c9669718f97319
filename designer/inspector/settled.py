"""What a person meant to type: a value counts once the keys rest, Enter is pressed or the field is left.

Without this "1e-3" would pass through 1 on its way, and a training that runs would take that step.
Drags, arrows, the wheel and choices count at once.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

REST_MS = 500


class Settled(QObject):
    """Follows one field; ``told(value)`` when a value counts."""

    told = Signal(object)

    def __init__(self, field: Any) -> None:
        super().__init__(field)
        self._edit = getattr(field, "edit", None)
        self._error = getattr(field, "error", None)
        self._waiting: list[object] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self.flush)
        field.value_changed.connect(self._changed)
        if self._edit is not None:
            self._edit.textEdited.connect(self._typed)
            self._edit.editingFinished.connect(self.flush)
            self._edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Ctrl+Z undoes the document's last step, also from here; while something is being typed it undoes the typing.
        if not self._waiting and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            steps_back = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if steps_back:
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _changed(self, value: object) -> None:
        # Qt marks the text as modified only by keys: a drag sets it by program.
        typed = self._edit is not None and self._edit.isModified()
        self._waiting = [value]
        if typed:
            self._timer.start()
        else:
            self.flush()

    def _typed(self, text: str) -> None:
        # A text that is refused makes what stood there a moment before count for nothing.
        if self._error is not None and self._error():
            self._waiting = []
        self._timer.start()

    def flush(self) -> None:
        """Whatever waits counts now."""
        self._timer.stop()
        if self._waiting:
            self.told.emit(self._waiting.pop())

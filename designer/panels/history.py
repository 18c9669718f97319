"""Every undo step by its name; a click goes there."""

from __future__ import annotations

from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QUndoView

from widgets.i18n import language_changed, tr


class History(QUndoView):
    """Qt's own view of the stack."""

    def __init__(self, stack: QUndoStack) -> None:
        super().__init__(stack)
        self.setFrameShape(QUndoView.Shape.NoFrame)
        language_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """The name of the state before the first step."""
        self.setEmptyLabel(tr("As opened"))
        self.setAccessibleName(tr("History"))

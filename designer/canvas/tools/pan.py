"""Pan: middle button, or left with Space held."""

from __future__ import annotations

from PySide6.QtCore import Qt

from designer.canvas.tools.base import Pointer, Tool


class PanTool(Tool):
    """The paper moves with the hand."""

    def start(self, at: Pointer) -> None:
        self._last = self.begun.view
        self.canvas.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, at: Pointer) -> None:
        step = at.view - self._last
        self._last = at.view
        self.canvas.pan(step.x(), step.y())

    def release(self, at: Pointer) -> None:
        self.canvas.restore_cursor()

    def cancel(self) -> None:
        """The view is no document state: it stays where it was panned to."""
        self.canvas.restore_cursor()

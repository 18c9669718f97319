"""The selected cards hang on the mouse until a click or Enter lays them down; Escape and the right button put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from designer.canvas.tools.base import Pointer
from designer.canvas.tools.move import MoveTool

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class Grab(QObject):
    """Moves without a held button; lives as long as the gesture."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        node = canvas.selection.current or ""
        start = canvas.cursor_scene or canvas.scene_.content((node,)).center()
        self._last = self._pointer(start)
        self.tool = MoveTool(canvas, self._last, node)
        canvas.tool = self.tool
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)

    def _pointer(self, scene: QPointF) -> Pointer:
        none = Qt.KeyboardModifier.NoModifier
        return Pointer(scene, self.canvas.mapFromScene(scene), none, Qt.MouseButton.LeftButton)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Only what ends it is taken; everything else goes its usual way."""
        if self.canvas.tool is not self.tool:
            self._over()
            return False
        if isinstance(event, QMouseEvent) and watched is self.canvas.viewport():
            at = self.canvas.mapToScene(event.position().toPoint())
            if event.type() == QEvent.Type.MouseMove:
                self._last = self._pointer(QPointF(at))
                return False
            if event.type() == QEvent.Type.MouseButtonPress:
                self._end(event.button() == Qt.MouseButton.LeftButton)
                return True
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # type: ignore[attr-defined]
            self._end(True)
            return True
        return False

    def _end(self, lay_down: bool) -> None:
        if lay_down and self.tool.dragging:
            self.canvas.tool = None
            self.tool.release(self._last)
        else:
            self.canvas.cancel_tool()
        self._over()

    def _over(self) -> None:
        self.canvas.removeEventFilter(self)
        self.canvas.viewport().removeEventFilter(self)
        self.deleteLater()


def grab(canvas: Canvas) -> Grab | None:
    """Begins it, if anything is selected and nothing else is under way."""
    return Grab(canvas) if canvas.selection.nodes and canvas.tool is None else None

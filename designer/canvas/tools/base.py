"""What a gesture is: begun by a press, fed with moves, ended by a release, and cancelled by Escape at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: pixels on the screen before a press becomes a drag
DRAG = 4


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is and what is held: scene point, viewport point, modifiers, button of the event."""

    scene: QPointF
    view: QPoint
    modifiers: Qt.KeyboardModifier
    button: Qt.MouseButton

    @property
    def shift(self) -> bool:
        """Shift is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def ctrl(self) -> bool:
        """Ctrl is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        """Alt is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Tool:
    """One gesture. Subclasses preview while moving and call one verb at the release."""

    def __init__(self, canvas: Canvas, at: Pointer) -> None:
        self.canvas, self.begun = canvas, at
        self.dragging = False

    def move(self, at: Pointer) -> None:
        """The mouse moved; ``drag`` is called from the first move beyond the threshold on."""
        if not self.dragging and (at.view - self.begun.view).manhattanLength() < DRAG:
            return
        if not self.dragging:
            self.dragging = True
            self.start(at)
        self.drag(at)

    def start(self, at: Pointer) -> None:
        """The press has become a drag."""

    def drag(self, at: Pointer) -> None:
        """Preview."""

    def release(self, at: Pointer) -> None:
        """Do it: one undo step."""

    def cancel(self) -> None:
        """As if nothing had been begun."""

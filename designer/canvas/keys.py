"""Keys that the canvas itself answers, as a table. They fire only while it has the focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from designer.canvas.repeat_box import open_repeat
from designer.document.geometry import GRID

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

_K, _M = Qt.Key, Qt.KeyboardModifier
_NONE, _CTRL, _SHIFT, _ALT = _M.NoModifier, _M.ControlModifier, _M.ShiftModifier, _M.AltModifier
Action = Callable[["Canvas"], object]

KEYS: dict[tuple[Qt.Key, Qt.KeyboardModifier], Action] = {
    (_K.Key_Tab, _NONE): lambda c: c.quick_add(),
    (_K.Key_A, _SHIFT): lambda c: c.quick_add(),
    (_K.Key_Slash, _NONE): lambda c: c.type_chain(),
    (_K.Key_F, _NONE): lambda c: c.frame_selection(),
    (_K.Key_Home, _NONE): lambda c: c.frame_all(),
    (_K.Key_0, _CTRL): lambda c: c.zoom_to(1.0),
    (_K.Key_Plus, _CTRL): lambda c: c.zoom_to(c.zoom * 1.2),
    (_K.Key_Equal, _CTRL): lambda c: c.zoom_to(c.zoom * 1.2),
    (_K.Key_Minus, _CTRL): lambda c: c.zoom_to(c.zoom / 1.2),
    (_K.Key_A, _CTRL): lambda c: c.edits.select_all(),
    (_K.Key_C, _CTRL): lambda c: c.edits.copy(),
    (_K.Key_X, _CTRL): lambda c: c.edits.cut(),
    (_K.Key_V, _CTRL): lambda c: c.edits.paste(),
    (_K.Key_V, _CTRL | _SHIFT): lambda c: c.edits.paste(with_incoming=True),
    (_K.Key_D, _CTRL): lambda c: c.edits.duplicate(),
    (_K.Key_L, _CTRL): lambda c: c.auto_layout(),
    (_K.Key_Delete, _NONE): lambda c: c.edits.delete(),
    (_K.Key_Backspace, _NONE): lambda c: c.edits.delete(),
    (_K.Key_Delete, _CTRL): lambda c: c.edits.delete_and_reconnect(),
    (_K.Key_M, _NONE): lambda c: c.edits.toggle_muted(),
    (_K.Key_S, _SHIFT): lambda c: c.choose_type(),
    (_K.Key_Period, _CTRL): lambda c: c.offer_fixes(),
    (_K.Key_F2, _NONE): lambda c: c.edits.rename(),
    (_K.Key_Return, _NONE): lambda c: c.groups.open_chosen(),
    (_K.Key_Enter, _NONE): lambda c: c.groups.open_chosen(),
    (_K.Key_G, _CTRL): lambda c: c.groups.group(),
    (_K.Key_G, _CTRL | _SHIFT): lambda c: c.groups.ungroup(),
    (_K.Key_R, _CTRL): lambda c: open_repeat(c),
    (_K.Key_J, _NONE): lambda c: c.edits.lazy_connect(),
    (_K.Key_J, _CTRL): lambda c: c.annotations.add_frame(),
    (_K.Key_N, _SHIFT): lambda c: c.annotations.add_note(),
    (_K.Key_H, _NONE): lambda c: c.edits.toggle_collapsed(),
    (_K.Key_Left, _ALT): lambda c: c.visits.back(),
    (_K.Key_Right, _ALT): lambda c: c.visits.forward(),
    (_K.Key_Left, _CTRL): lambda c: c.edits.walk(-1, 0),
    (_K.Key_Right, _CTRL): lambda c: c.edits.walk(1, 0),
    (_K.Key_Up, _CTRL): lambda c: c.edits.walk(0, -1),
    (_K.Key_Down, _CTRL): lambda c: c.edits.walk(0, 1),
    (_K.Key_Left, _CTRL | _SHIFT): lambda c: c.edits.walk(-1, 0, extend=True),
    (_K.Key_Right, _CTRL | _SHIFT): lambda c: c.edits.walk(1, 0, extend=True),
    (_K.Key_Up, _CTRL | _SHIFT): lambda c: c.edits.walk(0, -1, extend=True),
    (_K.Key_Down, _CTRL | _SHIFT): lambda c: c.edits.walk(0, 1, extend=True),
    (_K.Key_Left, _NONE): lambda c: c.edits.nudge(-GRID, 0),
    (_K.Key_Right, _NONE): lambda c: c.edits.nudge(GRID, 0),
    (_K.Key_Up, _NONE): lambda c: c.edits.nudge(0, -GRID),
    (_K.Key_Down, _NONE): lambda c: c.edits.nudge(0, GRID),
    (_K.Key_Left, _SHIFT): lambda c: c.edits.nudge(-5 * GRID, 0),
    (_K.Key_Right, _SHIFT): lambda c: c.edits.nudge(5 * GRID, 0),
    (_K.Key_Up, _SHIFT): lambda c: c.edits.nudge(0, -5 * GRID),
    (_K.Key_Down, _SHIFT): lambda c: c.edits.nudge(0, 5 * GRID),
}


def run_key(canvas: Canvas, event: QKeyEvent) -> bool:
    """True if the key was for the canvas. During a gesture only Escape is."""
    key = Qt.Key(event.key())
    if key == _K.Key_Escape:
        _escape(canvas)
        return True
    if canvas.tool is not None:
        return True
    modifiers = event.modifiers() & ~_M.KeypadModifier & ~_M.GroupSwitchModifier
    if (key, modifiers) in canvas.bound:
        bound = canvas.bound[key, modifiers]
        if bound is not None:
            bound()
        return bound is not None
    action = KEYS.get((key, modifiers))
    if action is not None:
        action(canvas)
    return action is not None


def _escape(canvas: Canvas) -> None:
    """Ends what goes on: a layout on its way, else a gesture, else the selection, else the group that is entered."""
    if canvas.edits.arranging.cancel():
        return
    idle = canvas.tool is None and canvas.drop_tool is None and canvas.click_chain is None
    chosen = canvas.selection.nodes or canvas.selection.wires or canvas.selection.areas
    if idle and (chosen or not canvas.groups.leave()):
        canvas.selection.clear()
    canvas.cancel_tool()

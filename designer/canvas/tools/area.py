"""Frames and notes under the mouse: a drag moves a frame with what it holds, a drag of an edge or corner resizes it.

With Alt a copy is made instead, of a frame with all that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from designer.canvas.annotation_items import Hit, cursor_for
from designer.canvas.tools.base import Pointer, Tool
from designer.canvas.tools.move import MANY
from designer.document import Box, verbs
from designer.document.frames import stretched
from designer.document.geometry import snap
from designer.document.sheet import folded, on_sheet
from designer.document.verbs.areas import area_of, moving
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class AreaTool(Tool):
    """Begun on a frame's title or border, or on a note: a click selects, a drag moves or resizes."""

    def __init__(self, canvas: Canvas, at: Pointer, hit: Hit) -> None:
        super().__init__(canvas, at)
        self._hit, chosen = hit, canvas.selection
        self._selected_before = (chosen.nodes, chosen.wires, chosen.areas)
        self._was_selected = hit.key in chosen.areas
        if at.ctrl:
            chosen.show(chosen.nodes, chosen.wires, chosen.areas ^ {hit.key})
        elif at.shift:
            chosen.show(chosen.nodes, chosen.wires, chosen.areas | {hit.key})
        elif not self._was_selected:
            chosen.show((), (), (hit.key,))

    def start(self, at: Pointer) -> None:
        canvas = self.canvas
        canvas.motion.finish()
        state, sizes = folded(canvas.store.state, canvas.store.within), canvas.scene_.sizes()
        keys = canvas.selection.areas | {self._hit.key}
        self._keys = {self._hit.key} if self._hit.edges else keys
        self._areas, cards = moving(state, self._keys, sizes)
        shown = canvas.scene_.cards
        chosen = () if self._hit.edges else canvas.groups.cards()
        self._home = {n: QPointF(shown[n].pos()) for n in (*cards, *chosen) if n in shown}
        canvas.repaint_whole(len(self._home) > MANY)
        shape = cursor_for(self._hit) if self._hit.edges else Qt.CursorShape.SizeAllCursor
        canvas.viewport().setCursor(shape)

    def _way(self, at: Pointer) -> tuple[int, int]:
        return snap(at.scene.x() - self.begun.scene.x()), snap(at.scene.y() - self.begun.scene.y())

    def _box(self, at: Pointer) -> Box:
        way = at.scene - self.begun.scene
        return stretched(area_of(self.canvas.store.state, self._hit.key).box, self._hit.edges, way.x(), way.y())

    def drag(self, at: Pointer) -> None:
        scene = self.canvas.scene_
        if self._hit.edges:
            box = self._box(at)
            scene.areas[self._hit.key].setRect(box.x, box.y, box.width, box.height)
            return
        self._show(*self._way(at))

    def _show(self, dx: float, dy: float) -> None:
        scene, state = self.canvas.scene_, self.canvas.store.state
        for key in self._areas:
            box = area_of(state, key).box
            scene.areas[key].setRect(QRectF(box.x + dx, box.y + dy, box.width, box.height))
        scene.move_cards({n: home + QPointF(dx, dy) for n, home in self._home.items()})

    def release(self, at: Pointer) -> None:
        canvas, store = self.canvas, self.canvas.store
        if not self.dragging:
            if not (at.ctrl or at.shift):
                canvas.selection.show((), (), (self._hit.key,))
            return
        (dx, dy), box = self._way(at), self._box(at)
        self._show(0, 0)
        canvas.repaint_whole(False)
        canvas.restore_cursor()
        if self._hit.edges:
            store.attempt(tr("Resize"), verbs.resize_area, self._hit.key, box)
        elif at.alt and (dx or dy):
            canvas.edits.duplicate(dx, dy)
        elif dx or dy:
            text = tr("Move a frame") if self._hit.key[0] == "frame" else tr("Move a note")
            edit = (tuple(sorted(self._keys)), dx, dy, canvas.scene_.sizes(), canvas.groups.cards())
            store.attempt(text, on_sheet, store.within, verbs.move_areas, *edit)

    def cancel(self) -> None:
        if self.dragging:
            self._show(0, 0)
            self.canvas.repaint_whole(False)
            self.canvas.restore_cursor()
        self.canvas.selection.show(*self._selected_before)

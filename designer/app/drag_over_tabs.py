"""Layers dragged from the canvas onto another tab: they are copied there, or moved with Shift; one undo step each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QMouseEvent

from designer.canvas.tools.move import MoveTool
from designer.document import verbs
from designer.document.geometry import GAP, snap
from designer.document.state import new_nodes
from designer.document.verbs.chain import below
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.desks import Desks


class DragOverTabs(QObject):
    """Watches each canvas for a drag of cards that comes over the tab bar."""

    def __init__(self, desks: Desks) -> None:
        super().__init__(desks)
        self.desks = desks

    def watch(self, desk: Desk) -> None:
        """From now on cards of this canvas can be dragged onto a tab."""
        desk.canvas.viewport().installEventFilter(self)

    def forget(self, desk: Desk) -> None:
        """The tab is closed."""
        desk.canvas.viewport().removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lights the tab under the mouse; a release there takes the layers along."""
        if event.type() not in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease):
            return False
        desk = self.desks.current
        tool = desk.canvas.tool
        if not isinstance(event, QMouseEvent) or not isinstance(tool, MoveTool) or not tool.dragging:
            return False
        target = self.desks.tabs.under(event.globalPosition().toPoint())
        target = None if target is desk else target
        ended = event.type() == QEvent.Type.MouseButtonRelease
        self.desks.tabs.light(None if ended else target)
        if target is None:
            return False
        moves = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not ended:
            desk.canvas.mouseMoveEvent(event)
            words = tr("Move to “{name}”") if moves else tr("Copy to “{name}” (with Shift they are moved)")
            at = event.position().toPoint()
            desk.canvas.bubble.say(words.format(name=target.document.name), QPoint(at.x(), max(at.y(), 0)), "accent")
            return True
        nodes = desk.canvas.selection.nodes
        desk.canvas.cancel_tool()
        carry(self.desks, desk, target, nodes, moves)
        return True


def carry(desks: Desks, source: Desk, target: Desk, nodes: Sequence[str], moves: bool) -> bool:
    """The layers in another document, at the middle of its view or below what is drawn there; False if refused."""
    window = desks.window
    fragment = verbs.cut_out(source.document.store.state, nodes)
    if not fragment.nodes:
        return False
    count, before = len(fragment.nodes), target.document.store.state
    desks.show(target)
    window.show_canvas()
    dx, dy = _offset(source, target, nodes)
    text = tr("Bring {count} layers from “{name}”", count=count, name=source.document.name)
    if not target.document.store.attempt(text, verbs.paste, fragment, dx, dy):
        return False
    fresh = new_nodes(before, target.document.store.state)
    target.document.selection.show(fresh)
    canvas = target.canvas
    if not canvas.visible_rect().contains(canvas.scene_.content(fresh)):
        canvas.frame_selection()
    if moves:
        text = tr("Move {count} layers to “{name}”", count=count, name=target.document.name)
        source.document.store.attempt(text, verbs.remove_nodes, tuple(nodes))
    said = tr("{count} layers moved to “{name}”") if moves else tr("{count} layers copied to “{name}”")
    window.status.say(said.format(count=count, name=target.document.name))
    return True


def _offset(source: Desk, target: Desk, nodes: Sequence[str]) -> tuple[float, float]:
    box: QRectF = source.canvas.scene_.content(tuple(nodes))
    scene = target.canvas.scene_
    middle = target.canvas.visible_rect().center()
    dx, dy = snap(middle.x() - box.center().x()), snap(middle.y() - box.center().y())
    there = box.translated(dx, dy).adjusted(-GAP / 2, -GAP / 2, GAP / 2, GAP / 2)
    if any(item.box().intersects(there) for item in scene.nodes.values()):
        state = target.document.store.state
        left = min((p.x for p in state.positions.values()), default=0)
        dx, dy = snap(left - box.left()), snap(below(state, scene.sizes()) - box.top())
    return dx, dy

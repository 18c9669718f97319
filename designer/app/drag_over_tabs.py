"""Layers dragged from the canvas to another tab: they are copied there, or moved with Shift; one undo step each.

Dropped on the tab they find a place of their own. Held over it for a moment, it opens, an outline of them hangs on the
mouse, and they come to where the button is let go. Escape and the other button give up and lead back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.edits import remove
from designer.canvas.tools.move import MoveTool
from designer.document import Point, verbs
from designer.document.geometry import GAP, snap
from designer.document.sheet import cards_of, on_sheet, place_of
from designer.document.state import new_nodes
from designer.document.verbs.chain import below
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.desks import Desks

#: so long over a tab until it opens
OPENS_MS = 450


#: layers, and frames and notes by key
Taken = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Load:
    """What hangs on the mouse: whose layers, where they were taken hold of, the boxes of their cards."""

    source: Desk
    taken: Taken
    hold: QPointF
    boxes: tuple[QRectF, ...]


class DragOverTabs(QObject):
    """Watches each canvas for a drag of cards that comes over the tab bar."""

    def __init__(self, desks: Desks) -> None:
        super().__init__(desks)
        self.desks = desks
        self.load: Load | None = None
        self._ghost: QGraphicsPathItem | None = None
        self._over: Desk | None = None
        self._opens = QTimer(self)
        self._opens.setSingleShot(True)
        self._opens.setInterval(OPENS_MS)
        self._opens.timeout.connect(self._open)

    def watch(self, desk: Desk) -> None:
        """From now on cards of this canvas can be dragged onto a tab."""
        desk.canvas.viewport().installEventFilter(self)
        desk.canvas.installEventFilter(self)

    def forget(self, desk: Desk) -> None:
        """The tab is closed."""
        if self.load is not None:
            self._give_up()
        desk.canvas.viewport().removeEventFilter(self)
        desk.canvas.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lights the tab under the mouse; a release takes the layers along."""
        kind = event.type()
        if self.load is not None and kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self._give_up()
            return True
        if kind not in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonPress):
            return False
        if not isinstance(event, QMouseEvent) or watched is not self.desks.current.canvas.viewport():
            return False
        return self._on_the_way(event) if self.load is not None else self._begun(event)

    def _target(self, event: QMouseEvent) -> Desk | None:
        """The other tab under the mouse, which opens after a while."""
        found = self.desks.tabs.under(event.globalPosition().toPoint())
        target = None if found is self.desks.current else found
        if target is not self._over:
            self._over = target
            self._opens.start() if target is not None else self._opens.stop()
        self.desks.tabs.light(target)
        return target

    def _rest(self) -> None:
        self._over = None
        self._opens.stop()
        self.desks.tabs.light(None)

    # ------------------------------------------------------------------ still on the sheet that they come from

    def _begun(self, event: QMouseEvent) -> bool:
        desk = self.desks.current
        tool = desk.canvas.tool
        if not isinstance(tool, MoveTool) or not tool.dragging or event.type() == QEvent.Type.MouseButtonPress:
            if self._over is not None:
                self._rest()
            return False
        target = self._target(event)
        ended = event.type() == QEvent.Type.MouseButtonRelease
        if ended:
            self._rest()
        if target is None:
            return False
        if not ended:
            desk.canvas.mouseMoveEvent(event)
            self._say(desk, target, event)
            return True
        taken = desk.canvas.edits.taken()
        desk.canvas.cancel_tool()
        carry(self.desks, desk, target, taken, _moves(event))
        return True

    def _say(self, desk: Desk, target: Desk, event: QMouseEvent) -> None:
        words = tr("Move to “{name}”") if _moves(event) else tr("Copy to “{name}” (with Shift they are moved)")
        at = event.position().toPoint()
        desk.canvas.bubble.say(words.format(name=target.document.name), QPoint(at.x(), max(at.y(), 0)), "accent")

    # ------------------------------------------------------------------ over another document

    def _open(self) -> None:
        """The tab under the mouse is shown; the layers hang on the mouse from now on."""
        target, desk = self._over, self.desks.current
        self._rest()
        if target is None or target not in self.desks.all:
            return
        tool = desk.canvas.tool
        if self.load is None and isinstance(tool, MoveTool):
            scene, taken = desk.canvas.scene_, desk.canvas.edits.taken()
            hold = tool.begun.scene
            desk.canvas.cancel_tool()  # the cards are at home again
            cards = cards_of(desk.document.store.state, desk.document.store.within, taken[0])
            boxes = (*(scene.cards[c].box() for c in cards), *(scene.areas[a].rect() for a in taken[1]))
            self.load = Load(desk, taken, hold, boxes)
        if self.load is not None:
            self._drop_ghost()
            self.desks.show(target)
            self.desks.window.show_canvas()
            target.canvas.setFocus()
            target.canvas.viewport().grabMouse()

    def _on_the_way(self, event: QMouseEvent) -> bool:
        assert self.load is not None
        desk, load = self.desks.current, self.load
        if event.type() == QEvent.Type.MouseButtonPress:
            self._give_up()
            return True
        over = self._target(event)
        at = desk.canvas.mapToScene(event.position().toPoint())
        way = QPointF(snap(at.x() - load.hold.x()), snap(at.y() - load.hold.y()))
        if event.type() == QEvent.Type.MouseMove:
            self._show_ghost(desk, way)
            going = over or desk
            if going is load.source:
                desk.canvas.bubble.hide()
            else:
                self._say(desk, going, event)
            return True
        inside = desk.canvas.viewport().rect().contains(event.position().toPoint())
        self._end()
        if inside and desk is not load.source:
            carry(self.desks, load.source, desk, load.taken, _moves(event), way)
        elif over is not None and over is not load.source:
            carry(self.desks, load.source, over, load.taken, _moves(event))
        return True

    def _show_ghost(self, desk: Desk, way: QPointF) -> None:
        if self._ghost is None:
            path = QPainterPath()
            for box in self.load.boxes if self.load is not None else ():
                path.addRoundedRect(box, tokens.RADIUS, tokens.RADIUS)
            self._ghost = QGraphicsPathItem(path)
            pen = QPen(tokens.color(tokens.theme().accent), 1.5, Qt.PenStyle.DashLine)
            pen.setCosmetic(True)
            self._ghost.setPen(pen)
            self._ghost.setBrush(tokens.color(tokens.theme().accent, 0.12))
            self._ghost.setZValue(20)
            desk.canvas.scene_.addItem(self._ghost)
        self._ghost.setPos(way)

    def _drop_ghost(self) -> None:
        if self._ghost is not None and self._ghost.scene() is not None:
            self._ghost.scene().removeItem(self._ghost)
        self._ghost = None

    def _end(self) -> None:
        canvas = self.desks.current.canvas
        self._rest()
        self._drop_ghost()
        canvas.bubble.hide()
        canvas.viewport().releaseMouse()
        self.load = None

    def _give_up(self) -> None:
        """Nothing was carried; back to where they come from."""
        source = self.load.source if self.load is not None else None
        self._end()
        if source is not None and source in self.desks.all:
            self.desks.show(source)


def _moves(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)


def carry(
    desks: Desks, source: Desk, target: Desk, taken: Taken, moves: bool, way: QPointF | None = None
) -> bool:
    """The layers in another document: by ``way`` from where they stood, what is there makes room; else at the middle
    of its view or below what is drawn there. False if refused."""
    window, store = desks.window, target.document.store
    nodes, areas = taken
    fragment = verbs.cut_out(source.document.store.state, nodes, source.document.store.within, areas)
    if not fragment.nodes:
        return False
    count, before = len(fragment.nodes), store.state
    desks.show(target)
    window.show_canvas()
    dx, dy = (way.x(), way.y()) if way is not None else _offset(source, target, nodes)
    text, gesture = tr("Bring {count} layers from “{name}”", count=count, name=source.document.name), object()
    if not store.attempt(text, verbs.paste, fragment, dx, dy, gesture=gesture):
        return False
    fresh = new_nodes(before, store.state)
    if way is not None:
        cards = cards_of(store.state, store.within, fresh)
        places = {c: Point(*place_of(store.state, c)) for c in cards}
        sizes = target.canvas.scene_.sizes()
        store.attempt(text, on_sheet, store.within, verbs.move_and_make_room, places, sizes, gesture=gesture)
    target.document.selection.show(fresh)
    canvas = target.canvas
    if not canvas.visible_rect().contains(canvas.scene_.content(fresh)):
        canvas.frame_selection()
    canvas.setFocus()
    if moves:
        text = tr("Move {count} layers to “{name}”", count=count, name=target.document.name)
        source.document.store.attempt(text, remove, nodes, (), areas)
    said = tr("{count} layers moved to “{name}”") if moves else tr("{count} layers copied to “{name}”")
    window.status.say(said.format(count=count, name=target.document.name))
    return True


def _offset(source: Desk, target: Desk, nodes: Sequence[str]) -> tuple[float, float]:
    box: QRectF = source.canvas.scene_.content(tuple(nodes))
    scene = target.canvas.scene_
    middle = target.canvas.visible_rect().center()
    dx, dy = snap(middle.x() - box.center().x()), snap(middle.y() - box.center().y())
    there = box.translated(dx, dy).adjusted(-GAP / 2, -GAP / 2, GAP / 2, GAP / 2)
    if any(item.box().intersects(there) for item in scene.cards.values()):
        state = target.document.store.state
        left = min((p.x for p in state.positions.values()), default=0)
        dx, dy = snap(left - box.left()), snap(below(state, scene.sizes()) - box.top())
    return dx, dy

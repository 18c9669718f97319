"""Move: a press selects, a drag moves what is selected. Snaps to the grid and to edges of other cards.

A lone card dropped on a wire goes on it; cards that would be covered make room. With Alt, copies are made instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.tools.base import Pointer, Tool
from designer.document import Point, verbs
from designer.document.geometry import GAP, GRID, snap
from designer.document.ports import inputs_of, outputs_of
from designer.document.refusals import EditRefusal
from designer.document.sheet import members_of, on_sheet, place_of, sheet_of, with_places
from designer.document.shove import make_room
from designer.document.state import DocState, new_nodes
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: how near, on the screen, an edge of another card attracts
ATTRACT = 6
#: from so many cards on the view is painted as one piece
MANY = 24
#: how long a card rests over others before they make room
REST_MS = 160


class MoveTool(Tool):
    """Begun on a card."""

    def __init__(self, canvas: Canvas, at: Pointer, card: str) -> None:
        super().__init__(canvas, at)
        self._node = card
        members = members_of(canvas.store.state, (card,))
        self._selected_before = (canvas.selection.nodes, canvas.selection.wires, canvas.selection.areas)
        self._was_selected = set(members) <= set(canvas.selection.nodes)
        if at.ctrl and not at.alt:
            held = canvas.selection.nodes
            canvas.selection.toggle(members if self._was_selected else [n for n in members if n not in held])
        elif at.shift:
            canvas.selection.add(members)
        elif not self._was_selected:
            canvas.selection.show(members)
        self._ids: tuple[str, ...] = ()
        self._guides: QGraphicsPathItem | None = None
        self._wire: Edge | None = None
        self._rest = QTimer(canvas, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._make_room)
        self._pushed: set[str] = set()

    def start(self, at: Pointer) -> None:
        canvas = self.canvas
        canvas.motion.finish()
        chosen = canvas.groups.cards()
        self._ids = chosen if self._node in chosen else (self._node,)
        self._home = {n: QPointF(item.pos()) for n, item in canvas.scene_.cards.items()}
        self._guides = QGraphicsPathItem()
        pen = QPen(tokens.color(tokens.theme().accent, 0.7), 1, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._guides.setPen(pen)
        self._guides.setZValue(20)
        canvas.scene_.addItem(self._guides)
        canvas.viewport().setCursor(Qt.CursorShape.SizeAllCursor)
        canvas.repaint_whole(len(self._ids) > MANY)

    def drag(self, at: Pointer) -> None:
        scene = self.canvas.scene_
        home = self._home[self._node]
        x, y = home.x() + at.scene.x() - self.begun.scene.x(), home.y() + at.scene.y() - self.begun.scene.y()
        x, y = self._snapped(x, y)
        dx, dy = x - home.x(), y - home.y()
        self._settle()
        scene.move_cards({n: self._home[n] + QPointF(dx, dy) for n in self._ids})
        self._show_target(at)
        if not at.alt and len(self._ids) <= 20:
            self._rest.start()

    def _snapped(self, x: float, y: float) -> tuple[float, float]:
        """The grid, or the nearest left edge or top of a card in sight."""
        reach = ATTRACT / self.canvas.zoom
        moving = set(self._ids)
        sight = self.canvas.visible_rect()
        others = [p for n, p in self._home.items() if n not in moving and sight.contains(p)]
        near_x = min((p.x() for p in others), key=lambda v: abs(v - x), default=None)
        near_y = min((p.y() for p in others), key=lambda v: abs(v - y), default=None)
        lines = []
        if near_x is not None and abs(near_x - x) <= reach:
            x = near_x
            lines.append(QLineF(x, sight.top(), x, sight.bottom()))
        if near_y is not None and abs(near_y - y) <= reach:
            y = near_y
            lines.append(QLineF(sight.left(), y, sight.right(), y))
        path = QPainterPath()
        for line in lines:
            path.moveTo(line.p1())
            path.lineTo(line.p2())
        if self._guides is not None:
            self._guides.setPath(path)
        return (x if near_x == x else snap(x), y if near_y == y else snap(y))

    def _show_target(self, at: Pointer) -> None:
        """The wire that a lone, unwired card would go on."""
        wire = None
        if len(self._ids) == 1 and not at.alt and self._is_lone():
            wire = self.canvas.wire_under_card(self._ids[0])
        if wire != self._wire:
            self._wire = wire
            self.canvas.scene_.show_hover(wire)
        self.canvas.bubble.say(tr("Insert here") if wire else "", at.view, "accent")

    def _is_lone(self) -> bool:
        graph, node = self.canvas.store.state.graph, self._ids[0]
        if node not in graph.nodes:
            return self.canvas.groups.is_lone(node)
        type_name = graph.nodes[node].type
        wired = graph.incoming.get(node) or graph.outgoing.get(node)
        return not wired and bool(inputs_of(type_name)) and bool(outputs_of(type_name))

    # ------------------------------------------------------------------ neighbours

    def _make_room(self) -> None:
        """After a rest: what lies under the dragged cards steps aside."""
        scene = self.canvas.scene_
        near = QRectF()
        for n in self._ids:
            near = near.united(scene.cards[n].box())
        near.adjust(-900, -40, 900, 40)
        places = {n: Point(i.x(), i.y()) for n, i in scene.cards.items() if i.box().intersects(near)}
        if self._wire is not None or not any(n in places for n in self._ids):
            return
        after = make_room(places, scene.sizes(), self._ids, 2 * GRID)
        pushed = {n: QPointF(*p) for n, p in after.items() if n not in self._ids and p != places[n]}
        self._pushed |= pushed.keys()
        scene.move_cards(pushed)

    def _settle(self) -> None:
        if self._pushed:
            self.canvas.scene_.move_cards({n: self._home[n] for n in self._pushed})
            self._pushed.clear()

    # ------------------------------------------------------------------ end

    def release(self, at: Pointer) -> None:
        if not self.dragging:
            plain = not (at.ctrl or at.shift or at.alt)
            if plain and self._was_selected:
                self.canvas.selection.show(members_of(self.canvas.store.state, (self._node,)))
            item = self.canvas.scene_.cards[self._node]
            if plain and item.card.problem and item.badge().translated(item.pos()).contains(at.scene):
                self.canvas.offer_fixes(self.canvas.groups.worst(self._node))
            return
        places = {n: Point(*_xy(self.canvas.scene_.cards[n].pos())) for n in self._ids}
        wire = self._wire
        self._put_back()
        if all(_xy(self._home[n]) == tuple(p) for n, p in places.items()):
            return
        self._apply(places, wire, at.alt)

    def _apply(self, places: dict[str, Point], wire: Edge | None, copy: bool) -> None:
        canvas, store = self.canvas, self.canvas.store
        sizes = canvas.scene_.sizes()
        if copy:
            anchor = self._home[self._node]
            dx, dy = places[self._node].x - anchor.x(), places[self._node].y - anchor.y()
            before, members = store.state, members_of(store.state, self._ids)
            text = tr("Duplicate {count} layers", count=len(members))
            if store.attempt(text, verbs.duplicate, members, dx, dy, False, store.within):
                canvas.selection.show(new_nodes(before, store.state))
        elif wire is not None:
            roomy = canvas.scene_.sizes(roomy=True)
            twins = canvas.scene_.sheet.twins((wire,))
            canvas.glide(tr("Insert a layer"), _onto_wire, places, twins, roomy, store.within)
        else:
            text = tr("Move {count} layers", count=len(places))
            canvas.glide(text, on_sheet, store.within, verbs.move_and_make_room, places, sizes)

    def _put_back(self) -> None:
        """Previews away; the document then says where everything stands."""
        self._rest.stop()
        self.canvas.repaint_whole(False)
        self._settle()
        self.canvas.scene_.move_cards({n: self._home[n] for n in self._ids})
        if self._guides is not None:
            self.canvas.scene_.removeItem(self._guides)
            self._guides = None
        self.canvas.scene_.show_hover(None)
        self.canvas.bubble.hide()
        self.canvas.restore_cursor()

    def cancel(self) -> None:
        if self.dragging:
            self._put_back()
        self.canvas.selection.show(*self._selected_before)


def _onto_wire(
    state: DocState,
    places: dict[str, Point],
    wires: tuple[Edge, ...],
    sizes: dict[str, tuple[float, float]],
    within: str | None,
) -> DocState:
    """The card beside the wire's source, on the wire (all that are drawn as this one), and the rest shoved on."""
    ((card, at),) = places.items()
    owner = sheet_of(state, within).owner
    source, target = (owner.get(n) for n in (wires[0].source, wires[0].target))
    if card in (source, target):
        raise EditRefusal("a layer cannot go on a wire of its own", "drop it on another one")
    if source is not None and target is not None and place_of(state, source).y == place_of(state, target).y:
        x, y = place_of(state, source)
        at = Point(snap(x + sizes[source][0] + GAP), y)
    return verbs.thread_card(with_places(state, {card: at}), wires, card, sizes, within)


def _xy(point: QPointF) -> tuple[float, float]:
    """Whole numbers where they are whole, so that files stay short."""
    x, y = point.x(), point.y()
    return (int(x) if x == int(x) else x, int(y) if y == int(y) else y)

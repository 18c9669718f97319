"""The canvas's commands: each reads selection and cards, calls one verb, and is one undo step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from designer.canvas.arranging import Arranging
from designer.canvas.blocks import PREFIX, place_block
from designer.canvas.extent import shift_of
from designer.canvas.ports import PortRef
from designer.canvas.rename import RenameField
from designer.document import DocState, Point, verbs
from designer.document.geometry import GAP, snap, snap_point
from designer.document.layout import Slot
from designer.document.ports import inputs_of, outputs_of, title_of
from designer.document.refusals import FragmentRefusal
from designer.document.sheet import folded, members_of, on_sheet, place_of, sheet_of, with_room
from designer.document.state import new_nodes
from designer.document.verbs.areas import moving
from designer.document.verbs.arrange import Side
from designer.document.verbs.fragment import MIME
from engine.graph import Edge
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: nudges that follow each other within this time are one undo step
_BURST_S = 0.8


class Edits:
    """Commands on the selection of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.store, self.selection = canvas, canvas.store, canvas.selection
        self.arranging = Arranging(canvas)
        self._nudged: tuple[float, object, tuple[object, ...]] = (0.0, object(), ())
        self._pasted: tuple[str, int] = ("", 0)

    def _sizes(self, roomy: bool = False) -> dict[str, tuple[float, float]]:
        return self.canvas.scene_.sizes(roomy)

    # ------------------------------------------------------------------ selection, delete, flags

    def select_all(self) -> None:
        """Every card, wire, frame and note of this sheet."""
        state, within = self.store.state, self.store.within
        inside = set(sheet_of(state, within).owner)
        wires = [e for e in state.graph.edges if e.source in inside and e.target in inside]
        areas = [k for k, item in self.canvas.scene_.areas.items() if item.isVisible()]
        self.selection.show((n for n in state.graph.nodes if n in inside), wires, areas)

    def walk(self, dx: int, dy: int, extend: bool = False) -> None:
        """Select the next card in that direction, too or instead; the first one if none is selected."""
        state, sizes = self.store.state, self._sizes()
        boxes = {n: QRectF(*place_of(state, n), *sizes[n]) for n in self.canvas.scene_.cards}  # where motion will end
        current = self.canvas.scene_.sheet.card_of(self.selection.current or "")
        if current not in boxes:
            seen = (self.canvas.scene_.sheet.card_of(n) for n in state.graph.order)
            found = next((c for c in seen if c in boxes), None)
        else:
            found = next_card({n: b.center().toTuple() for n, b in boxes.items()}, current, dx, dy)
        if found is not None:
            members = members_of(state, (found,))
            self.selection.add(members) if extend else self.selection.show(members)
            if not self.canvas.visible_rect().contains(boxes[found]):
                self.canvas.centre_on(boxes[found].center())

    def delete(self) -> None:
        """The selected cards with their wires, the selected wires, frames (what stands in them stays) and notes."""
        nodes, wires, areas = self.selection.nodes, self.selection.wires, self.selection.areas
        if nodes or wires or areas:
            text = tr("Delete {count} layers", count=len(nodes)) if nodes else tr("Cut {count} wires", count=len(wires))
            text = text if nodes or wires else tr("Delete {count} frames and notes", count=len(areas))
            self.store.attempt(text, remove, nodes, tuple(wires), tuple(sorted(areas)))

    def toggle_collapsed(self) -> None:
        """The selected cards as their title only; in full if all are. Their first ports stay where they are."""
        nodes, scene = self.selection.nodes, self.canvas.scene_
        # A group's card has no shorter form, and what is inside is not to change unseen.
        chosen = [n for n in nodes if n in self.store.state.graph.nodes and n in scene.cards]
        if chosen:
            collapsed = not all(n in self.store.state.collapsed for n in chosen)
            shifts = {n: shift_of(scene, n, collapsed) for n in chosen}
            text = tr("Collapse {count} layers", count=len(chosen)) if collapsed else tr("Open {count} layers",
                                                                                        count=len(chosen))  # fmt: skip
            self.canvas.glide(text, verbs.set_collapsed, tuple(chosen), collapsed, shifts)

    def delete_and_reconnect(self) -> None:
        """The selected cards; what fed them feeds what they fed."""
        nodes = self.selection.nodes
        if nodes:
            text = tr("Delete and reconnect {count} layers", count=len(nodes))
            self.store.attempt(text, verbs.delete_and_reconnect, nodes)

    def toggle_muted(self) -> None:
        """Mute; unmute if all are muted."""
        nodes = self.selection.nodes
        if nodes:
            muted = not all(self.store.state.graph.nodes[n].muted for n in nodes)
            self.store.attempt(tr("Mute") if muted else tr("Unmute"), verbs.set_muted, nodes, muted)

    def toggle_frozen(self) -> None:
        """Freeze the weights; thaw if all are frozen."""
        nodes = self.selection.nodes
        if nodes:
            frozen = not all(self.store.state.graph.nodes[n].frozen for n in nodes)
            self.store.attempt(tr("Freeze") if frozen else tr("Thaw"), verbs.set_frozen, nodes, frozen)

    def rename(self, node_id: str | None = None) -> RenameField | None:
        """Edit the name in place on the card."""
        if node_id is None and self.selection.areas and not self.selection.nodes:
            self.canvas.annotations.write()
            return None
        card = node_id or self.canvas.groups.current_card()
        if card in self.canvas.scene_.sheet.groups:
            return RenameField(self.canvas, card)
        node_id = node_id or self.selection.current
        return RenameField(self.canvas, node_id) if node_id in self.canvas.scene_.nodes else None

    def change_type(self, type_name: str) -> None:
        """The selected cards become another type; wires and parameters that fit stay."""
        if self.selection.nodes:
            text = tr("Change type to {title}", title=tr_declared(title_of(type_name)))
            self.store.attempt(text, verbs.change_type, self.selection.nodes, type_name)

    def settings_to_nodes(self) -> None:
        """Activation, batch norm and dropout of the current layer as cards of their own."""
        if self.selection.current:
            text = tr("Draw settings as layers")
            self.canvas.glide(text, verbs.settings_to_nodes, self.selection.current, self._sizes(roomy=True))

    def nodes_to_settings(self) -> None:
        """Cards behind the current layer as its settings."""
        if self.selection.current:
            self.store.attempt(tr("Fold layers into settings"), verbs.nodes_to_settings, self.selection.current)

    def lazy_connect(self) -> None:
        """The left one of two selected cards into the right one."""
        cards, state = self.canvas.groups.cards(), self.store.state
        if len(cards) == 2 and any(c not in state.graph.nodes for c in cards):
            self.canvas.groups.connect_cards(*sorted(cards, key=lambda c: place_of(state, c)))
        elif len(self.selection.nodes) == 2:
            first, second = sorted(self.selection.nodes, key=lambda n: self.store.state.position(n))
            self.store.attempt(tr("Connect"), verbs.lazy_connect, first, second)

    # ------------------------------------------------------------------ places

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection; held keys are one step. Without a selection the view moves."""
        nodes, areas, now = self.selection.nodes, tuple(sorted(self.selection.areas)), time.monotonic()
        chosen = (*nodes, *areas)
        if not chosen:
            self.canvas.pan(-dx * 5, -dy * 5)
            return
        last, token, same = self._nudged
        if now - last > _BURST_S or same != chosen:
            token = object()
        self._nudged = (now, token, chosen)
        cards, within = self.canvas.groups.cards(), self.store.within
        if areas:
            text, edit = tr("Nudge frames and notes"), (areas, dx, dy, self._sizes(), cards)
            self.store.attempt(text, on_sheet, within, verbs.move_areas, *edit, gesture=token)
            return
        text = tr("Nudge {count} layers", count=len(nodes))
        self.store.attempt(text, on_sheet, within, verbs.nudge, cards, dx, dy, gesture=token)

    def align(self, side: Side) -> None:
        """An edge or middle line in common."""
        cards = self.canvas.groups.cards()
        self.canvas.glide(tr("Align"), on_sheet, self.store.within, verbs.align, cards, side, self._sizes())

    def distribute(self, direction: Literal["across", "down"]) -> None:
        """Equal space between neighbours."""
        cards, within = self.canvas.groups.cards(), self.store.within
        self.canvas.glide(tr("Distribute"), on_sheet, within, verbs.distribute, cards, direction, self._sizes())

    # ------------------------------------------------------------------ clipboard

    def copy(self) -> bool:
        """What is selected, as JSON on the system clipboard. False if that is nothing."""
        nodes, areas = self.taken()
        if not nodes and not areas:
            return False
        text = verbs.dump_fragment(verbs.cut_out(self.store.state, nodes, self.store.within, areas))
        mime = QMimeData()
        mime.setData(MIME, text.encode())
        mime.setText(text)
        QGuiApplication.clipboard().setMimeData(mime)
        return True

    def taken(self) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """What a copy takes along: selected cards and notes, and selected frames with all that they hold."""
        state, within = self.store.state, self.store.within
        areas, cards = moving(folded(state, within), self.selection.areas, self._sizes())
        nodes = dict.fromkeys((*self.selection.nodes, *members_of(state, sorted(cards))))
        return tuple(nodes), tuple(sorted(areas))

    def cut(self) -> None:
        """Copy, then delete."""
        nodes, areas = self.taken()
        if self.copy():
            lone = tr("Delete {count} frames and notes", count=len(areas))
            text = tr("Cut {count} layers", count=len(nodes)) if nodes else lone
            self.store.attempt(text, remove, nodes, (), areas)

    def paste(self, with_incoming: bool = False) -> None:
        """The clipboard's cards at the cursor, else beside where they came from; they are selected."""
        mime = QGuiApplication.clipboard().mimeData()
        text = bytes(mime.data(MIME).data()).decode("utf-8", "replace") if mime.hasFormat(MIME) else mime.text()
        try:
            fragment = verbs.load_fragment(text)
        except FragmentRefusal as refusal:
            self.store.refused.emit(refusal)
            return
        count = self._pasted[1] + 1 if self._pasted[0] == text else 1
        self._pasted = (text, count)
        left, top = fragment.corner
        cursor = self.canvas.cursor_scene
        if cursor is not None and not with_incoming:
            dx, dy = snap(cursor.x() - left), snap(cursor.y() - top)
        else:
            dx = dy = 32 * count
        before = self.store.state
        count = len(fragment.nodes)
        label = tr("Paste {count} layers", count=count) if count else tr("Paste frames and notes")
        if self.store.attempt(label, verbs.paste, fragment, dx, dy, with_incoming):
            self._choose_new(before)

    def duplicate(self, dx: float = 32, dy: float = 32) -> None:
        """Copies of what is selected, by default a little lower right; they are selected."""
        (nodes, areas), before = self.taken(), self.store.state
        text = tr("Duplicate {count} layers", count=len(nodes)) if nodes else tr("Duplicate frames and notes")
        if (nodes or areas) and self.store.attempt(
            text, verbs.duplicate, nodes, dx, dy, False, self.store.within, areas
        ):
            self._choose_new(before)

    def _choose_new(self, before: DocState) -> None:
        state = self.store.state
        areas = [k for k, item in self.canvas.scene_.areas.items() if item.isVisible()]
        fresh = [(kind, key) for kind, key in areas if key not in (before.frames if kind == "frame" else before.notes)]
        self.selection.show(new_nodes(before, state), (), fresh)

    # ------------------------------------------------------------------ new layers

    def loose_end(self) -> tuple[QPointF | None, PortRef | None]:
        """(a place behind it, the current layer's first output), if nothing is wired to that."""
        group = self.canvas.groups.output()
        if group is not None:
            behind = self.canvas.scene_.sheet.point_of(group) + QPointF(GAP, 0)
            return (behind, group) if not self.canvas.groups.wired(group) else (None, None)
        current, graph = self.selection.current, self.store.state.graph
        if current is None or graph.outgoing.get(current) or not outputs_of(graph.nodes[current].type):
            return None, None
        port = PortRef(current, outputs_of(graph.nodes[current].type)[0], False)
        return self.canvas.scene_.nodes[current].port_point(port.port, False) + QPointF(GAP, 0), port

    def add_layer(self, type_name: str) -> str | None:
        """Beside the selected card and wired to it, if it has an output and the layer an input; else in the middle."""
        current, state = self.selection.current, self.store.state
        group = self.canvas.groups.output()
        if group is not None and inputs_of(type_name):
            card = self.canvas.groups.current_card() or ""
            x, y = place_of(state, card)
            return self.place_layer(type_name, Point(snap(x + self._sizes()[card][0] + GAP), y), None, group)
        if current is not None and outputs_of(state.graph.nodes[current].type) and inputs_of(type_name):
            x, y = state.position(current)
            at = Point(snap(x + self._sizes()[current][0] + GAP), y)
            return self.place_layer(
                type_name, at, None, PortRef(current, outputs_of(state.graph.nodes[current].type)[0], False)
            )
        middle = self.canvas.visible_rect().center()
        return self.place_layer(type_name, snap_point(middle.x() - 88, middle.y() - 28))

    def place_layer(
        self, type_name: str, at: Point, wire: Edge | None = None, origin: PortRef | None = None
    ) -> str | None:
        """One undo step: on a wire, wired to a port, or on its own; what it would cover makes room."""
        if type_name.startswith(PREFIX):
            return place_block(self.canvas, type_name, at, wire, origin)
        new, canvas = self.store.state.graph.new_id(), self.canvas
        sizes = {**self._sizes(roomy=True), new: (176.0, 128.0)}
        text = tr("Add {title}", title=tr_declared(title_of(type_name)))
        if wire is not None:
            at = self._behind(wire, at, sizes)
            twins = canvas.scene_.sheet.twins((wire,))
            done = canvas.glide(text, _insert, twins, new, type_name, at, sizes, self.store.within)
        else:
            ends = canvas.groups.slots(origin) if origin is not None else ()
            done = canvas.glide(text, _add, new, type_name, at, origin, sizes, self.store.within, ends)
        if done:
            self.selection.show((new,))
        return new if done else None

    def _behind(self, wire: Edge, at: Point, sizes: dict[str, tuple[float, float]]) -> Point:
        """Right behind the wire's source if both ends stand in one row, else where it was dropped."""
        cards = [self.canvas.scene_.sheet.card_of(n) for n in (wire.source, wire.target)]
        if cards[0] is None or cards[1] is None:
            return at
        source, target = (place_of(self.store.state, c) for c in cards if c is not None)
        if abs(source.y - target.y) < 8 and target.x > source.x:
            return Point(snap(source.x + sizes[cards[0]][0] + GAP), source.y)
        return at

    def place_at_cursor(self, type_name: str, at: QPointF, origin: PortRef | None) -> str | None:
        """From the quick-add list: its port, or its middle, where the cursor was."""
        x = at.x() if origin is not None and not origin.is_input else at.x() - (176 if origin is not None else 88)
        return self.place_layer(type_name, snap_point(x, at.y() - 28), None, origin)


def next_card(centres: Mapping[str, tuple[float, float]], start: str, dx: int, dy: int) -> str | None:
    """The nearest centre in a direction; what stands beside the way counts twice, and beyond 60 degrees not at all."""
    x, y = centres[start]
    best: tuple[float, str] | None = None
    for node, (u, v) in centres.items():
        along = (u - x) * dx + (v - y) * dy
        beside = abs((u - x) * dy) + abs((v - y) * dx)
        if node != start and along > 0 and beside <= 1.8 * along:
            far = (along + 2 * beside, node)
            best = min(best, far) if best is not None else far
    return best[1] if best is not None else None


def remove(
    state: DocState, nodes: tuple[str, ...], wires: tuple[Edge, ...], areas: tuple[tuple[str, str], ...]
) -> DocState:
    """Without all of these."""
    return verbs.remove_areas(verbs.remove_nodes(verbs.disconnect(state, wires), nodes), areas)


def _add(
    state: DocState,
    new: str,
    type_name: str,
    at: Point,
    origin: PortRef | None,
    sizes: dict[str, tuple[float, float]],
    within: str | None,
    ends: tuple[Slot, ...],
) -> DocState:
    """``ends``: all that the input port behind ``origin`` stands for."""
    wires: tuple[Edge, ...] = ()
    if origin is not None and origin.is_input:
        wires = tuple(Edge(new, slot.node, slot.port, outputs_of(type_name)[0]) for slot in ends)
    elif origin is not None:
        wires = (Edge(origin.node, new, inputs_of(type_name)[0].name, origin.port),)
    after = verbs.add_node(state, new, type_name, at, wires)
    return with_room(after, (new,), sizes, 16, within)


def _insert(
    state: DocState,
    wires: tuple[Edge, ...],
    new: str,
    type_name: str,
    at: Point,
    sizes: dict[str, tuple[float, float]],
    within: str | None,
) -> DocState:
    """On the first wire; the others, which are drawn as one with it, come from the new layer too."""
    after = verbs.insert_on_wire(state, wires[0], new, type_name, at, sizes, None, within)
    others = [Edge(new, e.target, e.port, outputs_of(type_name)[0]) for e in wires[1:]]
    return verbs.rewire(after, others, wires[1:]) if others else after

"""The canvas's commands: each reads selection and cards, calls one verb, and is one undo step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from designer.canvas.arranging import Arranging
from designer.canvas.ports import PortRef
from designer.canvas.rename import RenameField
from designer.document import DocState, Point, verbs
from designer.document.geometry import GAP, snap, snap_point
from designer.document.ports import inputs_of, outputs_of, title_of
from designer.document.refusals import FragmentRefusal
from designer.document.shove import make_room
from designer.document.state import new_nodes
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
        self._nudged: tuple[float, object, tuple[str, ...]] = (0.0, object(), ())
        self._pasted: tuple[str, int] = ("", 0)

    def _sizes(self, roomy: bool = False) -> dict[str, tuple[float, float]]:
        return self.canvas.scene_.sizes(roomy)

    # ------------------------------------------------------------------ selection, delete, flags

    def select_all(self) -> None:
        """Every card, wire, frame and note."""
        state = self.store.state
        areas = [k for k in self.canvas.scene_.areas if k[0] != "group"]
        self.selection.show(state.graph.nodes, state.graph.edges, areas)

    def walk(self, dx: int, dy: int, extend: bool = False) -> None:
        """Select the next card in that direction, too or instead; the first one if none is selected."""
        state, sizes = self.store.state, self._sizes()
        boxes = {n: QRectF(*state.position(n), *sizes[n]) for n in self.canvas.scene_.nodes}  # where motion will end
        current = self.selection.current
        if current not in boxes:
            found = next(iter(state.graph.order), None)
        else:
            found = next_card({n: b.center().toTuple() for n, b in boxes.items()}, current, dx, dy)
        if found is not None:
            self.selection.add((found,)) if extend else self.selection.show((found,))
            if not self.canvas.visible_rect().contains(boxes[found]):
                self.canvas.centre_on(boxes[found].center())

    def delete(self) -> None:
        """The selected cards with their wires, the selected wires, frames (what stands in them stays) and notes."""
        nodes, wires, areas = self.selection.nodes, self.selection.wires, self.selection.areas
        if nodes or wires or areas:
            text = tr("Delete {count} layers", count=len(nodes)) if nodes else tr("Cut {count} wires", count=len(wires))
            text = text if nodes or wires else tr("Delete {count} frames and notes", count=len(areas))
            self.store.attempt(text, _delete, nodes, tuple(wires), tuple(sorted(areas)))

    def toggle_collapsed(self) -> None:
        """The selected cards as their title only; in full if all are. Their first ports stay where they are."""
        nodes, scene = self.selection.nodes, self.canvas.scene_
        chosen = [n for n in nodes if n in self.store.state.graph.nodes]
        if chosen:
            collapsed = not all(n in self.store.state.collapsed for n in chosen)
            shifts = {n: scene.shift_of(n, collapsed) for n in chosen}
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
        if len(self.selection.nodes) == 2:
            first, second = sorted(self.selection.nodes, key=lambda n: self.store.state.position(n))
            self.store.attempt(tr("Connect"), verbs.lazy_connect, first, second)

    # ------------------------------------------------------------------ places

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection; held keys are one step. Without a selection the view moves."""
        nodes, now = self.selection.nodes, time.monotonic()
        if not nodes:
            self.canvas.pan(-dx * 5, -dy * 5)
            return
        last, token, same = self._nudged
        if now - last > _BURST_S or same != nodes:
            token = object()
        self._nudged = (now, token, nodes)
        self.store.attempt(tr("Nudge {count} layers", count=len(nodes)), verbs.nudge, nodes, dx, dy, gesture=token)

    def align(self, side: Side) -> None:
        """An edge or middle line in common."""
        self.canvas.glide(tr("Align"), verbs.align, self.selection.nodes, side, self._sizes())

    def distribute(self, direction: Literal["across", "down"]) -> None:
        """Equal space between neighbours."""
        self.canvas.glide(tr("Distribute"), verbs.distribute, self.selection.nodes, direction, self._sizes())

    # ------------------------------------------------------------------ clipboard

    def copy(self) -> bool:
        """The selected cards as JSON on the system clipboard. False if there are none."""
        if not self.selection.nodes:
            return False
        text = verbs.dump_fragment(verbs.cut_out(self.store.state, self.selection.nodes))
        mime = QMimeData()
        mime.setData(MIME, text.encode())
        mime.setText(text)
        QGuiApplication.clipboard().setMimeData(mime)
        return True

    def cut(self) -> None:
        """Copy, then delete."""
        if self.copy():
            text = tr("Cut {count} layers", count=len(self.selection.nodes))
            self.store.attempt(text, verbs.remove_nodes, self.selection.nodes)

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
        left, top = min(p.x for p in fragment.at.values()), min(p.y for p in fragment.at.values())
        cursor = self.canvas.cursor_scene
        if cursor is not None and not with_incoming:
            dx, dy = snap(cursor.x() - left), snap(cursor.y() - top)
        else:
            dx = dy = 32 * count
        before = self.store.state
        label = tr("Paste {count} layers", count=len(fragment.nodes))
        if self.store.attempt(label, verbs.paste, fragment, dx, dy, with_incoming):
            self.selection.show(new_nodes(before, self.store.state))

    def duplicate(self) -> None:
        """Copies of the selected cards, a little lower right; they are selected."""
        nodes, before = self.selection.nodes, self.store.state
        text = tr("Duplicate {count} layers", count=len(nodes))
        if nodes and self.store.attempt(text, verbs.duplicate, nodes, 32, 32):
            self.selection.show(new_nodes(before, self.store.state))

    # ------------------------------------------------------------------ new layers

    def loose_end(self) -> tuple[QPointF | None, PortRef | None]:
        """(a place behind it, the current layer's first output), if nothing is wired to that."""
        current, graph = self.selection.current, self.store.state.graph
        if current is None or graph.outgoing.get(current) or not outputs_of(graph.nodes[current].type):
            return None, None
        port = PortRef(current, outputs_of(graph.nodes[current].type)[0], False)
        return self.canvas.scene_.nodes[current].port_point(port.port, False) + QPointF(GAP, 0), port

    def add_layer(self, type_name: str) -> str | None:
        """Beside the selected card and wired to it, if it has an output and the layer an input; else in the middle."""
        current, state = self.selection.current, self.store.state
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
        new, canvas = self.store.state.graph.new_id(), self.canvas
        sizes = {**self._sizes(roomy=True), new: (176.0, 128.0)}
        text = tr("Add {title}", title=tr_declared(title_of(type_name)))
        if wire is not None:
            at = self._behind(wire, at, sizes)
            done = canvas.glide(text, verbs.insert_on_wire, wire, new, type_name, at, sizes)
        else:
            done = canvas.glide(text, _add, new, type_name, at, origin, sizes)
        if done:
            self.selection.show((new,))
        return new if done else None

    def _behind(self, wire: Edge, at: Point, sizes: dict[str, tuple[float, float]]) -> Point:
        """Right behind the wire's source if both ends stand in one row, else where it was dropped."""
        source, target = self.store.state.position(wire.source), self.store.state.position(wire.target)
        if abs(source.y - target.y) < 8 and target.x > source.x:
            return Point(snap(source.x + sizes[wire.source][0] + GAP), source.y)
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


def _delete(
    state: DocState, nodes: tuple[str, ...], wires: tuple[Edge, ...], areas: tuple[tuple[str, str], ...]
) -> DocState:
    return verbs.remove_areas(verbs.remove_nodes(verbs.disconnect(state, wires), nodes), areas)


def _add(
    state: DocState, new: str, type_name: str, at: Point, origin: PortRef | None, sizes: dict[str, tuple[float, float]]
) -> DocState:
    wires: tuple[Edge, ...] = ()
    if origin is not None and origin.is_input:
        wires = (Edge(new, origin.node, origin.port, outputs_of(type_name)[0]),)
    elif origin is not None:
        wires = (Edge(origin.node, new, inputs_of(type_name)[0].name, origin.port),)
    after = verbs.add_node(state, new, type_name, at, wires)
    return after.with_layout(positions=make_room(after.positions, sizes, (new,), 16))

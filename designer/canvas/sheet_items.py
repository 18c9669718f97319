"""The scene's part that shows one sheet: cards of groups, border ports, and which cards and wires are seen.

Without groups there is nothing to do: every layer has its own card and every wire is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.border import AWAY, HEIGHT, STEP, Border, BorderItem, around, border_card, border_of, spread
from designer.canvas.curve import wire_path
from designer.canvas.group_card import GroupCard, GroupItem, make_group_card
from designer.canvas.node_item import NodeItem
from designer.canvas.ports import PortRef
from designer.document.group_ports import GroupPort, input_ports, output_ports
from designer.document.layout import Slot
from designer.document.sheet import Sheet, card_of, group_of, place_of, sheet_of
from engine.graph import Edge, Graph

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

#: a card and the name of one of its ports
End = tuple[NodeItem, str]
Made = tuple[GroupCard, tuple[GroupPort, ...], tuple[GroupPort, ...]]


class SheetItems:
    """``within``: the group that is entered; ``cards``: what is seen, by card id."""

    def __init__(self, scene: CanvasScene) -> None:
        self.scene = scene
        self.within: str | None = None
        self.groups: dict[str, GroupItem] = {}
        self.borders: dict[str, BorderItem] = {}
        self.sheet: Sheet | None = None
        self._ends: dict[Edge, tuple[End, End]] = {}
        self._twins: dict[Edge, tuple[Edge, ...]] = {}
        self._stubs: list[QGraphicsPathItem] = []
        self._made: dict[str, tuple[tuple[object, ...], tuple[object, ...], Made]] = {}
        self._ranks: tuple[Graph, Mapping[str, int]] = (Graph(), {})

    @property
    def plain(self) -> bool:
        """Nothing is grouped."""
        return self.sheet is None

    @property
    def cards(self) -> Mapping[str, NodeItem]:
        """What is seen and can be moved."""
        if self.sheet is None:
            return self.scene.nodes
        return {n: self.scene.nodes[n] for n in self.sheet.nodes} | self.groups

    def follow(self) -> None:
        """After every change of document, analysis, theme or sheet."""
        state = self.scene.state
        self.scene.forget_content()
        if self.within is not None and self.within not in state.groups:
            self.within = None
        self.scene.show_areas_of_sheet()
        if not state.groups:
            if self.sheet is not None:
                self._clear()
            return
        # Cards that move on the way must not ask for wires that are no more; all of them are adjusted at the end.
        self._ends = {}
        self.sheet = sheet_of(state, self.within)
        self._show_groups(self.sheet)
        seen = frozenset(self.sheet.nodes)
        for node, item in self.scene.nodes.items():
            item.setVisible(node in seen)
        self._show_borders()
        self._find_ends(self.sheet)
        self.adjust()

    def _clear(self) -> None:
        self.sheet = None
        for item in (*self.groups.values(), *self.borders.values(), *self._stubs):
            self.scene.removeItem(item)
        self.groups, self.borders, self._stubs, self._ends, self._twins = {}, {}, [], {}, {}
        for shown in (*self.scene.nodes.values(), *self.scene.wires.values()):
            shown.setVisible(True)
        for edge in self.scene.wires:
            self.scene.adjust_wire(edge)

    # ------------------------------------------------------------------ cards of groups

    def _show_groups(self, sheet: Sheet) -> None:
        scene, state = self.scene, self.scene.state
        wanted = {card_of(k): k for k in sheet.groups}
        for card in [c for c in self.groups if c not in wanted]:
            scene.removeItem(self.groups.pop(card))
        self._made = {k: made for k, made in self._made.items() if k in state.groups}
        for card, key in wanted.items():
            voice = self._voice(key)
            made, inputs, outputs = self._card(key, voice)
            item, at = self.groups.get(card), QPointF(*place_of(state, card))
            if item is None:
                item = GroupItem(card, made, scene.look, scene.node_moved)
                item.setPos(at)
                self.groups[card] = item
                scene.addItem(item)
            else:
                item.show_card(made, scene.look)
                if item.pos() != at and (scene.glide is None or not scene.glide(item, at)):
                    item.setPos(at)
            item.voice = voice
            item.show_ports(inputs, outputs)
            item.show_flags(self.chosen(key), card == scene.hovered)

    def _voice(self, key: str) -> str:
        """Of the layers with a picture the one that gives what the group gives, else the last in the flow; or ""."""
        state = self.scene.state
        own, seen = state.groups[key], self.scene.pictured
        if not seen:
            return ""
        self._rank()
        inside = [m for m in own.members if m in seen]
        gives = [s.node for p in output_ports(state.graph, own) for s in p.slots if s.node in seen]
        return next(iter(gives), "") or max(inside, key=lambda n: self._ranks[1].get(n, 0), default="")

    def _rank(self) -> None:
        graph = self.scene.state.graph
        if self._ranks[0] is not graph:
            self._ranks = (graph, {n: k for k, n in enumerate(graph.order)})

    def _card(self, key: str, voice: str) -> Made:
        """As long as nothing that it shows has changed, the one that was made last."""
        state, scene, own = self.scene.state, self.scene, self.scene.state.groups[key]
        self._rank()
        basis = (own.title, own.members, own.inputs, own.outputs, state.down, bool(voice))
        things = (state.graph, scene.analysis, scene.look)
        known = self._made.get(key)
        if known is None or known[0] != basis or any(a is not b for a, b in zip(known[1], things, strict=True)):
            made = make_group_card(state, scene.analysis, key, scene.look, self._ranks[1], bool(voice))
            known = self._made[key] = (basis, things, made)
        return known[2]

    def chosen(self, group: str) -> bool:
        """True if all that the group holds is selected."""
        alive = [m for m in self.scene.state.groups[group].members if m in self.scene.nodes]
        return bool(alive) and all(m in self.scene.selected_nodes for m in alive)

    def show_selection(self) -> None:
        """Outlines of groups."""
        for card, item in self.groups.items():
            item.show_flags(self.chosen(group_of(card) or ""), card == self.scene.hovered)

    # ------------------------------------------------------------------ border ports

    def _show_borders(self) -> None:
        scene, state = self.scene, self.scene.state
        wanted = {}
        if self.within is not None:
            own = state.groups[self.within]
            for is_input, ports in ((True, input_ports(state.graph, own)), (False, output_ports(state.graph, own))):
                for k, port in enumerate(ports):
                    wanted[f"border:{'in' if is_input else 'out'}{k}"] = self._border(port, is_input)
        for key in [k for k in self.borders if k not in wanted]:
            scene.removeItem(self.borders.pop(key))
        for key, border in wanted.items():
            card = border_card(border, scene.look, state.down)
            item = self.borders.get(key)
            if item is None:
                item = self.borders[key] = BorderItem(key, card, scene.look, lambda _: None)
                item.border = border
                scene.addItem(item)
            else:
                item.border = border
                item.show_card(card, scene.look)
                item.update()
        self._place_borders()

    def hide_borders(self) -> None:
        """The group's own ports with all that leads to them, where a part of the sheet is to stand for itself."""
        for item in (*self.borders.values(), *self._stubs):
            item.setVisible(False)
        for edge in self._twins:
            if self.at_border(edge):
                self.scene.wires[edge].setVisible(False)

    def _border(self, port: GroupPort, is_input: bool) -> Border:
        return border_of(self.scene.state, self.scene.analysis, self.within or "", port, is_input)

    def _place_borders(self) -> None:
        """Beside all cards, level with what they are wired to."""
        content, down = QRectF(), self.scene.state.down
        for item in self.cards.values():
            content = content.united(item.box())
        for is_input in (True, False):
            side = [i for i in self.borders.values() if i.border.is_input == is_input]
            points = [self._middle(i) for i in side]
            room = max((i.card.width for i in side), default=0) + 16 if down else STEP
            levels = spread([p.x() if down else p.y() for p in points], room)
            for item, level in zip(side, levels, strict=True):
                width = item.card.width
                if down:
                    y = content.top() - AWAY - HEIGHT if is_input else content.bottom() + AWAY
                    item.setPos(level - width / 2, y)
                else:
                    x = content.left() - AWAY - width if is_input else content.right() + AWAY
                    item.setPos(x, level - HEIGHT / 2)

    def _middle(self, item: BorderItem) -> QPointF:
        slots = item.border.port.slots
        points = [self.slot_point(s, item.border.is_input) for s in slots]
        return sum(points, QPointF()) / len(points)

    def slot_point(self, slot: Slot, is_input: bool) -> QPointF:
        """Where an end is on this sheet, be it on a group's card."""
        item, name = self._end(slot, is_input)
        return item.port_point(name, is_input)

    def _end(self, slot: Slot, is_input: bool, wire: Edge | None = None) -> End:
        card = self.sheet.owner[slot.node] if self.sheet is not None else slot.node
        group = self.groups.get(card)
        if group is None:
            return self.scene.nodes[slot.node], slot.port
        for (name, side), port in group.ends.items():
            if side == is_input and slot in port.slots and (wire is None or not is_input or wire in port.wires):
                return group, name
        return group, ""

    # ------------------------------------------------------------------ wires

    def _find_ends(self, sheet: Sheet) -> None:
        """Both ends of each wire that is seen; of several between the same two ports one stands for all."""
        self._ends, owner = {}, sheet.owner
        outside: dict[tuple[bool, Edge], BorderItem] = {
            (item.border.is_input, wire): item for item in self.borders.values() for wire in item.border.port.wires
        }
        twins: dict[tuple[int, str, int, str], list[Edge]] = {}
        for edge in self.scene.state.graph.edges:
            source, target = owner.get(edge.source), owner.get(edge.target)
            if source == target:
                continue
            start = self._end(Slot(edge.source, edge.source_port), False) if source else self._out(outside, True, edge)
            end = self._end(Slot(edge.target, edge.port), True, edge) if target else self._out(outside, False, edge)
            if start is not None and end is not None:
                twins.setdefault((id(start[0]), start[1], id(end[0]), end[1]), []).append(edge)
                self._ends[edge] = (start, end)
        self._twins = {same[0]: tuple(same) for same in twins.values()}
        for edge, wire in self.scene.wires.items():
            wire.setVisible(edge in self._twins)

    def _out(self, outside: Mapping[tuple[bool, Edge], BorderItem], is_input: bool, edge: Edge) -> End | None:
        item = outside.get((is_input, edge))
        return (item, "end") if item is not None else None

    def twins(self, edges: Iterable[Edge]) -> tuple[Edge, ...]:
        """These wires and those that are drawn as one with them."""
        if self.sheet is None:
            return tuple(edges)
        return tuple(dict.fromkeys(t for e in edges for t in self._twins.get(e, (e,))))

    def ends(self, edge: Edge) -> tuple[End, End]:
        """(card, port) where a wire begins and ends on this sheet; its own cards where it is not seen."""
        nodes = self.scene.nodes
        plain = (nodes[edge.source], edge.source_port), (nodes[edge.target], edge.port)
        return self._ends.get(edge, plain)

    def at_border(self, edge: Edge) -> bool:
        """A wire to or from a border port: what leads it around outside does not count here."""
        return any(isinstance(item, BorderItem) for item, _ in self.ends(edge))

    def detour(self, edge: Edge) -> tuple[tuple[float, float], ...]:
        """Points that lead a border wire around the cards that stand in its way; () where none does."""
        (source, start_port), (target, end_port) = self.ends(edge)
        return self._around(source.port_point(start_port, False), target.port_point(end_port, True), (source, target))

    def _around(self, begin: QPointF, end: QPointF, ends: tuple[NodeItem, ...]) -> tuple[tuple[float, float], ...]:
        boxes, down = [i.box() for i in self.cards.values() if i not in ends], self.scene.state.down
        if down:
            begin, end = begin.transposed(), end.transposed()
            boxes = [QRectF(b.y(), b.x(), b.height(), b.width()) for b in boxes]
        led = around(begin, end, boxes)
        return tuple((y, x) for x, y in led) if down else led

    def adjust(self) -> None:
        """All wires that are seen, and the dashed ends of open border ports."""
        for edge in self._twins:
            self.scene.adjust_wire(edge)
        for stub in self._stubs:
            self.scene.removeItem(stub)
        self._stubs = []
        pen = QPen(self.scene.look.wire_muted)
        for item in self.borders.values():
            for slot in item.border.port.slots if not item.border.wired else ():
                a, b = item.end(), self.slot_point(slot, item.border.is_input)
                a, b = (a, b) if item.border.is_input else (b, a)
                led = self._around(a, b, (self._end(slot, item.border.is_input)[0],))
                stub = QGraphicsPathItem(wire_path(a, b, QRectF(a, a), QRectF(b, b), led, self.scene.state.down))
                stub.setPen(pen)
                stub.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
                self.scene.addItem(stub)
                self._stubs.append(stub)

    def touching(self, card: str) -> set[Edge]:
        """Wires at a card."""
        item = self.groups.get(card) or self.scene.nodes.get(card)
        return {e for e, ((a, _), (b, _)) in self._ends.items() if item in (a, b)}

    # ------------------------------------------------------------------ ports

    def bundle(self, ref: PortRef) -> GroupPort | None:
        """What stands behind a port of a group's card or of its border; None for a layer's own port."""
        card, _, name = ref.via.rpartition("/")
        if card in self.groups:
            return self.groups[card].ends.get((name, ref.is_input))
        if card in self.borders:
            wires = self.borders[card].border.port.wires
            return GroupPort(tuple(Slot(e.target, e.port) for e in wires), wires)
        return None

    def point_of(self, ref: PortRef) -> QPointF:
        """Where a port is on this sheet: on its card, on a group's card, or at the border."""
        card, _, name = ref.via.rpartition("/")
        item = self.groups.get(card) or self.borders.get(card)
        if item is not None:
            return item.port_point(name, ref.is_input)
        if self.sheet is None or ref.node in self.sheet.owner:
            return self.slot_point(Slot(ref.node, ref.port), ref.is_input)
        for border in self.borders.values():
            wires = border.border.port.wires
            if any(ref.node == (e.source if border.border.is_input else e.target) for e in wires):
                return border.end()
        return self.scene.nodes[ref.node].port_point(ref.port, ref.is_input)

    def card_of(self, node: str) -> str | None:
        """The card that stands for a node on this sheet, or None."""
        return node if self.sheet is None else self.sheet.owner.get(node)

    def snapshot(self) -> Mapping[object, object]:
        """What can be seen of it, by value."""
        found: dict[object, object] = {
            k: (i.card, i.voice, i.x(), i.y(), i.selected, sorted(i.ends.items(), key=lambda e: e[0]))
            for k, i in self.groups.items()
        }
        return found | {k: (i.border, i.card, i.x(), i.y()) for k, i in self.borders.items()}

"""Groups on the canvas: one card each, entered by double-click or Enter, left by Escape or the breadcrumb.

A port of a group's card stands for the ends inside that it leads to; ``change`` says which wires a gesture at such
ports makes and unmakes, so that the graph stays flat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF

from designer.canvas.breadcrumb import Breadcrumb
from designer.canvas.group_card import group_problem
from designer.canvas.ports import PortRef, ports_of
from designer.document import verbs
from designer.document.group_ports import GroupPort, input_ports, output_ports
from designer.document.layout import Slot
from designer.document.sheet import card_of, cards_of, chosen_group, group_of, members_of
from designer.document.verbs.groups import path_to
from engine.graph import Edge
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class Groups(QObject):
    """Which group is entered: its cards alone are shown. View state, not undoable."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.crumbs = Breadcrumb(canvas)
        self.crumbs.linkActivated.connect(lambda key: self.enter(key.removeprefix("#") or None))
        self._views: dict[str | None, tuple[float, QRectF]] = {}

    @property
    def entered(self) -> str | None:
        """The group whose inside is shown."""
        return self.canvas.store.within

    # ------------------------------------------------------------------ commands

    def group(self) -> None:
        """Ctrl+G: the selected cards, with the frames and notes that are selected, as a group, one undo step."""
        chosen = self.canvas.selection
        edit = (chosen.nodes, "", tuple(chosen.areas), self.canvas.scene_.sizes(roomy=True))
        self.canvas.glide(tr("Group"), verbs.group_nodes, *edit)

    def ungroup(self) -> None:
        """Ctrl+Shift+G: the group of the selected cards is no more; they stay, and stay selected."""
        sizes = self.canvas.scene_.sizes(roomy=True)
        self.canvas.glide(tr("Ungroup"), verbs.ungroup, self.canvas.selection.nodes, sizes)

    def open_chosen(self) -> None:
        """Enter: into the selected group; a layer is opened as by a double-click."""
        key, current = self.chosen(), self.canvas.selection.current
        if key is not None:
            self.enter(key)
        elif current is not None:
            self.canvas.node_activated.emit(current)

    def connect_cards(self, first: str, second: str) -> None:
        """J: the first output of one card into the first free input of the other; either may be a group's."""
        outputs = self.outputs_of(first)
        target = self._target(second, outputs[0]) if outputs else None
        if target is None:
            name = self.title_of(second if outputs else first)
            self.canvas.message.emit(
                tr("{name} takes no wire", name=name) if outputs else tr("{name} gives nothing", name=name)
            )
            return
        self.canvas.store.attempt(tr("Connect"), verbs.rewire, *self.change(outputs[0], target, None))

    def _target(self, card: str, origin: PortRef) -> PortRef | None:
        if card in self.canvas.scene_.sheet.groups:
            return self.best_port(card, origin)
        free = ports_of(self.canvas.store.state, card, True)
        wired = {e.port for e in self.canvas.store.state.graph.incoming.get(card, ())}
        return next((p for p in free if p.port not in wired), free[0] if free else None)

    # ------------------------------------------------------------------ what is chosen

    def cards(self) -> tuple[str, ...]:
        """The cards of this sheet behind the selected layers."""
        return cards_of(self.canvas.store.state, self.entered, self.canvas.selection.nodes)

    def shown(self) -> dict[str, tuple[str, ...]]:
        """The groups that have a card here, and their layers."""
        return {c: members_of(self.canvas.store.state, (c,)) for c in self.canvas.scene_.sheet.groups}

    def current_card(self) -> str | None:
        """The card of the layer that was chosen last."""
        current = self.canvas.selection.current
        return self.canvas.scene_.sheet.card_of(current) if current is not None else None

    def chosen(self) -> str | None:
        """The one group that is selected, if nothing else is."""
        return chosen_group(self.canvas.store.state, self.entered, self.canvas.selection.nodes)

    def title_of(self, card: str) -> str:
        """The name on a card."""
        state, key = self.canvas.store.state, group_of(card)
        return state.groups[key].title if key is not None else state.graph.nodes[card].name

    def worst(self, card: str) -> str:
        """The layer whose problem the card's badge is about: its own, or the first error inside."""
        state, analysis = self.canvas.store.state, self.canvas.analyst.analysis
        members = members_of(state, (card,))
        severity = group_problem(state, analysis, group_of(card) or "")[1] if group_of(card) in state.groups else ""
        found = (m for m in members if any(p.severity == (severity or p.severity) for p in analysis.by_node.get(m, ())))
        return next(found, members[0] if members else card)

    # ------------------------------------------------------------------ ports

    def outputs_of(self, card: str) -> tuple[PortRef, ...]:
        """Where wires can begin at a card."""
        group = self.canvas.scene_.sheet.groups.get(card)
        if group is None:
            return ports_of(self.canvas.store.state, card, False)
        found = (group.ref(name, False) for name, is_input in group.ends if not is_input)
        return tuple(ref for ref in found if ref is not None)

    def output(self) -> PortRef | None:
        """The first output of the selected group, or None if no group is selected."""
        key = self.chosen()
        outputs = self.outputs_of(card_of(key)) if key is not None else ()
        return outputs[0] if outputs else None

    def wired(self, ref: PortRef) -> bool:
        """True if a wire crosses the group's border there."""
        port = self.canvas.scene_.sheet.bundle(ref)
        return port is not None and bool(port.wires)

    def is_lone(self, card: str) -> bool:
        """A group that nothing crosses, with an input and an output: it can go on a wire."""
        state, key = self.canvas.store.state, group_of(card)
        if key not in state.groups:
            return False
        inputs, outputs = input_ports(state.graph, state.groups[key]), output_ports(state.graph, state.groups[key])
        return bool(inputs and outputs) and not any(p.wires for p in (*inputs, *outputs))

    def card_of_port(self, ref: PortRef) -> str | None:
        """The card that a port is on; a border port is on none of its own."""
        card = ref.via.rpartition("/")[0]
        return card or self.canvas.scene_.sheet.card_of(ref.node)

    def best_port(self, card: str, origin: PortRef) -> PortRef | None:
        """Where a wire dropped on a group's card goes: its first open port of the other side, else its first one."""
        item = self.canvas.scene_.sheet.groups[card]
        ports = [(item.ref(name, side), port) for (name, side), port in item.ends.items() if side != origin.is_input]
        open_ones = [ref for ref, port in ports if not port.wires]
        return next(iter([*open_ones, *(ref for ref, _ in ports)]), None)

    def port_of(self, wire: Edge, is_input: bool) -> PortRef:
        """The port at which a wire ends on this sheet."""
        sheet = self.canvas.scene_.sheet
        item, name = sheet.ends(wire)[1 if is_input else 0]
        plain = PortRef(wire.target, wire.port, True) if is_input else PortRef(wire.source, wire.source_port, False)
        return item.ref(name, is_input) or plain if not sheet.plain else plain

    def slots(self, ref: PortRef) -> tuple[Slot, ...]:
        """All ends that a port stands for."""
        behind = self.canvas.scene_.sheet.bundle(ref)
        return behind.slots if behind is not None else (Slot(ref.node, ref.port),)

    def change(
        self, origin: PortRef, target: PortRef, unplug: Edge | None
    ) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
        """(new wires, wires that go) where a wire is drawn between two ports; ``unplug`` was taken off for it.

        A group's input stands for one source, so a wire into it takes the place of the one that is there.
        """
        source, end = (target, origin) if origin.is_input else (origin, target)
        behind: GroupPort | None = self.canvas.scene_.sheet.bundle(end)
        new = tuple(Edge(source.node, slot.node, slot.port, source.port) for slot in self.slots(end))
        gone = behind.wires if behind is not None else ()
        return new, tuple(dict.fromkeys((*gone, *self.canvas.scene_.sheet.twins((unplug,) if unplug else ()))))

    # ------------------------------------------------------------------ in and out

    def enter(self, key: str | None) -> None:
        """Only that group's cards; None: everything. What was left stays selected, so that one finds back."""
        canvas, store = self.canvas, self.canvas.store
        left, groups = store.within, store.state.groups
        canvas.motion.finish()
        canvas.cancel_tool()
        self._views[left] = (canvas.zoom, canvas.visible_rect())
        store.within = key if key in groups else None
        self.show()
        canvas.overlay.refresh()
        canvas.insight.refresh()
        nesting = store.state.layout.nesting
        back = left in groups and (store.within is None or nesting.lies_in(left, store.within))
        if back and left is not None:
            # The card of this sheet that holds what was left: one level up it is that group, further up the outer one.
            sheet_card = cards_of(store.state, store.within, groups[left].members)
            canvas.selection.show(members_of(store.state, sheet_card))
        else:
            canvas.selection.clear()
        if back and store.within in self._views:
            zoom, rect = self._views[store.within]
            canvas.zoom_to(zoom)
            canvas.centre_on(rect.center())
        else:
            canvas.frame_all()
        canvas.corners.follow()
        canvas.setFocus()

    def leave(self) -> bool:
        """One level up; False where nothing is entered."""
        if self.entered is None:
            return False
        path = path_to(self.canvas.store.state, self.entered)
        self.enter(path[-2] if len(path) > 1 else None)
        return True

    def reveal(self, node_id: str) -> None:
        """Select a card and bring it into sight, at a zoom at which it can be read; the group around it is entered."""
        canvas = self.canvas
        if node_id not in canvas.scene_.nodes:
            return
        home = canvas.store.state.layout.nesting.home.get(node_id)
        if home != self.entered:
            self.enter(home)
        canvas.selection.show((node_id,))
        self.reveal_card(node_id)

    def reveal_card(self, card: str) -> None:
        """Bring a card of this sheet into sight."""
        canvas = self.canvas
        box = canvas.scene_.cards[card].box()
        if canvas.zoom < 0.6 or not canvas.visible_rect().contains(box):
            canvas.zoom_to(max(canvas.zoom, 0.8))
            canvas.centre_on(box.center())

    def follow(self) -> None:
        """After an edit: a group that is no more is left for the next one around that still is."""
        store = self.canvas.store
        if store.within is not None and store.within not in store.state.groups:
            path = self.crumbs.path
            store.within = next((k for k in reversed(path[:-1]) if k in store.state.groups), None)
            self.show()
            self.canvas.frame_all()
        else:
            self.show()

    def show(self) -> None:
        """Brings the scene to the sheet that is entered."""
        canvas, scene = self.canvas, self.canvas.scene_
        if scene.sheet.within != self.entered:
            scene.sheet.within = self.entered
            scene.sheet.follow()
            scene.show_selection(canvas.selection.nodes, canvas.selection.wires)
            scene.forget_content()
        path = path_to(canvas.store.state, self.entered) if self.entered is not None else ()
        self.crumbs.show_path(canvas.store.state, path)

    def everything(self) -> QRectF:
        """What there is to see here."""
        return self.canvas.scene_.content()

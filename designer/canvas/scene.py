"""The scene: items by id, added, removed and updated from the difference of two states; never rebuilt.

``follow(old, new)`` takes a document change, ``show_analysis`` new shapes and problems. Selection and hover are shown
on the items but owned elsewhere. ``snapshot()`` is all that can be seen, by value: equal to that of a fresh scene.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from PySide6.QtCore import QPointF, QRectF

from designer.canvas.annotation_items import area_item
from designer.canvas.areas import AreaItem
from designer.canvas.card import PICTURE_ROW, Card, make_card
from designer.canvas.extent import (
    PIECE,
    around,
    batched,
    changed_keys,
    labels_of,
    says_other,
    says_other_wires,
)
from designer.canvas.hits import HitScene
from designer.canvas.look import Look, look_of
from designer.canvas.node_item import NodeItem
from designer.canvas.sheet_items import SheetItems
from designer.canvas.snapshot import snapshot_of
from designer.canvas.wire_item import WireItem, WireState
from designer.document import DocState, Frame, Note
from designer.document.sheet import is_on, place_of
from engine.analysis import Analysis
from engine.graph import Edge
from widgets.tokens import Theme


class CanvasScene(HitScene):
    """Cards, wires, frames and notes of one document."""

    def __init__(self, state: DocState, analysis: Analysis, theme: Theme) -> None:
        super().__init__()
        self.look: Look = look_of(theme)
        self.state, self.analysis = DocState(), analysis
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Edge, WireItem] = {}
        self.areas: dict[tuple[str, str], AreaItem] = {}
        self.pictured: frozenset[str] = frozenset()
        self.flowing: frozenset[Edge] = frozenset()
        self.selected_nodes: frozenset[str] = frozenset()
        self.selected_wires: frozenset[Edge] = frozenset()
        self.hovered: str | Edge | None = None
        #: called when cards have moved
        self.on_moved: Callable[[], None] | None = None
        #: called when cards have grown or shrunk by a live picture
        self.on_grown: Callable[[], None] | None = None
        #: a new place may be animated: (item, target) -> True if it takes the item there itself
        self.glide: Callable[[NodeItem, QPointF], bool] | None = None
        self._touching: dict[str, set[Edge]] = {}
        #: wires that have no curve yet
        self._fresh: list[Edge] = []
        self._quiet = False
        self._content: QRectF | None = None
        self._waiting: set[Edge] | None = None
        #: which sheet is shown, the cards of its groups, and its border ports
        self.sheet = SheetItems(self)
        self.follow(self.state, state)

    # ------------------------------------------------------------------ following the document

    def follow(self, old: DocState, new: DocState, analysis: Analysis | None = None) -> None:
        """Bring the items from one state and analysis to the next."""
        known, self.state, self.analysis = self.analysis, new, analysis or self.analysis
        analysed = known is not self.analysis
        moved, gliding = set[str](), frozenset[str]()
        self._quiet = True
        if old.graph is not new.graph:
            self._drop_missing(new)
        if old.graph is not new.graph or analysed:
            self._add_and_update(old, new, known, moved)
        if old.layout.collapsed is not new.layout.collapsed or old.down != new.down:
            self._recut(old, new, moved)
        if old.layout.positions is not new.layout.positions:
            gliding = self._place(new, moved)
        if old.graph is not new.graph or moved or old.reroutes is not new.reroutes:
            led = changed_keys(old.reroutes, new.reroutes)
            self._adjust(moved, gliding, led)
        if new.groups or not self.sheet.plain:
            self.sheet.follow()
        self._quiet = False
        if moved or len(old.graph.nodes) != len(new.graph.nodes):
            self._content = None
        if old.graph is not new.graph or analysed:
            self._show_wires(says_other_wires(old.graph, new.graph, known, self.analysis))
        if old.frames is not new.frames or old.notes is not new.notes:
            self._show_areas(new)
            self._content = None
        self._fit_rect()

    def show_analysis(self, analysis: Analysis) -> None:
        """New shapes, counts and problems: cards whose part is the same object stay untouched."""
        self.follow(self.state, self.state, analysis)

    def _drop_missing(self, new: DocState) -> None:
        kept = set(new.graph.edges)
        for edge in [e for e in self.wires if e not in kept]:
            self.removeItem(self.wires.pop(edge))
            self._touching[edge.source].discard(edge)
            self._touching[edge.target].discard(edge)
            if self.hovered == edge:
                self.hovered = None
        for node_id in [n for n in self.nodes if n not in new.graph.nodes]:
            self._content = None
            self.removeItem(self.nodes.pop(node_id))
            self._touching.pop(node_id, None)
            if self.hovered == node_id:
                self.hovered = None

    def _add_and_update(self, old: DocState, new: DocState, known: Analysis, moved: set[str]) -> None:
        before, now = old.graph.nodes, self.analysis
        for node_id, node in new.graph.nodes.items():
            item = self.nodes.get(node_id)
            if item is None:
                item = NodeItem(node_id, self._card(node_id), self.look, self.node_moved)
                x, y = new.position(node_id)
                item.setPos(x, y)
                self.nodes[node_id] = item
                self._touching[node_id] = set()
                self.addItem(item)
                moved.add(node_id)
            elif before.get(node_id) is not node or says_other(known, now, node_id):
                self._refresh_card(item, moved)
        for edge in new.graph.edges:
            if edge not in self.wires:
                wire = WireItem(edge, self.look)
                self.wires[edge] = wire
                self._fresh.append(edge)
                self._touching[edge.source].add(edge)
                self._touching[edge.target].add(edge)
                self.addItem(wire)

    def _recut(self, old: DocState, new: DocState, moved: set[str]) -> None:
        """Cards that were collapsed or opened; all of them where the flow turns."""
        changed = self.nodes if old.down != new.down else old.collapsed ^ new.collapsed
        for node_id in changed:
            if node_id in self.nodes:
                self._refresh_card(self.nodes[node_id], moved)

    def _place(self, new: DocState, moved: set[str]) -> frozenset[str]:
        """Cards to their places; which of them glide there, and their wires with them."""
        gliding = set()
        for node_id, item in self.nodes.items():
            x, y = new.position(node_id)
            at = item.pos()
            if at.x() != x or at.y() != y:
                target = QPointF(x, y)
                if item.isVisible() and self.glide is not None and self.glide(item, target):
                    gliding.add(node_id)
                else:
                    item.setPos(target)
                    moved.add(node_id)
        return frozenset(gliding)

    def _adjust(
        self, moved: set[str], gliding: frozenset[str] = frozenset(), led: Iterable[Edge] = ()
    ) -> None:
        """Wires that are new, led otherwise, or at a card that moved; one at a card that glides follows that."""
        fresh, self._fresh = self._fresh, []
        # With groups the sheet finds new ends for all of them, and adjusts them itself.
        if not self.sheet.plain:
            return
        edges = {*fresh, *(e for e in led if e in self.wires)}
        for node in moved:
            edges |= self._touching.get(node, set())
        for edge in edges:
            wire = self.wires.get(edge)
            if wire is not None and not (wire.laid and (edge.source in gliding or edge.target in gliding)):
                self.adjust_wire(edge, self.state.reroutes.get(edge, ()))

    def adjust_wire(self, edge: Edge, through: tuple[tuple[float, float], ...] | None = None) -> None:
        """Its curve between the ports where the cards stand now; ``through`` other points than the document's."""
        start, end = self.sheet.ends(edge)
        if self.sheet.at_border(edge):
            through = self.sheet.detour(edge)
        led = self._through(edge) if through is None else through
        self.wires[edge].adjust(start, end, led)

    def node_moved(self, card: str) -> None:
        """A card stands elsewhere: its wires follow."""
        self._content = None
        if self._quiet:
            return
        touching = self._touching.get(card, set()) if self.sheet.plain else self.sheet.touching(card)
        if self._waiting is not None:
            self._waiting |= touching
            return
        self._follow_wires(touching)

    def _follow_wires(self, edges: Iterable[Edge]) -> None:
        for edge in edges:
            self.adjust_wire(edge)
        if self.on_moved is not None:
            self.on_moved()

    def move_cards(self, places: Mapping[str, QPointF]) -> None:
        """Show cards elsewhere while a gesture or a motion lasts; a wire between two of them is adjusted once."""
        self._waiting = set()
        cards = self.cards
        for card, place in places.items():
            if card in cards:
                cards[card].setPos(place)
        waiting, self._waiting = self._waiting, None
        self._follow_wires(waiting)

    def move_in_pieces(self, places: Mapping[str, QPointF]) -> Iterator[None]:
        """As ``move_cards``, a little with each step, so that a window has its turn in between."""
        touched: set[Edge] = set()
        for at in batched(places.items(), PIECE):
            self._waiting = set()
            for card, place in at:
                if card in self.cards:
                    self.cards[card].setPos(place)
            touched |= self._waiting
            self._waiting = None
            yield
        for edges in batched(touched, PIECE):
            for edge in edges:
                if edge in self.wires:
                    self.adjust_wire(edge)
            yield
        self._follow_wires(())

    def _through(self, edge: Edge) -> tuple[tuple[float, float], ...]:
        """Reroute points; while both cards are being dragged the same way, moved with them."""
        points = self.state.reroutes.get(edge, ())
        if not points:
            return ()
        ways, cards = [], self.cards
        for n in (edge.source, edge.target):
            card = self.sheet.card_of(n) or n
            at, home = cards.get(card, self.nodes[n]).pos(), place_of(self.state, card)
            ways.append((at.x() - home.x, at.y() - home.y))
        dx, dy = ways[0] if ways[0] == ways[1] else (0.0, 0.0)
        return tuple((x + dx, y + dy) for x, y in points)

    def _show_areas(self, new: DocState) -> None:
        wanted: dict[tuple[str, str], Frame | Note] = {("frame", k): v for k, v in new.frames.items()}
        wanted |= {("note", k): v for k, v in new.notes.items()}
        for key in [k for k in self.areas if k not in wanted]:
            self.removeItem(self.areas.pop(key))
        for key, area in wanted.items():
            if key in self.areas:
                self.areas[key].show_area(area, self.look)
            else:
                self.areas[key] = area_item(key, area, self.look)
                self.addItem(self.areas[key])
        self.show_areas_of_sheet()

    def show_areas_of_sheet(self) -> None:
        """Frames and notes that stand here; those of other sheets are hidden."""
        for item in self.areas.values():
            item.setVisible(is_on(self.state, item.area, self.sheet.within))

    def _fit_rect(self) -> None:
        """The index covers what there is; the view may scroll beyond."""
        boxes = self.content()
        self.setSceneRect(boxes.adjusted(-2000, -2000, 2000, 2000))

    # ------------------------------------------------------------------ theme, flags

    def apply_theme(self, theme: Theme) -> None:
        """Other colours or font sizes for everything."""
        self.look = look_of(theme)
        moved: set[str] = set()
        for item in self.nodes.values():
            self._refresh_card(item, moved)
            item.update()
        self._show_wires()
        for area in self.areas.values():
            area.show_area(area.area, self.look)
        self._adjust(set(self.nodes))
        self.sheet.follow()
        self.update()

    def show_pictured(self, ids: Iterable[str]) -> None:
        """These cards have room for a live picture."""
        wanted = frozenset(ids) & self.nodes.keys()
        changed, self.pictured = wanted ^ self.pictured, wanted
        moved: set[str] = set()
        for node_id in changed:
            if node_id in self.nodes:
                self._refresh_card(self.nodes[node_id], moved)
        if moved:
            self._adjust(moved)
            self.sheet.follow()
            if self.on_grown is not None:
                self.on_grown()

    def show_flowing(self, edges: Iterable[Edge]) -> None:
        """These wires are drawn as ribbons by the overlay, so their own line is not."""
        self.flowing = frozenset(edges)
        self._show_wires()

    def show_selection(self, nodes: Iterable[str], wires: Iterable[Edge]) -> None:
        """Outlines."""
        old, old_wires = self.selected_nodes, self.selected_wires
        self.selected_nodes, self.selected_wires = frozenset(nodes), frozenset(wires)
        for node_id in old ^ self.selected_nodes:
            if node_id in self.nodes:
                self.nodes[node_id].show_flags(node_id in self.selected_nodes, node_id == self.hovered)
        self.sheet.show_selection()
        for edge in old_wires ^ self.selected_wires:
            if edge in self.wires:
                self._show_wire(self.wires[edge])

    def show_hover(self, what: str | Edge | None) -> None:
        """The one thing under the mouse."""
        if what == self.hovered:
            return
        old, self.hovered = self.hovered, what
        for key in (old, what):
            if isinstance(key, str) and key in self.nodes:
                self.nodes[key].show_flags(key in self.selected_nodes, key == what)
            elif isinstance(key, str):
                self.sheet.show_selection()
            elif isinstance(key, Edge) and key in self.wires:
                self._show_wire(self.wires[key])

    def _card(self, node_id: str) -> Card:
        node = self.state.graph.nodes[node_id]
        known = self.analysis.nodes.get(node_id)
        problems = self.analysis.by_node.get(node_id, ())
        flags = (node_id in self.pictured, node_id in self.state.collapsed, self.state.down)
        return make_card(node, known, problems, self.look, *flags)

    def _refresh_card(self, item: NodeItem, moved: set[str]) -> None:
        before = item.card
        item.show_card(self._card(item.node_id), self.look)
        after = item.card
        if (before.width, before.height, before.inputs, before.down) != (
            after.width, after.height, after.inputs, after.down
        ):  # fmt: skip
            self._content = None
            moved.add(item.node_id)

    def _show_wires(self, at: Container[str] | None = None) -> None:
        """Pens and labels of those at these nodes; of all by default."""
        for edge, wire in self.wires.items():
            if at is None or edge.source in at or edge.target in at:
                self._show_wire(wire)

    def _show_wire(self, wire: WireItem) -> None:
        edge, nodes = wire.edge, self.state.graph.nodes
        wrong = any(p.port == edge.port and p.severity == "error" for p in self.analysis.by_node.get(edge.target, ()))
        muted = edge.target in nodes and (nodes[edge.target].muted or nodes[edge.source].muted)
        selected, hovered = edge in self.selected_wires, edge == self.hovered
        wire.show_state(WireState(selected, hovered, wrong, muted, edge in self.flowing), self.look)
        carried = self.analysis.output(edge.source)
        wire.labels = labels_of(carried) if carried is not None else ()

    # ------------------------------------------------------------------ questions

    def sizes(self, roomy: bool = False) -> dict[str, tuple[float, float]]:
        """Width and height by node id; ``roomy``: as if each had its picture."""
        least = 128 if roomy else 0
        found = {
            n: (float(i.card.width), float(i.card.height if i.card.collapsed else max(i.card.height, least)))
            for n, i in self.nodes.items()
        }
        row = PICTURE_ROW if roomy else 0
        for card, group in self.sheet.groups.items():
            found[card] = float(group.card.width), float(max(group.card.height, group.card.head + row))
        return found

    @property
    def cards(self) -> Mapping[str, NodeItem]:
        """What is seen on this sheet and can be moved: layers and groups, by card id."""
        return self.sheet.cards

    def content(self, ids: Iterable[str] | None = None) -> QRectF:
        """The rectangle around these cards, or around everything (kept until something moves, comes or goes)."""
        if ids is not None:
            cards = self.cards
            shown = {self.sheet.card_of(n) or n for n in ids}
            return around((cards.get(card) or self.nodes[card]) for card in shown)
        if self._content is None:
            rect = around(self.cards.values())
            for area in (*self.areas.values(), *self.sheet.borders.values()):
                if area.isVisible():
                    rect = rect.united(area.rect() if isinstance(area, AreaItem) else area.box())
            self._content = rect
        return QRectF(self._content)

    def forget_content(self) -> None:
        """Something moved, came or went."""
        self._content = None

    def snapshot(self) -> Mapping[object, object]:
        """All that can be seen, by value."""
        return snapshot_of(self)

"""What one looks at: the whole network or the inside of a group, with each group in it as one card.

The graph itself stays flat. ``sheet_of`` says which card stands for which node, ``folded`` is the sheet as a document
of its own, whose nodes are the cards, and ``on_sheet`` lets a verb that only moves cards (align, lay out, make room)
work on that and takes the places back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from designer.document.geometry import Point, Sizes, snap
from designer.document.layout import Frame, Note
from designer.document.shove import make_room
from designer.document.state import DocState
from engine.graph import Edge, Graph, Node

A = TypeVar("A", Frame, Note)
#: before a group's id where a card's id stands; no node's id can hold a colon
CARD = "group:"


@dataclass(frozen=True)
class Sheet:
    """``within``: the group whose inside it is, None = the network. ``owner``: the card that stands for each node."""

    within: str | None
    nodes: tuple[str, ...]
    groups: tuple[str, ...]
    owner: Mapping[str, str]


def card_of(group: str) -> str:
    """The id of a group's card."""
    return CARD + group


def group_of(card: str) -> str | None:
    """The group that a card stands for, or None for a layer's card."""
    return card.removeprefix(CARD) if card.startswith(CARD) else None


def sheet_of(state: DocState, within: str | None = None) -> Sheet:
    """The cards there; a group without a living member has none."""
    if not state.groups:
        return Sheet(None, tuple(state.graph.nodes), (), {n: n for n in state.graph.nodes})
    nesting = state.layout.nesting
    owner, nodes, groups = dict[str, str](), list[str](), dict[str, None]()
    for node in state.graph.nodes:
        path = nesting.around(node)
        depth = 0 if within is None else (path.index(within) + 1 if within in path else -1)
        if depth < 0:
            continue
        if depth == len(path):
            nodes.append(node)
            owner[node] = node
        else:
            groups[path[depth]] = None
            owner[node] = card_of(path[depth])
    return Sheet(within, tuple(nodes), tuple(groups), owner)


def members_of(state: DocState, cards: Iterable[str]) -> tuple[str, ...]:
    """The nodes behind these cards: a layer's own, and all of a group's."""
    found: dict[str, None] = {}
    for card in cards:
        group = state.groups.get(group_of(card) or "")
        living = group.members if group is not None else (card,)
        found.update(dict.fromkeys(n for n in living if n in state.graph.nodes))
    return tuple(found)


def cards_of(state: DocState, within: str | None, nodes: Iterable[str]) -> tuple[str, ...]:
    """The cards of a sheet that stand for these nodes, in their order."""
    owner = sheet_of(state, within).owner
    return tuple(dict.fromkeys(owner[n] for n in nodes if n in owner))


def chosen_group(state: DocState, within: str | None, nodes: Iterable[str]) -> str | None:
    """The group of this sheet whose living members are exactly these nodes, or None."""
    chosen = frozenset(nodes)
    if not chosen or not state.groups:
        return None
    cards = cards_of(state, within, chosen)
    key = group_of(cards[0]) if len(cards) == 1 else None
    return key if key is not None and frozenset(members_of(state, cards)) == chosen else None


def place_of(state: DocState, card: str) -> Point:
    """Where a card stands; a group that was never placed stands in the middle of what it holds."""
    key = group_of(card)
    if key is None:
        return state.position(card)
    at = state.groups[key].at
    return at if at is not None else middle_of(state, key)


def middle_of(state: DocState, group: str) -> Point:
    """Between the corners of the cards inside, on the grid."""
    inside = sheet_of(state, group)
    corners = [place_of(state, c) for c in (*inside.nodes, *map(card_of, inside.groups))]
    if not corners:
        return Point(0, 0)
    (left, top), (right, bottom) = (Point(*map(f, zip(*corners, strict=True))) for f in (min, max))
    return Point(snap((left + right) / 2), snap((top + bottom) / 2))


def places(state: DocState, within: str | None) -> dict[str, Point]:
    """Every card of a sheet and where it stands."""
    sheet = sheet_of(state, within)
    return {c: place_of(state, c) for c in (*sheet.nodes, *map(card_of, sheet.groups))}


def with_places(state: DocState, moved: Mapping[str, Point]) -> DocState:
    """The cards at these places; what stands there already is left alone."""
    moved = {c: p for c, p in moved.items() if _stood(state, c) != p}
    nodes = {c: Point(*p) for c, p in moved.items() if group_of(c) is None}
    groups = {k: replace(state.groups[k], at=Point(*p)) for c, p in moved.items() if (k := group_of(c)) is not None}
    parts: dict[str, object] = {}
    if nodes:
        parts["positions"] = {**state.positions, **nodes}
    if groups:
        parts["groups"] = {**state.groups, **groups}
    return state.with_layout(**parts) if parts else state


def _stood(state: DocState, card: str) -> Point | None:
    return state.positions.get(card) if group_of(card) is None else state.groups[card.removeprefix(CARD)].at


def with_room(
    state: DocState, placed: Iterable[str], sizes: Sizes, gap: float, within: str | None = None
) -> DocState:
    """What the placed cards would cover on that sheet moves aside. A node not on it yet counts as if it were."""
    if not state.groups:
        return state.with_layout(positions=make_room(state.positions, sizes, tuple(placed), gap))
    fixed = tuple(placed)
    standing = places(state, within)
    standing.update({n: place_of(state, n) for n in fixed if n not in standing})
    return with_places(state, make_room(standing, sizes, fixed, gap))


def folded(state: DocState, within: str | None = None) -> DocState:
    """The sheet as a document: cards as nodes, one wire between two cards, no loops. For layout, not for training."""
    sheet, graph = sheet_of(state, within), state.graph
    titles = {card_of(k): state.groups[k].title for k in sheet.groups}
    nodes = {n: graph.nodes[n] for n in sheet.nodes} | {c: Node(c, "group", t) for c, t in titles.items()}
    wires = _folded_wires(graph, sheet)
    rank: dict[str, int] = {}
    for k, n in enumerate(graph.order):
        if n in sheet.owner:
            rank.setdefault(sheet.owner[n], k)
    # A group may both feed and be fed by the same card; a layout wants no loop, so wires that lead back are left out.
    edges = tuple(e for e in wires if rank[e.source] < rank[e.target])
    nodes = {n: nodes[n] for n in sorted(nodes, key=lambda n: rank.get(n, 0))} if sheet.groups else nodes
    reroutes = {e: state.reroutes[real] for e, real in wires.items() if real in state.reroutes and e in set(edges)}
    after = replace(state, graph=Graph(nodes, edges))
    after = replace(after, notes={k: n for k, n in state.notes.items() if is_on(state, n, within)})
    frames = {k: f for k, f in state.frames.items() if is_on(state, f, within)}
    return after.with_layout(positions=places(state, within), reroutes=reroutes, groups={}, frames=frames)


def is_on(state: DocState, area: Frame | Note, within: str | None) -> bool:
    """Whether a frame or note stands on that sheet; where its group is no more it is on the network's."""
    return (area.within if area.within in state.groups else None) == within


def _merged(whole: Mapping[str, A], before: Mapping[str, A], after: Mapping[str, A]) -> dict[str, A]:
    """What a verb made of the part that it saw, in the order of the whole."""
    kept = {k: after.get(k, v) for k, v in whole.items() if k in after or k not in before}
    return {**kept, **{k: v for k, v in after.items() if k not in kept}}


def _folded_wires(graph: Graph, sheet: Sheet) -> dict[Edge, Edge]:
    """Each wire between two cards, and the first real one that it stands for."""
    found: dict[Edge, Edge] = {}
    for e in graph.edges:
        source, target = sheet.owner.get(e.source), sheet.owner.get(e.target)
        if source is not None and target is not None and source != target:
            plain = source == e.source and target == e.target
            found.setdefault(e if plain else Edge(source, target), e)
    return found


def on_sheet(
    state: DocState, within: str | None, verb: Callable[..., DocState], *args: object
) -> DocState:
    """``verb`` on the sheet's cards instead of the nodes; only places, frames, notes and reroute points come back."""
    if not state.groups:
        return verb(state, *args)
    before = folded(state, within)
    after = verb(before, *args)
    moved = {c: p for c, p in after.positions.items() if before.positions.get(c) != p}
    done = with_places(state, moved)
    if after.layout.direction != before.layout.direction or after.frames != before.frames:
        frames = _merged(state.frames, before.frames, after.frames)
        done = done.with_layout(direction=after.layout.direction, frames=frames)
    if after.notes is not before.notes:
        done = replace(done, notes=_merged(state.notes, before.notes, after.notes))
    if after.reroutes == before.reroutes:
        return done
    real = _folded_wires(state.graph, sheet_of(state, within))
    kept = {e: p for e, p in state.reroutes.items() if e not in {real[f] for f in before.graph.edges}}
    return done.with_layout(reroutes={**kept, **{real[f]: p for f, p in after.reroutes.items() if f in real}})

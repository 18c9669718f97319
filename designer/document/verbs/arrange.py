"""Verbs on places: move, nudge, align, distribute, make room, lay out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from designer.document.frames import follow_frames
from designer.document.geometry import CARD_HEIGHT, CARD_WIDTH, GAP, GRID, Point, Sizes, snap, snap_up
from designer.document.layered import layered, layered_with_routes
from designer.document.layout import Direction
from designer.document.shove import make_room
from designer.document.state import DocState
from designer.document.turn import along_the_flow
from engine.graph import Edge
from engine.graph.refusals import UnknownNodeRefusal

Side = Literal["left", "centre", "right", "top", "middle", "bottom"]


def move_nodes(state: DocState, positions: Mapping[str, Point]) -> DocState:
    """The cards at these places."""
    for node_id in positions:
        if node_id not in state.graph.nodes:
            raise UnknownNodeRefusal(node_id)
    if all(state.positions.get(k) == p for k, p in positions.items()):
        return state
    moved = {k: Point(*p) for k, p in positions.items()}
    after = state.with_layout(positions={**state.positions, **moved})
    reroutes = moved_reroutes(state, moved)
    return after if reroutes is state.reroutes else after.with_layout(reroutes=reroutes)


def moved_reroutes(state: DocState, moved: Mapping[str, Point]) -> Mapping[Edge, tuple[Point, ...]]:
    """Reroute points of wires both of whose ends move by the same way go with them."""
    if not state.reroutes:
        return state.reroutes
    way = {n: (p.x - state.position(n).x, p.y - state.position(n).y) for n, p in moved.items()}
    after = dict(state.reroutes)
    for e, points in state.reroutes.items():
        if e.source in way and way[e.source] == way.get(e.target):
            dx, dy = way[e.source]
            after[e] = tuple(Point(p.x + dx, p.y + dy) for p in points)
    return after if after != state.reroutes else state.reroutes


def nudge(state: DocState, ids: Iterable[str], dx: float, dy: float) -> DocState:
    """The cards moved by that much."""
    return move_nodes(state, {n: Point(state.position(n).x + dx, state.position(n).y + dy) for n in ids})


def align(state: DocState, ids: Iterable[str], side: Side, sizes: Sizes) -> DocState:
    """One edge or middle line in common: of the leftmost for left, the mean for centre, and so on."""
    boxes = {n: (*state.position(n), *sizes[n]) for n in ids}
    if len(boxes) < 2:
        return state
    axis = 0 if side in ("left", "centre", "right") else 1
    part = {"left": 0.0, "top": 0.0, "centre": 0.5, "middle": 0.5, "right": 1.0, "bottom": 1.0}[side]
    anchors = {n: b[axis] + part * b[axis + 2] for n, b in boxes.items()}
    at = {0.0: min, 1.0: max}.get(part, lambda v: sum(v) / len(v))(list(anchors.values()))
    moved = {}
    for n, b in boxes.items():
        value = snap(at - part * b[axis + 2]) if part == 0.5 else at - part * b[axis + 2]
        moved[n] = Point(value, b[1]) if axis == 0 else Point(b[0], value)
    return move_nodes(state, moved)


def distribute(state: DocState, ids: Iterable[str], direction: Literal["across", "down"], sizes: Sizes) -> DocState:
    """Equal space between neighbours; the first and the last stay."""
    axis = 0 if direction == "across" else 1
    chosen = sorted(ids, key=lambda n: (state.position(n)[axis], n))
    if len(chosen) < 3:
        return state
    first, last = state.position(chosen[0])[axis], state.position(chosen[-1])[axis]
    space = (last - first - sum(sizes[n][axis] for n in chosen[:-1])) / (len(chosen) - 1)
    at, moved = first, {}
    for n in chosen[:-1]:
        x, y = state.position(n)
        place = first if n == chosen[0] else snap(at)
        moved[n] = Point(place, y) if axis == 0 else Point(x, place)
        at += sizes[n][axis] + space
    return move_nodes(state, moved)


@along_the_flow
def move_and_make_room(state: DocState, positions: Mapping[str, Point], sizes: Sizes) -> DocState:
    """The cards at these places, and what they would cover moved aside."""
    after = move_nodes(state, positions)
    return move_nodes(after, make_room(after.positions, sizes, tuple(positions), 2 * 8))


def lay_out(
    state: DocState,
    ids: Iterable[str] | None,
    sizes: Sizes,
    keep: str | None = None,
    row_width: float = 1200,
    gap: float = GAP,
    direction: Direction | None = None,
) -> DocState:
    """Layered along the flow, few crossings, long chains wrapped in rows. ``keep`` stays where it is, the rest follows.

    ``ids``: only these (None = all). ``row_width``: where a chain wraps; ``gap``: space between columns; ``direction``:
    another direction for the whole drawing. Frames go with what they hold.
    """
    if direction is not None and direction != state.layout.direction:
        state = state.with_layout(direction=direction)
    inside = set(state.graph.nodes if ids is None else ids)
    chosen = [n for n in state.graph.nodes if n in inside]
    if not chosen:
        return state
    placed, routes = _layered(state, chosen, sizes, row_width, gap)
    if keep is not None and keep in placed:
        old, new = state.position(keep), placed[keep]
    elif ids is None:
        old = new = Point(0, 0)
    else:
        old = Point(min(state.position(n).x for n in chosen), min(state.position(n).y for n in chosen))
        new = Point(min(p.x for p in placed.values()), min(p.y for p in placed.values()))
    dx, dy = snap(old.x - new.x), snap(old.y - new.y)
    kept = {e: p for e, p in state.reroutes.items() if e.source not in inside or e.target not in inside}
    led = {e: tuple(Point(x + dx, y + dy) for x, y in points) for e, points in routes.items()}
    after = move_nodes(state, {n: Point(p.x + dx, p.y + dy) for n, p in placed.items()})
    after = after if after.reroutes == {**kept, **led} else after.with_layout(reroutes={**kept, **led})
    return follow_frames(state, after, sizes)


def _layered(
    state: DocState, chosen: list[str], sizes: Sizes, row_width: float, gap: float
) -> tuple[dict[str, Point], dict[Edge, tuple[Point, ...]]]:
    """Rows to the right; where the flow runs down, the same turned, with the middles of cards in line."""
    if not state.down:
        return layered_with_routes(state.graph, chosen, sizes, row_width, gap)
    wide = {n: snap_up(sizes[n][0], 2 * GRID) if n in sizes else CARD_WIDTH for n in chosen}
    widest = max(wide.values())
    lying = {n: (sizes[n][1] if n in sizes else CARD_HEIGHT, widest) for n in chosen}
    places, routes = layered_with_routes(state.graph, chosen, lying, row_width, gap)
    upright = {n: Point(p.y + (widest - wide[n]) / 2, p.x) for n, p in places.items()}
    return upright, {e: tuple(Point(p.y, p.x) for p in points) for e, points in routes.items()}


def place_missing(state: DocState, sizes: Sizes | None = None) -> DocState:
    """Cards without a place get one: laid out when none has any, else below the others."""
    missing = [n for n in state.graph.nodes if n not in state.positions]
    if not missing:
        return state
    known = dict(sizes or {})
    full = {n: known.get(n, (CARD_WIDTH, CARD_HEIGHT)) for n in state.graph.nodes}
    placed = layered(state.graph, missing, full)
    bottom = max((state.position(n).y + full[n][1] for n in state.positions if n in full), default=None)
    dy = 0 if bottom is None else snap(bottom + 2 * GAP)
    return move_nodes(state, {n: Point(p.x, p.y + dy) for n, p in placed.items()})

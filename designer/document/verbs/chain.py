"""Verbs that add many layers at once: a chain from a line of text, and another document's network beside this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from designer.document.chain_text import Link
from designer.document.geometry import GAP, GRID, Box, Point, Sizes, snap, snap_up
from designer.document.layered import ROW_SPACE, layered
from designer.document.ports import inputs_of, layer_class, outputs_of
from designer.document.refusals import InsertRefusal
from designer.document.sheet import place_of, places, sheet_of, with_places
from designer.document.state import DocState
from designer.document.turn import along_the_flow
from designer.document.verbs.fragment import cut_out, paste
from designer.document.verbs.nodes import new_name
from designer.document.verbs.wires import connect
from engine.graph import Edge, Node
from engine.graph.refusals import UnknownNodeRefusal


@along_the_flow
def add_chain(
    state: DocState,
    links: Sequence[Link],
    after: str | None = None,
    at: Point | None = None,
    sizes: Sizes | None = None,
    row_width: float = 1200,
    within: str | None = None,
) -> DocState:
    """New layers, each wired to the next, the first to ``after``'s output where both can; beside it or at ``at``.

    ``within``: the group on whose sheet they are placed, None = the network.
    Refused: a first layer without an input behind a given node, a node without an output, a node that is not there.
    """
    if after is not None and after not in state.graph.nodes:
        raise UnknownNodeRefusal(after)
    graph, names, ids = state.graph, set[str](), list[str]()
    for link in links:
        name = new_name(graph, link.type, names)
        found = layer_class(link.type)
        node = Node(graph.new_id(), link.type, name, dict(link.params), found.version if found is not None else 1)
        graph = graph.add_node(node)
        names.add(name)
        ids.append(node.id)
    grown = replace(state, graph=graph)
    for source, target in pairwise(ids):
        grown = connect(grown, _wire(grown, source, target))
    if after is not None and ids:
        grown = connect(grown, _wire(grown, after, ids[0]))
    return _placed(grown, ids, after, at, sizes or {}, row_width, within)


def _wire(state: DocState, source: str, target: str) -> Edge:
    outputs, inputs = outputs_of(state.graph.nodes[source].type), inputs_of(state.graph.nodes[target].type)
    if not outputs or not inputs:
        raise InsertRefusal(state.graph.nodes[source if not outputs else target].name, "input" if outputs else "output")
    return Edge(source, target, inputs[0].name, outputs[0])


def _placed(
    state: DocState,
    ids: Sequence[str],
    after: str | None,
    at: Point | None,
    sizes: Sizes,
    row_width: float,
    within: str | None,
) -> DocState:
    """In rows from ``at`` on, else from the right of ``after``; what stands there makes room."""
    own = {n: sizes.get(n, (200.0, 152.0)) for n in ids}
    drawn = layered(state.graph, ids, own, row_width)
    if at is None and after is not None:
        card = sheet_of(state, within).owner.get(after, after)
        x, y = place_of(state, card)
        at = Point(snap(x + sizes.get(card, (200.0, 128.0))[0] + GAP), y)
    start = at or Point(0, below(state, sizes, within))
    first = drawn[ids[0]] if ids else Point(0, 0)
    moved = {n: Point(p.x + start.x - first.x, p.y + start.y - first.y) for n, p in drawn.items()}
    placed = state.with_layout(positions={**state.positions, **moved})
    standing = {**(places(placed, within) if placed.groups else placed.positions), **moved}
    return with_places(placed, shifted(standing, ids, start, {**sizes, **own}))


def shifted(standing: Mapping[str, Point], ids: Sequence[str], start: Point, sizes: Sizes) -> dict[str, Point]:
    """What stands in the new cards' rows, from their left edge on, goes to their right all together."""
    boxes = {n: Box(p.x, p.y, *sizes.get(n, (200.0, 128.0))) for n, p in standing.items()}
    own = [boxes[n] for n in ids]
    top, bottom, right = min(b.y for b in own), max(b.bottom for b in own), max(b.right for b in own)
    others = [n for n in boxes if n not in set(ids)]
    behind = [n for n in others if boxes[n].right > start.x and boxes[n].y < bottom and boxes[n].bottom > top]
    way = max((right + GAP - boxes[n].x for n in behind), default=0)
    if not any(boxes[n].overlaps(b, GRID) for n in behind for b in own):
        way = 0
    return {n: Point(p.x + snap_up(way), p.y) if n in behind else p for n, p in standing.items()}


def below(state: DocState, sizes: Sizes, within: str | None = None) -> int:
    """The first free line under everything that is drawn on that sheet."""
    standing = places(state, within) if state.groups else state.positions
    known = (n for n in standing if state.groups or n in state.graph.nodes)
    bottoms = [standing[n].y + sizes.get(n, (0.0, 128.0))[1] for n in known]
    return snap(max(bottoms) + ROW_SPACE) if bottoms else 0


def add_network(
    state: DocState,
    other: DocState,
    at: Point | None = None,
    sizes: Sizes | None = None,
    within: str | None = None,
) -> DocState:
    """Another document's network with new ids, its top left corner at ``at``, else below what is drawn ``within``.

    Into an empty drawing its training set-up, data and title come along.
    """
    fragment = cut_out(other, other.graph.nodes)
    if not fragment.nodes:
        return state
    left, top = fragment.corner
    start = at or Point(0, below(state, sizes or {}, within))
    after = paste(state, fragment, snap(start.x - left), snap(start.y - top))
    if state.graph.nodes:
        return after
    return replace(after, training=other.training, data=other.data, title=state.title or other.title)

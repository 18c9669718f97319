"""Verbs on how cards are drawn: collapsed to their title, or in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from designer.document.geometry import Point
from designer.document.state import DocState
from designer.document.verbs.arrange import move_nodes
from engine.graph.refusals import UnknownNodeRefusal


def set_collapsed(
    state: DocState, ids: Iterable[str], collapsed: bool, shifts: Mapping[str, tuple[float, float]] | None = None
) -> DocState:
    """The cards as their title only, or in full; each that changes moves by its shift, so that its wires stay level."""
    chosen = tuple(dict.fromkeys(ids))
    for node_id in chosen:
        if node_id not in state.graph.nodes:
            raise UnknownNodeRefusal(node_id)
    changed = [n for n in chosen if (n in state.collapsed) != collapsed]
    if not changed:
        return state
    kept = tuple(n for n in state.layout.collapsed if n not in changed)
    after = state.with_layout(collapsed=(*kept, *changed) if collapsed else kept)
    ways = {n: (shifts or {}).get(n, (0, 0)) for n in changed}
    places = {n: Point(state.position(n).x + dx, state.position(n).y + dy) for n, (dx, dy) in ways.items()}
    return move_nodes(after, places)

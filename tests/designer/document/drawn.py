"""Small drawn networks for tests: a chain from layer ids, with positions and ids n1, n2, ..."""

from __future__ import annotations

from designer.document import DocState, Point, verbs
from engine.graph import Edge

SIZES = {f"n{k}": (176.0, 128.0) for k in range(1, 60)}


def chain(*types: str, step: int = 224) -> DocState:
    """Layers in a row, each wired to the next."""
    state = DocState()
    for k, type_name in enumerate(types, 1):
        wires = (Edge(f"n{k - 1}", f"n{k}"),) if k > 1 else ()
        state = verbs.add_node(state, f"n{k}", type_name, Point(step * (k - 1), 0), wires)
    return state


def wires(state: DocState) -> list[tuple[str, str]]:
    """(source, target) of each wire in order."""
    return [(e.source, e.target) for e in state.graph.edges]

"""Verbs on wires: connect, move to another port, disconnect, lead around."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.geometry import Point
from designer.document.ports import input_port, inputs_of, need_output, outputs_of, wire_into
from designer.document.refusals import InsertRefusal
from designer.document.state import DocState
from engine.graph import Edge, Graph
from engine.graph.refusals import UnknownEdgeRefusal, UnknownNodeRefusal


def connect(state: DocState, wire: Edge, unplug: Edge | None = None) -> DocState:
    """With the wire. A wire that occupies a single input goes in the same step; so does ``unplug``, a wire dragged off.

    Refused: unknown node or port, a wire to itself, one that is there, one that closes a loop.
    """
    if wire == unplug:
        return state
    graph = state.graph
    for end in (wire.source, wire.target):
        if end not in graph.nodes:
            raise UnknownNodeRefusal(end)
    need_output(graph.nodes[wire.source], wire.source_port)
    input_port(graph.nodes[wire.target], wire.port)
    taken = wire_into(graph, wire.target, wire.port)
    gone = [e for e in dict.fromkeys((taken, unplug)) if e is not None and e != wire]
    base = graph.remove_edges(gone) if gone else graph
    base.add_edge(wire)
    same_place = [e for e in gone if (e.target, e.port) == (wire.target, wire.port)]
    edges = substitute(graph.edges, same_place[0], (wire,)) if same_place else (*graph.edges, wire)
    return with_edges(state, tuple(e for e in edges if e == wire or e not in gone))


def rewire(state: DocState, new: Iterable[Edge], gone: Iterable[Edge] = ()) -> DocState:
    """With all the new wires and without the others: what happens at a port that stands for several.

    A new wire takes the place of one that is gone from the same input, so that the order into a merge stays.
    """
    wanted = tuple(dict.fromkeys(new))
    ends = {(e.target, e.port) for e in wanted}
    away = [e for e in dict.fromkeys(gone) if e not in wanted]
    state = disconnect(state, [e for e in away if (e.target, e.port) not in ends])
    away = [e for e in away if (e.target, e.port) in ends]
    for wire in wanted:
        place = next((e for e in away if (e.target, e.port) == (wire.target, wire.port)), None)
        if wire not in state.graph.edges:
            state = connect(state, wire, place)
            away = [e for e in away if e != place]
    return disconnect(state, [e for e in away if e in state.graph.edges])


def refusal_of(state: DocState, wire: Edge, unplug: Edge | None = None) -> ValueError | None:
    """Why ``connect`` would refuse the wire, or None."""
    try:
        connect(state, wire, unplug)
    except ValueError as refusal:
        return refusal
    return None


def disconnect(state: DocState, wires: Iterable[Edge]) -> DocState:
    """Without these wires."""
    gone = tuple(dict.fromkeys(wires))
    return with_edges(state, state.graph.remove_edges(gone).edges) if gone else state


def lazy_connect(state: DocState, first: str, second: str) -> DocState:
    """Output of the left card into the first free input of the right one (the first input if none is free)."""
    for end in (first, second):
        if end not in state.graph.nodes:
            raise UnknownNodeRefusal(end)
    graph = state.graph
    outputs, inputs = outputs_of(graph.nodes[first].type), inputs_of(graph.nodes[second].type)
    if not outputs or not inputs:
        name = graph.nodes[second if outputs else first].name
        raise InsertRefusal(name, "input" if outputs else "output")
    free = [p.name for p in inputs if p.many or wire_into(graph, second, p.name) is None]
    return connect(state, Edge(first, second, (free or [inputs[0].name])[0], outputs[0]))


def set_reroute(state: DocState, wire: Edge, points: tuple[Point, ...]) -> DocState:
    """The wire is led through these points; none = the direct curve."""
    if wire not in state.graph.edges:
        raise UnknownEdgeRefusal(wire.source, wire.target)
    if state.reroutes.get(wire, ()) == points:
        return state
    kept = {e: p for e, p in state.reroutes.items() if e != wire}
    return state.with_layout(reroutes={**kept, wire: points} if points else kept)


def substitute(edges: tuple[Edge, ...], old: Edge, new: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Order among wires into one port matters (Concat), so a replacement takes the place of what it replaces."""
    k = edges.index(old)
    return (*edges[:k], *new, *edges[k + 1 :])


def with_edges(state: DocState, edges: tuple[Edge, ...]) -> DocState:
    """With these wires instead; reroute points of wires that are gone are forgotten."""
    after = replace(state, graph=Graph(state.graph.nodes, edges))
    kept = set(edges)
    if all(e in kept for e in state.reroutes):
        return after
    return after.with_layout(reroutes={e: p for e, p in state.reroutes.items() if e in kept})

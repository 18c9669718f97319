"""Verbs that put a layer on a wire."""

from __future__ import annotations

from collections.abc import Mapping

from designer.document.geometry import CARD_HEIGHT, CARD_WIDTH, GAP, Point, Sizes
from designer.document.group_ports import input_ports, output_ports
from designer.document.layout import Slot
from designer.document.ports import inputs_of, outputs_of, title_of
from designer.document.refusals import InsertRefusal
from designer.document.sheet import group_of, with_room
from designer.document.state import DocState
from designer.document.turn import along_the_flow
from designer.document.verbs.groups import join, move_slot
from designer.document.verbs.nodes import add_node
from designer.document.verbs.wires import rewire, substitute, with_edges
from engine.declare import Value
from engine.graph import Edge
from engine.graph.refusals import UnknownEdgeRefusal


@along_the_flow
def insert_on_wire(
    state: DocState,
    wire: Edge,
    node_id: str,
    type_name: str,
    at: Point,
    sizes: Sizes,
    params: Mapping[str, Value] | None = None,
    within: str | None = None,
) -> DocState:
    """A new node on a wire: that wire out, two in, neighbours shoved aside. ``sizes`` by node id, the new one too.

    It belongs to the group around both ends of the wire, or to ``within`` where that lies deeper.
    """
    if wire not in state.graph.edges:
        raise UnknownEdgeRefusal(wire.source, wire.target)
    after = add_node(state, node_id, type_name, at, (), params)
    around = state.layout.nesting.common((wire.source, wire.target))
    deeper = within is not None and within in state.groups and state.layout.nesting.lies_in(within, around)
    return thread_on_wire(join(after, (node_id,), within if deeper else around), wire, node_id, sizes)


@along_the_flow
def thread_on_wire(state: DocState, wire: Edge, node_id: str, sizes: Sizes) -> DocState:
    """A node that is there goes on a wire: in by its first input, out by its first output, neighbours shoved aside."""
    if wire not in state.graph.edges:
        raise UnknownEdgeRefusal(wire.source, wire.target)
    type_name = state.graph.nodes[node_id].type
    inputs, outputs = inputs_of(type_name), outputs_of(type_name)
    if not inputs or not outputs:
        raise InsertRefusal(title_of(type_name), "output" if inputs else "input")
    first = Edge(wire.source, node_id, inputs[0].name, wire.source_port)
    second = Edge(node_id, wire.target, wire.port, outputs[0])
    without = state.graph.remove_edges([wire])
    without.add_edge(first).add_edge(second)
    after = with_edges(state, substitute(state.graph.edges, wire, (first, second)))
    start, end = Slot(wire.source, wire.source_port), Slot(wire.target, wire.port)
    after = move_slot(after, start, Slot(node_id, outputs[0]), end)
    after = move_slot(after, end, Slot(node_id, inputs[0].name), start)
    return with_room(after, (node_id,), sizes, GAP, after.layout.nesting.home.get(node_id))


def thread_card(
    state: DocState, wires: tuple[Edge, ...], card: str, sizes: Sizes, within: str | None = None
) -> DocState:
    """A card that is there, a layer's or a group's, goes on wires from one output; a group by its first ports."""
    key = group_of(card)
    if key is None:
        after = thread_on_wire(state, wires[0], card, sizes)
        last = next(e for e in after.graph.outgoing[card] if (e.target, e.port) == (wires[0].target, wires[0].port))
        end = Slot(card, last.source_port)
    else:
        inputs, outputs = input_ports(state.graph, state.groups[key]), output_ports(state.graph, state.groups[key])
        if not inputs or not outputs:
            raise InsertRefusal(state.groups[key].title, "output" if inputs else "input")
        start, end = Slot(wires[0].source, wires[0].source_port), outputs[0].slots[0]
        first = Edge(end.node, wires[0].target, wires[0].port, end.port)
        after = rewire(state, (first,), wires[:1])
        after = rewire(after, [Edge(start.node, s.node, s.port, start.port) for s in inputs[0].slots])
    others = [Edge(end.node, e.target, e.port, end.port) for e in wires[1:]]
    return with_room(rewire(after, others, wires[1:]), (card,), sizes, GAP, within)


@along_the_flow
def insert_before(
    state: DocState, node: str, port: str, node_id: str, type_name: str, params: Mapping[str, Value], sizes: Sizes
) -> DocState:
    """A new node on the wire into that port of a node (a problem's fix: insert Flatten), or just wired to it."""
    wires = [e for e in state.graph.incoming.get(node, ()) if e.port == port]
    x, y = state.position(node)
    at = Point(x, y)
    if wires:
        # The new card takes the place of the old one, which is to go right, on with the flow, even if it is narrower.
        (new, _), (old, _) = (sizes.get(n, (CARD_WIDTH, CARD_HEIGHT)) for n in (node_id, node))
        ahead = Point(x + max(0.0, (new - old) / 2), y)
        state = state.with_layout(positions={**state.positions, node: ahead})
        within = state.layout.nesting.home.get(node)
        return insert_on_wire(state, wires[0], node_id, type_name, at, sizes, params, within)
    wire = Edge(node_id, node, port, outputs_of(type_name)[0])
    after = add_node(state, node_id, type_name, at, (wire,), params)
    home = state.layout.nesting.home.get(node)
    return with_room(join(after, (node_id,), home), (node_id,), sizes, GAP, home)

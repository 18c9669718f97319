"""Verbs on nodes: add, remove, rename, swap the type, mute, freeze."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from designer.document.geometry import Point
from designer.document.layout import Group
from designer.document.ports import inputs_of, layer_class, outputs_of, title_of
from designer.document.refusals import NameRefusal
from designer.document.state import DocState
from designer.document.verbs.wires import connect
from engine.declare import ParamError, Value
from engine.graph import Edge, Graph, Node
from engine.graph.refusals import UnknownNodeRefusal


def new_name(graph: Graph, type_name: str, taken: Iterable[str] = ()) -> str:
    """A free name from the type's title: ``Dense 1``; Input and Output carry a number only from the second on."""
    title = title_of(type_name)
    names = {n.name for n in graph.nodes.values()} | set(taken)
    if type_name in ("input", "output") and title not in names:
        return title
    k = 1 if type_name not in ("input", "output") else 2
    while f"{title} {k}" in names:
        k += 1
    return f"{title} {k}"


def add_node(
    state: DocState,
    node_id: str,
    type_name: str,
    at: Point,
    wires: tuple[Edge, ...] = (),
    params: Mapping[str, Value] | None = None,
) -> DocState:
    """With a new node of that type at a grid point, wired as given. Take ``node_id`` from ``state.graph.new_id()``."""
    found = layer_class(type_name)
    version = found.version if found is not None else 1
    node = Node(node_id, type_name, new_name(state.graph, type_name), dict(params or {}), version)
    after = replace(state, graph=state.graph.add_node(node))
    after = after.with_layout(positions={**state.positions, node_id: Point(*at)})
    for wire in wires:
        after = connect(after, wire)
    return after


def remove_nodes(state: DocState, ids: Iterable[str]) -> DocState:
    """Without these nodes, their wires, and all that the layout and the probes say of them."""
    gone = frozenset(ids)
    if not gone:
        return state
    return forget(replace(state, graph=state.graph.remove_nodes(gone)), gone)


def forget(state: DocState, gone: frozenset[str]) -> DocState:
    """Layout and probes cleared of nodes and wires that the graph no longer has."""
    groups = {k: _without(g, gone) if gone & set(g.members) else g for k, g in state.groups.items()}
    after = state.with_layout(
        positions={k: p for k, p in state.positions.items() if k not in gone},
        reroutes={e: p for e, p in state.reroutes.items() if e.source not in gone and e.target not in gone},
        groups={k: g for k, g in groups.items() if g.members},
        collapsed=tuple(n for n in state.layout.collapsed if n not in gone),
    )
    probes = tuple(p for p in state.probes if p.split(":")[0] not in gone)
    return replace(after, probes=probes) if len(probes) != len(state.probes) else after


def _without(group: Group, gone: frozenset[str]) -> Group:
    members = tuple(m for m in group.members if m not in gone)
    inputs = (tuple(s for s in slots if s.node not in gone) for slots in group.inputs)
    outputs = tuple(s for s in group.outputs if s.node not in gone)
    return replace(group, members=members, inputs=tuple(slots for slots in inputs if slots), outputs=outputs)


def delete_and_reconnect(state: DocState, ids: Iterable[str]) -> DocState:
    """Without these nodes; what fed each of them now feeds what it fed."""
    gone = frozenset(ids)
    for unknown in sorted(gone - set(state.graph.nodes)):
        raise UnknownNodeRefusal(unknown)
    edges = state.graph.edges
    for node in (n for n in state.graph.order if n in gone):
        edges = _bridge(state.graph, edges, node)
    return forget(replace(state, graph=Graph(state.graph.nodes, edges).remove_nodes(gone)), gone) if gone else state


def _bridge(graph: Graph, edges: tuple[Edge, ...], node: str) -> tuple[Edge, ...]:
    feeding = [e for e in edges if e.target == node]
    after: list[Edge] = []
    for edge in edges:
        if edge.source != node:
            if edge.target != node:
                after.append(edge)
            continue
        many = any(p.many for p in inputs_of(graph.nodes[edge.target].type) if p.name == edge.port)
        bridges = [Edge(f.source, edge.target, edge.port, f.source_port) for f in feeding[: None if many else 1]]
        after.extend(b for b in bridges if b not in after and b not in edges)
    return tuple(after)


def rename(state: DocState, node_id: str, name: str) -> DocState:
    """With the node renamed. Names are unique, so that a message can name a layer."""
    node = _node(state, node_id)
    name = " ".join(name.split())
    if name == node.name:
        return state
    if not name or any(n.name == name for n in state.graph.nodes.values()):
        raise NameRefusal(name)
    return replace(state, graph=state.graph.replace_node(replace(node, name=name)))


def change_type(state: DocState, ids: Iterable[str], type_name: str) -> DocState:
    """The nodes become another type: parameters that fit and wires to ports that exist stay, the rest goes.

    A name that came from the old type is renewed, a name that a person gave stays.
    """
    graph = state.graph
    for node_id in ids:
        node = _node(state, node_id)
        if node.type == type_name:
            continue
        params = _fitting(type_name, node.params)
        stem = title_of(node.type)
        automatic = node.name == stem or node.name.rpartition(" ")[0] == stem
        name = new_name(graph, type_name) if automatic else node.name
        found = layer_class(type_name)
        version = found.version if found is not None else 1
        changed = replace(node, type=type_name, name=name, params=params, version=version, shares=None)
        edges = _fitting_edges(graph, node_id, type_name)
        graph = replace(graph.release(node_id).replace_node(changed), edges=edges)
    if graph is state.graph:
        return state
    kept = set(graph.edges)
    after = replace(state, graph=graph)
    if all(e in kept for e in state.reroutes):
        return after
    return after.with_layout(reroutes={e: p for e, p in state.reroutes.items() if e in kept})


def _fitting(type_name: str, params: Mapping[str, Value]) -> dict[str, Value]:
    found = layer_class(type_name)
    if found is None:
        return dict(params)
    kept: dict[str, Value] = {}
    for name, value in params.items():
        declared = found.params.get(name)
        if declared is None:
            continue
        try:
            checked = declared.check(type_name, value)
        except ParamError:
            continue
        if checked != declared.default:
            kept[name] = checked
    return kept


def _fitting_edges(graph: Graph, node_id: str, type_name: str) -> tuple[Edge, ...]:
    """Wires move to the port of the same name, else to the first port that is free; those without one are cut."""
    ports, outputs = inputs_of(type_name), outputs_of(type_name)
    used: set[str] = set()
    kept: list[Edge] = []
    for edge in graph.edges:
        if edge.target == node_id:
            fits = [p for p in ports if p.many or p.name not in used]
            fits.sort(key=lambda p: p.name != edge.port)
            if fits:
                used.add(fits[0].name)
                kept.append(replace(edge, port=fits[0].name))
        elif edge.source == node_id:
            if outputs:
                kept.append(replace(edge, source_port=edge.source_port if edge.source_port in outputs else outputs[0]))
        else:
            kept.append(edge)
    return tuple(kept)


def set_muted(state: DocState, ids: Iterable[str], muted: bool) -> DocState:
    """The nodes pass their input through, or work again."""
    return _flag(state, ids, "muted", muted)


def set_frozen(state: DocState, ids: Iterable[str], frozen: bool) -> DocState:
    """The nodes' weights are kept as they are while training, or trained again."""
    return _flag(state, ids, "frozen", frozen)


def _flag(state: DocState, ids: Iterable[str], name: str, value: bool) -> DocState:
    changed: dict[str, Node] = {}
    for node_id in ids:
        node = _node(state, node_id)
        if getattr(node, name) != value:
            changed[node_id] = replace(node, **{name: value})  # type: ignore[arg-type]
    if not changed:
        return state
    return replace(state, graph=replace(state.graph, nodes={**state.graph.nodes, **changed}))


def _node(state: DocState, node_id: str) -> Node:
    if node_id not in state.graph.nodes:
        raise UnknownNodeRefusal(node_id)
    return state.graph.nodes[node_id]

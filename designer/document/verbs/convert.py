"""Activation, batch norm and dropout: settings of Dense and convolutions, or nodes of their own. Either way round.

Order of the stages: weighted sum, batch norm, activation, dropout; batch norm may be set after the activation.
"""

from __future__ import annotations

from dataclasses import replace

from designer.document.geometry import CARD_WIDTH, GAP, Point, Sizes, snap_up
from designer.document.layout import Slot
from designer.document.ports import layer_class
from designer.document.refusals import ConvertRefusal
from designer.document.sheet import with_room
from designer.document.state import DocState
from designer.document.turn import along_the_flow
from designer.document.verbs.groups import join, move_slot
from designer.document.verbs.nodes import delete_and_reconnect, new_name
from designer.document.verbs.params import param_value
from designer.document.verbs.wires import with_edges
from engine.declare import Spec, Value
from engine.graph import Edge, Node
from engine.graph.refusals import UnknownNodeRefusal

STAGES = ("activation", "batch_norm", "dropout")


def has_stages(type_name: str) -> bool:
    """True for layer types that carry activation, batch norm and dropout as settings."""
    found = layer_class(type_name)
    return found is not None and all(name in found.params for name in STAGES)


@along_the_flow
def settings_to_nodes(state: DocState, node_id: str, sizes: Sizes) -> DocState:
    """The node's activation, batch norm and dropout as nodes behind it, in the order in which they were applied."""
    node = _kernel(state, node_id)
    stages = _set_stages(node)
    if not stages:
        raise ConvertRefusal(
            f"{node.name} has no activation, batch norm or dropout set",
            "set one in the inspector, or draw it as a node",
        )
    params = {k: v for k, v in node.params.items() if k not in STAGES}
    graph = state.graph.replace_node(replace(node, params=params))
    positions = dict(state.positions)
    x, y = state.position(node_id)
    last, wires = node_id, []
    for type_name, values in stages:
        new = Node(graph.new_id(), type_name, new_name(graph, type_name), values)
        graph = graph.add_node(new)
        x = snap_up(x + sizes.get(last, (CARD_WIDTH, 0))[0] + GAP)
        positions[new.id] = Point(x, y)
        wires.append(Edge(last, new.id))
        last = new.id
    edges = tuple(replace(e, source=last, source_port="out") if e.source == node_id else e for e in graph.edges)
    home = state.layout.nesting.home.get(node_id)
    new_ids = tuple(w.target for w in wires)
    after = with_edges(replace(state, graph=graph), (*edges, *wires)).with_layout(positions=positions)
    after = join(after, new_ids, home)
    for e in state.graph.outgoing.get(node_id, ()):
        after = move_slot(after, Slot(node_id, e.source_port), Slot(last, "out"), Slot(e.target, e.port))
    return with_room(after, (node_id, *new_ids), sizes, GAP, home)


def nodes_to_settings(state: DocState, node_id: str) -> DocState:
    """The batch norm, activation and dropout nodes directly behind a node become its settings."""
    node = _kernel(state, node_id)
    if _set_stages(node):
        raise ConvertRefusal(f"{node.name} has such settings already", "draw them as nodes first")
    params, absorbed = dict(node.params), list[str]()
    at = node
    while (following := _only_follower(state, at)) is not None:
        setting = _as_setting(following, params)
        if setting is None:
            break
        params[setting[0]] = setting[1]
        absorbed.append(following.id)
        at = following
    if not absorbed:
        raise ConvertRefusal(
            f"behind {node.name} stands no activation, batch norm or dropout that it alone feeds",
            "wire one there, with default settings where it is a batch norm",
        )
    after = delete_and_reconnect(state, absorbed)
    return replace(after, graph=after.graph.replace_node(replace(node, params=params)))


def _kernel(state: DocState, node_id: str) -> Node:
    if node_id not in state.graph.nodes:
        raise UnknownNodeRefusal(node_id)
    node = state.graph.nodes[node_id]
    if not has_stages(node.type):
        raise ConvertRefusal(
            f"{node.name} carries no activation, batch norm or dropout", "choose a Dense or Conv2D layer"
        )
    return node


def _set_stages(node: Node) -> list[tuple[str, dict[str, Value]]]:
    activation, norm, rate = (param_value(node, name) for name in STAGES)
    stages: list[tuple[str, dict[str, Value]]] = []
    if isinstance(activation, Spec) and activation.type != "linear":
        stages.append((activation.type, dict(activation.params)))
    if norm != "none":
        stages.insert(0 if norm == "before" else len(stages), ("batch_norm", {}))
    if isinstance(rate, float) and rate > 0:
        stages.append(("dropout", _without_default("dropout", "rate", rate)))
    return stages


def _without_default(type_name: str, name: str, value: Value) -> dict[str, Value]:
    found = layer_class(type_name)
    return {} if found is not None and found.params[name].default == value else {name: value}


def _only_follower(state: DocState, node: Node) -> Node | None:
    wires = state.graph.outgoing.get(node.id, ())
    if len(wires) != 1:
        return None
    following = state.graph.nodes[wires[0].target]
    return following if len(state.graph.incoming[following.id]) == 1 and not following.muted else None


def _as_setting(node: Node, so_far: dict[str, Value]) -> tuple[str, Value] | None:
    """(setting, value) that stands for the node, or None if it or its place in the order has no setting."""
    found = layer_class(node.type)
    if found is None or "dropout" in so_far or node.frozen:
        return None
    if node.type == "dropout":
        rate = param_value(node, "rate")
        return ("dropout", rate) if set(node.params) <= {"rate"} and rate else None
    if node.type == "batch_norm":
        taken = "batch_norm" in so_far or bool(node.params)
        return None if taken else ("batch_norm", "after" if "activation" in so_far else "before")
    if found.group == "activation" and so_far.get("batch_norm") != "after" and "activation" not in so_far:
        return ("activation", Spec(node.type, node.params)) if node.type != "linear" else None
    return None

"""Verbs on layer parameters. A value that equals the default is removed, so that files hold only what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.ports import layer_class, title_of
from designer.document.refusals import ParameterRefusal
from designer.document.state import DocState
from engine.declare import Param, Value
from engine.graph import Node
from engine.graph.refusals import UnknownNodeRefusal


def declared(node: Node, name: str) -> Param:
    """What the node's layer type declares under that name; ParameterRefusal lists what it has."""
    found = layer_class(node.type)
    if found is None or name not in found.params:
        known = tuple(found.params) if found is not None else ()
        raise ParameterRefusal(title_of(node.type), name, known)
    return found.params[name]


def param_value(node: Node, name: str) -> Value:
    """The parameter's value, stored or default."""
    return node.params[name] if name in node.params else declared(node, name).default


def set_param(state: DocState, ids: Iterable[str], name: str, value: object) -> DocState:
    """The parameter of all these nodes, checked and in canonical form; ParamError says what is accepted."""
    changed: dict[str, Node] = {}
    for node_id in ids:
        if node_id not in state.graph.nodes:
            raise UnknownNodeRefusal(node_id)
        node = state.graph.nodes[node_id]
        param = declared(node, name)
        checked = param.check(node.name, value)
        if checked == param_value(node, name) and (checked != param.default or name not in node.params):
            continue
        rest = dict(node.params)
        if checked == param.default:
            del rest[name]
        else:
            rest[name] = checked
        changed[node_id] = replace(node, params=rest)
    if not changed:
        return state
    return replace(state, graph=replace(state.graph, nodes={**state.graph.nodes, **changed}))


def reset_param(state: DocState, ids: Iterable[str], name: str) -> DocState:
    """The parameter's declared default for all these nodes; one that is not declared (an old file's) is dropped."""
    changed: dict[str, Node] = {}
    for node_id in ids:
        if node_id not in state.graph.nodes:
            raise UnknownNodeRefusal(node_id)
        node = state.graph.nodes[node_id]
        if name in node.params:
            changed[node_id] = replace(node, params={k: v for k, v in node.params.items() if k != name})
        else:
            declared(node, name)
    if not changed:
        return state
    return replace(state, graph=replace(state.graph, nodes={**state.graph.nodes, **changed}))

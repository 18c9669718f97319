"""Verbs on shared weights: layers of one type that learn one set of weights between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.state import DocState
from engine.graph.refusals import UnknownNodeRefusal


def share_weights(state: DocState, ids: Iterable[str], owner: str) -> DocState:
    """The nodes use the weights of ``owner``; GraphRefusal where the types differ or a node is the owner itself."""
    graph = state.graph
    for node_id in ids:
        if node_id not in graph.nodes or graph.nodes[node_id].shares != owner:
            graph = graph.share(node_id, owner)
    return state if graph is state.graph else replace(state, graph=graph)


def unshare_weights(state: DocState, ids: Iterable[str]) -> DocState:
    """The nodes have weights of their own again."""
    graph = state.graph
    for node_id in ids:
        graph = graph.unshare(node_id)
    return state if graph is state.graph else replace(state, graph=graph)


def take_settings(state: DocState, ids: Iterable[str], owner: str) -> DocState:
    """The nodes are set as ``owner`` is, so that its weights fit them."""
    if owner not in state.graph.nodes:
        raise UnknownNodeRefusal(owner)
    graph, wanted = state.graph, state.graph.nodes[owner]
    for node_id in ids:
        if node_id not in graph.nodes:
            raise UnknownNodeRefusal(node_id)
        node = graph.nodes[node_id]
        if node.type == wanted.type and dict(node.params) != dict(wanted.params):
            graph = graph.replace_node(replace(node, params=dict(wanted.params)))
    return state if graph is state.graph else replace(state, graph=graph)

"""Rules for layers that share weights: their owner is there, of the same type, and has weights of these shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.analysis.types import NodeAnalysis, Problem
from engine.graph import Graph, Node
from engine.layers import Fix

OWN = Fix("Stop sharing", "unshare", {})


def sharing_problems(graph: Graph, nodes: Mapping[str, NodeAnalysis]) -> Iterator[Problem]:
    """What keeps a node from using the weights that it is to share."""
    for node in graph.nodes.values():
        if node.shares is None:
            continue
        owner = graph.nodes.get(node.shares)
        if owner is None or owner.shares is not None:
            yield Problem(
                node.id,
                "{name} shares the weights of a layer that has none of its own",
                {"name": node.name},
                expected="a layer with weights of its own",
                got=owner.name if owner is not None else node.shares,
                fixes=(OWN,),
            )
        elif owner.type != node.type:
            yield Problem(
                node.id,
                "{name} shares the weights of {owner}, which is of another type",
                {"name": node.name, "owner": owner.name},
                expected=owner.type,
                got=node.type,
                fixes=(OWN,),
            )
        else:
            yield from _shapes(node, owner, nodes)


def _shapes(node: Node, owner: Node, nodes: Mapping[str, NodeAnalysis]) -> Iterator[Problem]:
    mine, theirs = nodes[node.id], nodes[owner.id]
    if theirs.output is None and mine.output is not None:
        yield Problem(
            node.id,
            "{name} shares the weights of {owner}, whose shapes are not known yet",
            {"name": node.name, "owner": owner.name},
            expected="an owner without problems",
            got="unknown",
            fixes=(OWN,),
        )
    if mine.output is None or theirs.output is None or node.muted or mine.weights == theirs.weights:
        return
    wanted, have = dict(theirs.weights), dict(mine.weights)
    name = next(k for k in (*wanted, *have) if wanted.get(k) != have.get(k))
    shapes = [" x ".join(map(str, found[name])) if name in found else "none" for found in (wanted, have)]
    yield Problem(
        node.id,
        "{name} shares the weights of {owner}, but its {weight} would be {got}, not {expected}",
        {"name": node.name, "owner": owner.name, "weight": name, "got": shapes[1], "expected": shapes[0]},
        expected=shapes[0],
        got=shapes[1],
        fixes=(Fix("Take its settings", "take_settings", {"owner": owner.id}), OWN),
    )

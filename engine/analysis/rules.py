"""Rules that look at more than one node: heads, dead branches, softmax where it is doubled or does not belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.analysis.sharing import sharing_problems
from engine.analysis.types import NodeAnalysis, Problem
from engine.declare import ParamError, Spec, UnknownTypeError
from engine.graph import Graph, Node
from engine.layers import LAYERS, Fix
from engine.losses import LOSSES, Loss


def graph_problems(graph: Graph, nodes: Mapping[str, NodeAnalysis]) -> Iterator[Problem]:
    """Problems of the whole graph, given what is known of each node."""
    if not graph.nodes:
        return
    yield from _missing_ends(graph)
    outputs = [n for n in graph.nodes.values() if n.type == "output"]
    yield from _dead_branches(graph, outputs)
    yield from sharing_problems(graph, nodes)
    for node in graph.nodes.values():
        if node.type == "output":
            yield from _head(graph, node, nodes)
        elif last_activation(node) == "softmax":
            yield from _doubled_softmax(graph, node)


def _missing_ends(graph: Graph) -> Iterator[Problem]:
    kinds = {n.type for n in graph.nodes.values()}
    if "input" not in kinds:
        yield Problem(
            "", "there is no Input; drag one in and wire it to the first layer", expected="an Input", got="none"
        )
    if "output" not in kinds:
        yield Problem(
            "", "there is no Output; drag one in and wire the last layer to it", expected="an Output", got="none"
        )


def _dead_branches(graph: Graph, outputs: list[Node]) -> Iterator[Problem]:
    if not outputs:
        return
    alive: set[str] = set()
    stack = [n.id for n in outputs]
    while stack:
        at = stack.pop()
        if at not in alive:
            alive.add(at)
            stack.extend(e.source for e in graph.incoming.get(at, ()))
    for node in graph.nodes.values():
        if node.id not in alive:
            yield Problem(
                node.id,
                "{name} does not reach any Output, so it is not trained",
                {"name": node.name},
                expected="a path to an Output",
                got="none",
                fixes=(Fix("Remove it", "remove", {}),),
                severity="warning",
            )


def last_activation(node: Node) -> str:
    """Id of the activation that a node applies last, "" if none."""
    if node.type in LAYERS and LAYERS[node.type].group == "activation":
        return node.type
    chosen = node.params.get("activation")
    return chosen.type if isinstance(chosen, Spec) else chosen if isinstance(chosen, str) else ""


def loss_of(node: Node) -> Loss | str:
    """The loss of an Output node, or the reason why there is none."""
    chosen = node.params.get("loss", LAYERS["output"].params["loss"].default)
    try:
        return LOSSES.make(chosen if isinstance(chosen, Spec) else Spec(str(chosen)))
    except (UnknownTypeError, ParamError) as e:
        return str(e)


def _head(graph: Graph, node: Node, nodes: Mapping[str, NodeAnalysis]) -> Iterator[Problem]:
    loss = loss_of(node)
    if isinstance(loss, str):
        if not nodes[node.id].own_problems:  # else it was said there already
            fix = Fix("Reset to default", "reset_param", {"name": "loss"})
            yield Problem(node.id, "{name}: {reason}", {"name": node.name, "reason": loss}, fixes=(fix,))
        return
    output = nodes[node.id].output
    reason = loss.check(output.shape) if output else ""
    if reason:
        yield Problem(
            node.id, "{name}: {reason}", {"name": node.name, "reason": reason}, got=output.text() if output else ""
        )
    for edge in graph.incoming.get(node.id, ()):
        source = graph.nodes[edge.source]
        last = last_activation(source)
        if loss.fuses and last in ("sigmoid", "softmax", "relu") and last != loss.fuses:
            yield Problem(
                node.id,
                "{name}: {loss} is computed from logits, but {source} ends with {last}; it would squash them first",
                {"name": node.name, "loss": loss.title, "source": source.name, "last": last},
                expected=f"{loss.fuses} or no activation before the Output",
                got=last,
                fixes=(
                    Fix(
                        f"Use {loss.fuses}",
                        "set_param",
                        {"node": source.id, "name": "activation", "value": Spec(loss.fuses)},
                    ),
                ),
                severity="warning",
            )


def _doubled_softmax(graph: Graph, node: Node) -> Iterator[Problem]:
    for edge in graph.incoming.get(node.id, ()):
        source = graph.nodes[edge.source]
        if node.type == "softmax" and last_activation(source) == "softmax":
            yield Problem(
                node.id,
                "{name}: softmax is applied twice ({source} ends with it already); that flattens the probabilities",
                {"name": node.name, "source": source.name},
                expected="one softmax",
                got="two in a row",
                fixes=(Fix("Remove this one", "remove", {"reconnect": True}),),
                severity="warning",
            )

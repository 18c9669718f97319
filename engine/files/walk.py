"""The walk that every exporter shares: nodes that reach an Output, sources first; heads fused as the plan does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.analysis import Analysis, infer, port_order
from engine.analysis.rules import loss_of
from engine.declare import Spec
from engine.graph import Graph, Node
from engine.layers import LAYERS, Layer
from engine.layers.activation import Activation
from engine.layers.settings import KernelLayer
from engine.losses import Loss
from engine.plan import PlanError, alive_nodes, layer_of
from engine.primitives import Shape


class Target(Protocol):
    """What an exporter does for one node."""

    def input(self, node: Node, layer: Layer, shape: Shape) -> str:
        """Declare an input of the network; its name."""

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        """Write one layer; the name of its value. ``scope``: "" or the stage ("act") that the layer is of its node."""


@dataclass(frozen=True, slots=True)
class Ending:
    """One Output: the loss reads ``prediction`` (logits where it fuses), people see ``shown``. Both are value names."""

    node: Node
    field: str
    prediction: str
    shown: str
    loss: Loss
    weight: float
    shape: Shape


def walk(graph: Graph, target: Target, analysis: Analysis | None = None) -> tuple[Ending, ...]:
    """Let ``target`` write every node that reaches an Output. PlanError carries the problems where there are any."""
    analysis = analysis if analysis is not None and analysis.graph is graph else infer(graph)
    if analysis.errors or not graph.nodes:
        raise PlanError(analysis.errors)
    given: dict[str, str] = {}
    logits: dict[str, str] = {}
    endings: list[Ending] = []
    for node_id in alive_nodes(graph):
        node, layer = graph.nodes[node_id], layer_of(graph.nodes[node_id])
        incoming = graph.incoming.get(node_id, ())
        sources = [incoming[k].source for k in port_order(layer, incoming)]
        inputs = [given[s] for s in sources]
        shape = _shape(analysis, node_id)
        if node.type == "output":
            endings.append(_ending(target, node, layer, inputs[0], logits, shape))
            given[node_id] = inputs[0]
        elif node.muted and inputs:
            given[node_id] = inputs[0]
        elif not sources:
            given[node_id] = target.input(node, layer, shape)
        else:
            given[node_id] = _write(target, node, layer, inputs, shape, logits)
    return tuple(endings)


def _shape(analysis: Analysis, node: str) -> Shape:
    known = analysis.output(node)
    if known is None:
        raise PlanError(analysis.problems)
    return known.shape


def _write(target: Target, node: Node, layer: Layer, inputs: list[str], shape: Shape, logits: dict[str, str]) -> str:
    """Write a layer; where its last stage is a softmax or sigmoid, remember the value before it by the value's name."""
    if isinstance(layer, Activation):
        value = target.emit(node, layer, "", inputs, shape)
        logits[f"{layer.id} {value}"] = inputs[0]
        return value
    if isinstance(layer, KernelLayer):
        last = list(layer.stages())[-1:]
        if last and last[0][0] == "act" and last[0][1].id in ("softmax", "sigmoid"):
            bare = type(layer)(**{**layer.changed(), "activation": Spec("linear")})
            before = target.emit(node, bare, "", inputs, shape)
            value = target.emit(node, last[0][1], "act", [before], shape)
            logits[f"{last[0][1].id} {value}"] = before
            return value
    return target.emit(node, layer, "", inputs, shape)


def _ending(target: Target, node: Node, layer: Layer, value: str, logits: dict[str, str], shape: Shape) -> Ending:
    loss = loss_of(node)
    if not isinstance(loss, Loss):
        raise TypeError(loss)
    prediction = shown = value
    if loss.fuses:
        before = logits.get(f"{loss.fuses} {value}")
        if before is not None:
            prediction = before
        else:
            shown = target.emit(node, LAYERS[loss.fuses](), "shown", [value], shape)
    return Ending(
        node, str(getattr(layer, "field", "y")), prediction, shown, loss, float(getattr(layer, "weight", 1.0)), shape
    )

"""Building a plan: every node's layer emits its primitives; heads get their loss, fused where it should be."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis import Analysis, infer, make_layer, port_order
from engine.analysis.rules import loss_of
from engine.graph import Graph, Node
from engine.layers import LAYERS, Builder, Layer, Program, Ref, declare_shared, dry
from engine.losses import Loss
from engine.plan.plan import Head, InputSlot, Plan, PlanError


def build_plan(graph: Graph, analysis: Analysis | None = None) -> Plan:
    """The plan of all nodes that reach an Output. PlanError carries the problems where there are any.

    Random streams and weights are numbered in topological order, so the same drawing gives the same numbers.
    """
    analysis = analysis if analysis is not None and analysis.graph is graph else infer(graph)
    if analysis.errors or not graph.nodes:
        raise PlanError(analysis.errors)
    program = Program()
    given: dict[str, Ref] = {}
    inputs: list[InputSlot] = []
    heads: list[Head] = []
    shared = {n.shares for n in graph.nodes.values() if n.shares}
    for node_id in alive_nodes(graph):
        node = graph.nodes[node_id]
        layer = layer_of(node)
        if not node.muted and graph.owner(node_id) in shared:
            _declare(program, analysis, graph.owner(node_id))
        incoming = graph.incoming.get(node_id, ())
        refs = [given[incoming[k].source] for k in port_order(layer, incoming)]
        builder = _builder(program, node, layer, graph.owner(node_id))
        given[node_id] = refs[0] if node.muted and refs else layer.build(builder, *refs)
        if node.type == "input":
            inputs.append(InputSlot(node_id, given[node_id].name, given[node_id].id))
        if node.type == "output":
            heads.append(_head(program, node, layer, given[node_id], heads))
    return Plan(
        tuple(program.values),
        tuple(program.steps),
        tuple(program.weights),
        tuple(program.states),
        tuple(inputs),
        tuple(heads),
        dict(program.marks),
        {n: r.id for n, r in given.items()},
    )


def _builder(program: Program, node: Node, layer: Layer, owner: str) -> Builder:
    factor = float(getattr(layer, "rate_factor", 1.0))
    return Builder(program, node.id, trainable=not node.frozen, rate_factor=factor, owner=owner)


def _declare(program: Program, analysis: Analysis, owner: str) -> None:
    """The owner's weights, by its own settings, before the first node that uses them; no matter which that is."""
    if any(key[0] == owner for key in program.shared):
        return
    node, layer = analysis.graph.nodes[owner], layer_of(analysis.graph.nodes[owner])
    incoming = analysis.graph.incoming.get(owner, ())
    types = [analysis.nodes[owner].inputs[k] for k in port_order(layer, incoming)]
    known = [t for t in types if t is not None]
    alone, refs = dry([t.shape for t in known], [t.dtype for t in known])
    layer.build(_builder(alone, node, layer, owner), *refs)
    declare_shared(program, owner, alone)


def alive_nodes(graph: Graph) -> list[str]:
    """Ids of the nodes that reach an Output, sources first; the others train nothing and are written nowhere."""
    alive: set[str] = set()
    stack = [n.id for n in graph.nodes.values() if n.type == "output"]
    while stack:
        at = stack.pop()
        if at not in alive:
            alive.add(at)
            stack.extend(e.source for e in graph.incoming.get(at, ()))
    return [n for n in graph.order if n in alive]


def layer_of(node: Node) -> Layer:
    """The node's layer with its parameters; PlanError where they are not valid."""
    layer = make_layer(node)
    if not isinstance(layer, Layer):
        raise PlanError((layer,))
    return layer


def _head(program: Program, node: Node, layer: Layer, given: Ref, others: Sequence[Head]) -> Head:
    """A softmax or sigmoid that made the prediction is passed over where the loss works from logits."""
    loss = loss_of(node)
    if not isinstance(loss, Loss):
        raise TypeError(loss)
    weight = float(getattr(layer, "weight", 1.0))
    source = str(getattr(layer, "field", "y"))
    prediction = shown = given.id
    if loss.fuses:
        made = {s.output: s for s in program.steps}.get(given.id)
        if made is not None and made.primitive.id == loss.fuses:
            prediction = made.inputs[0]
        else:
            display = Builder(program, node.id)
            shown = LAYERS[loss.fuses]().build(display, given).id
            for role in ("z", "a"):  # the display's own activation is nobody's pre-activation
                program.marks.pop((node.id, role), None)
    form = _form(program, loss, prediction)
    rivals = [h for h in others if h.source == source]
    same = next((h.field for h in rivals if _form(program, h.loss, h.prediction) == form), None)
    field = same or (f"{source}@{node.id}" if rivals else source)
    return Head(node.id, field, prediction, shown, loss, weight, source)


def _form(program: Program, loss: Loss, prediction: int) -> tuple[str, tuple[int, ...]]:
    """What decides how a target is encoded: class indices fit any number of units, values have the output's shape."""
    return loss.target, () if loss.target == "classes" else program.values[prediction].shape

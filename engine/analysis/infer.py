"""infer(): shapes, parameters, multiply-adds and problems of a whole graph, reusing what an edit left alone."""

from __future__ import annotations

from dataclasses import replace

from engine.analysis.catalog import check_choices
from engine.analysis.rules import graph_problems
from engine.analysis.types import Analysis, NodeAnalysis, Problem, TensorType
from engine.analysis.wiring import wiring_problems
from engine.declare import ParamError, UnknownTypeError
from engine.graph import Edge, Graph, Node
from engine.layers import LAYERS, Builder, Fix, Layer, ShapeRefusal, dry
from engine.primitives import Shape, size

FLOAT_BYTES = 4


def infer(graph: Graph, previous: Analysis | None = None) -> Analysis:
    """Walk the graph in topological order. A user's mistake becomes a Problem, never an exception.

    ``previous``: an earlier analysis; nodes that are the same object with the same input types are taken from it.
    """
    before = previous.nodes if previous else {}
    done: dict[str, NodeAnalysis] = {}
    alike: dict[object, NodeAnalysis] = {}
    problems: list[Problem] = []
    for node_id in graph.order:
        node = graph.nodes[node_id]
        incoming = graph.incoming.get(node_id, ())
        types = tuple(done[e.source].output for e in incoming)
        old = before.get(node_id)
        if old is not None and old.node is node and old.inputs == types and _same_ports(previous, graph, node_id):
            done[node_id] = old
        else:
            done[node_id] = _like_another(node, incoming, types, alike)
        problems.extend(done[node_id].own_problems)
    problems.extend(graph_problems(graph, done))
    place = {n: k for k, n in enumerate(graph.order)}
    problems.sort(key=lambda p: (p.severity != "error", place.get(p.node, -1)))
    return Analysis(graph, done, tuple(problems))


def _like_another(
    node: Node, incoming: tuple[Edge, ...], types: tuple[TensorType | None, ...], alike: dict[object, NodeAnalysis]
) -> NodeAnalysis:
    """Repeated layers on equal inputs have equal figures, worked out once. A problem is told in each one's own name."""
    settings = (node.type, repr(dict(node.params)), node.version, node.frozen, node.muted, node.shares)
    key = (settings, tuple(e.port for e in incoming), types)
    known = alike.get(key)
    if known is not None:
        return replace(known, node=node, inputs=types)
    found = _analyse(node, incoming, types)
    if not found.own_problems:
        alike[key] = found
    return found


def _same_ports(previous: Analysis | None, graph: Graph, node_id: str) -> bool:
    if previous is None:
        return False
    old, new = previous.graph.incoming.get(node_id, ()), graph.incoming.get(node_id, ())
    return old is new or [e.port for e in old] == [e.port for e in new]


def make_layer(node: Node) -> Layer | Problem:
    """The node's layer object, or the problem with its type or a parameter."""
    try:
        return LAYERS[node.type](**dict(node.params))
    except UnknownTypeError as e:
        return Problem(
            node.id,
            "{name}: there is no layer type {type!r} in this version; the node is kept as it is",
            {"name": node.name, "type": node.type},
            expected="one of " + ", ".join(e.known),
            got=node.type,
        )
    except ParamError as e:
        known = e.param in LAYERS[node.type].params
        fix = (
            Fix("Reset to default", "reset_param", {"name": e.param})
            if known
            else Fix("Remove it", "reset_param", {"name": e.param})
        )
        return Problem(
            node.id,
            "{name}: {param} must be {expected}, got {got}",
            {"name": node.name, "param": e.param, "expected": e.expected, "got": repr(e.got)},
            expected=e.expected,
            got=repr(e.got),
            fixes=(fix,),
        )


def _analyse(node: Node, incoming: tuple[Edge, ...], types: tuple[TensorType | None, ...]) -> NodeAnalysis:
    layer = make_layer(node)
    if isinstance(layer, Problem):
        return NodeAnalysis(node, types, None, own_problems=(layer,))
    wiring = wiring_problems(node, layer, incoming, types)
    if wiring:
        return NodeAnalysis(node, types, None, own_problems=wiring)
    known = [t for t in types if t is not None]
    if len(known) < len(types):
        return NodeAnalysis(node, types, None)
    ordered = [known[k] for k in port_order(layer, incoming)]
    if node.muted and known:
        return NodeAnalysis(node, types, known[0], weights=_weights(node, layer, types, ordered))
    try:
        return _figures(node, layer, types, ordered)
    except ShapeRefusal as e:
        problem = Problem(
            node.id, "{name}: " + e.template, {**e.values, "name": node.name}, e.expected, e.got, e.fixes, port=e.port
        )
    except (ParamError, UnknownTypeError) as e:
        text = str(e).replace("{", "{{").replace("}", "}}")
        problem = Problem(node.id, "{name}: " + text, {"name": node.name})
    return NodeAnalysis(node, types, None, own_problems=(problem,))


def _weights(
    node: Node, layer: Layer, types: tuple[TensorType | None, ...], ordered: list[TensorType]
) -> tuple[tuple[str, Shape], ...]:
    """Those that a muted node keeps, which others may share."""
    try:
        return _figures(node, layer, types, ordered).weights
    except (ShapeRefusal, ParamError, UnknownTypeError):
        return ()


def port_order(layer: Layer, incoming: tuple[Edge, ...]) -> list[int]:
    """Indices of the wires in the order of the layer's ports (wire order within a port that takes many)."""
    rank = {p.name: k for k, p in enumerate(layer.inputs)}
    return sorted(range(len(incoming)), key=lambda k: (rank[incoming[k].port], k))


def _figures(node: Node, layer: Layer, types: tuple[TensorType | None, ...], ordered: list[TensorType]) -> NodeAnalysis:
    shapes = [t.shape for t in ordered]
    check_choices(layer)
    layer.shape(*shapes)
    program, refs = dry(shapes, [t.dtype for t in ordered])
    out = layer.build(Builder(program, node.id), *refs)
    macs = kept = 0
    for step in program.steps:
        inputs = [program.values[i].shape for i in step.inputs]
        macs += step.primitive.macs(*inputs)
        kept += size(program.values[step.output].shape) * FLOAT_BYTES + step.primitive.saved_bytes(FLOAT_BYTES, *inputs)
    parameters = 0 if node.shares else sum(size(w.shape) for w in program.weights)
    trainable = 0 if node.frozen else parameters
    weights = tuple((w.name, w.shape) for w in program.weights) + tuple((s.name, s.shape) for s in program.states)
    output = TensorType(out.shape, out.dtype)
    return NodeAnalysis(node, types, output, parameters, trainable, macs, kept, weights=weights)

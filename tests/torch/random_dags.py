"""Random networks of any layer type: branches, merges, several inputs and outputs, frozen, muted and sharing layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.declare import ParamError, Spec
from engine.graph import Edge, Graph, Node, Project, TrainingSetup
from engine.layers import LAYERS, Layer, ShapeRefusal
from engine.layers.base import Trained
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.primitives import Shape, size
from tests.engine.layers.random_configs import LEFT_OUT, SPECIAL, _value

LARGEST = 300
#: numbers per step of an optimizer divided by a root of nearly nothing would only magnify rounding
STEADY = {"epsilon": 1e-3}
#: decided by a sign alone, which rounding decides where a gradient is zero in exact arithmetic
LEFT_OUT_OPTIMIZERS = {"lion"}
CLASSES = [c for c in LAYERS.classes() if c.id not in ("input", "output")]
#: these learn, these want more than one input or ids: both are drawn more often than they would come by chance
TRAINED = [c for c in CLASSES if issubclass(c, Trained)]
RARE = [c for c in CLASSES if len(c.inputs) > 1 or c.inputs[0].many or c.inputs[0].dtype == "int"]


class Sketch:
    """A graph in the making: nodes with the shapes and kinds of what they give."""

    def __init__(self, rng: np.random.Generator, types: frozenset[str]) -> None:
        self.rng, self.graph = rng, Graph()
        self.plain = bool(types)
        self.classes = [[c for c in group if not types or c.id in types] for group in (RARE, TRAINED, CLASSES)]
        self.shapes: dict[str, Shape] = {}
        self.kinds: dict[str, str] = {}

    def pick(self, kind: str = "float", like: Shape | None = None) -> str | None:
        """A node that gives this; late ones more often, so that networks grow deep as well as wide."""
        fits = [n for n, s in self.shapes.items() if self.kinds[n] == kind and (like is None or s == like)]
        if not fits:
            return None
        return fits[-1 - min(int(self.rng.exponential(2.5)), len(fits) - 1)]

    def add(self, layer: Layer, sources: list[str], shape: Shape, **flags: Any) -> str:
        node = f"n{len(self.graph.nodes)}"
        self.graph = self.graph.add_node(Node(node, layer.id, f"{layer.id} {node}", layer.changed(), **flags))
        for k, source in enumerate(sources):
            port = layer.inputs[min(k, len(layer.inputs) - 1)].name
            self.graph = self.graph.add_edge(Edge(source, node, port))
        self.shapes[node], self.kinds[node] = shape, "float"
        return node

    def input(self, shape: Shape, kind: str = "float") -> None:
        layer = LAYERS["input"](size=shape, field=f"x{len(self.graph.nodes)}", dtype=kind)
        self.kinds[self.add(layer, [], shape)] = kind


def draw_project(rng: np.random.Generator, types: frozenset[str] = frozenset()) -> Project:
    """A network of 2 to 30 nodes with its training set-up.

    ``types``: of these layer types alone, with nothing around the optimizer, no sharing and no ids.
    """
    sketch, goal = Sketch(rng, types), int(rng.integers(2, 31))
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        sketch.input(_input_shape(rng))
    if rng.random() < 0.2 and not types:
        sketch.input((int(rng.integers(1, 6)),), "int")
    while len(sketch.graph.nodes) < goal - 1:
        _grow(sketch)
    _heads(sketch)
    return Project(sketch.graph, _plain_setup(rng) if types else _setup(rng))


def _input_shape(rng: np.random.Generator) -> Shape:
    rank = int(rng.choice([1, 2, 3, 3]))
    return tuple(int(k) for k in rng.integers((1, 2, 2)[:rank], (7, 8, 8)[:rank]))


def _grow(sketch: Sketch) -> None:
    rng = sketch.rng
    if not sketch.plain and rng.random() < 0.12 and _share(sketch):
        return
    for _ in range(200):
        classes = sketch.classes[int(rng.choice(3, p=[0.25, 0.35, 0.4]))]
        chosen = classes[int(rng.integers(len(classes)))]
        sources = _sources(sketch, chosen)
        if sources is None:
            continue
        layer = _layer(chosen, [sketch.shapes[s] for s in sources], rng, sketch.plain)
        if layer is None:
            continue
        shape = layer.shape(*(sketch.shapes[s] for s in sources))
        if size(shape) == 0 or size(shape) > LARGEST:
            continue
        muted = len(sources) == 1 and sketch.kinds[sources[0]] == "float" and rng.random() < 0.03
        given = sketch.shapes[sources[0]] if muted else shape
        sketch.add(layer, sources, given, frozen=bool(rng.random() < 0.06), muted=bool(muted))
        return


def _sources(sketch: Sketch, cls: type[Layer]) -> list[str] | None:
    """Nodes for its ports; where shapes must agree, ones that do."""
    first = sketch.pick(cls.inputs[0].dtype)
    if first is None:
        return None
    found = [first]
    count = int(sketch.rng.integers(2, 4)) if cls.inputs[0].many else len(cls.inputs)
    for k in range(1, count):
        port = cls.inputs[min(k, len(cls.inputs) - 1)]
        if cls.id.endswith("attention"):
            like = (sketch.shapes[found[1]][:1]) if k == 3 else None
            other = found[1] if k == 2 and sketch.rng.random() < 0.5 else sketch.pick(port.dtype, like)
        elif cls.id == "concat":
            other = _beside(sketch, sketch.shapes[first])
        else:
            other = sketch.pick(port.dtype, sketch.shapes[first])
        if other is None or (other in found and not cls.id.endswith("attention")):  # x - x would say nothing
            return None
        found.append(other)
    return found


def _beside(sketch: Sketch, first: Shape) -> str | None:
    """A node whose shape differs in one axis at most."""
    fits = [
        n for n, s in sketch.shapes.items()
        if sketch.kinds[n] == "float" and len(s) == len(first) and sum(a != b for a, b in zip(s, first)) < 2
    ]  # fmt: skip
    return str(sketch.rng.choice(fits)) if fits else None


def _layer(cls: type[Layer], shapes: list[Shape], rng: np.random.Generator, plain: bool) -> Layer | None:
    """With parameters that suit these inputs, or None after a few attempts."""
    for _ in range(8):
        params = {p.name: _value(p, rng) for p in cls.params.values() if p.name not in LEFT_OUT and rng.random() < 0.6}
        try:
            if cls.id == "concat":
                params["axis"] = next((a for a in range(len(shapes[0])) if len({s[a] for s in shapes}) > 1), 0)
            elif cls.id in SPECIAL:
                params.update(SPECIAL[cls.id](list(shapes), rng))
            if "l2" in cls.params and rng.random() < 0.15:
                params["l2"] = 0.01
            if "rate_factor" in cls.params and rng.random() < 0.1 and not plain:
                params["rate_factor"] = 0.5
            layer = cls(**params)
            layer.shape(*shapes)
        except (ShapeRefusal, ParamError, ValueError, IndexError):
            continue
        return layer
    return None


def _share(sketch: Sketch) -> bool:
    """One more call of a layer that has weights, on an input of the shape that it takes."""
    from engine.analysis import infer

    known = infer(sketch.graph).nodes
    plain = [a for a in known.values() if a.weights and len(a.inputs) == 1]
    owners = [a.node.id for a in plain if a.node.shares is None and not a.node.muted]
    if not owners:
        return False
    owner = str(sketch.rng.choice(owners))
    taken = known[owner].inputs[0]
    source = sketch.pick(taken.dtype, taken.shape) if taken is not None else None
    if source is None:
        return False
    node = sketch.graph.nodes[owner]
    layer = LAYERS[node.type](**dict(node.params))
    sketch.add(layer, [source], sketch.shapes[owner], shares=owner)
    return True


def _heads(sketch: Sketch) -> None:
    """One to four Outputs, at ends of the network where there are any."""
    rng = sketch.rng
    ends = [n for n in sketch.shapes if n not in sketch.graph.outgoing and sketch.kinds[n] == "float"]
    ends = [n for n in ends if sketch.graph.nodes[n].type != "input"] or ends
    if not ends:
        ends = [n for n in sketch.shapes if sketch.kinds[n] == "float"]
    wanted = list(rng.permutation(ends))[: int(rng.choice([1, 1, 2, 3, 4]))]
    for k, end in enumerate(str(w) for w in wanted):
        losses = [c for c in LOSSES.classes() if not c().check(sketch.shapes[end])]
        loss = losses[int(rng.integers(len(losses)))]
        weight = 1.0 if rng.random() < 0.6 else float(rng.uniform(0.2, 2))
        sketch.add(LAYERS["output"](loss=Spec(loss.id), weight=weight, field=f"y{k}"), [end], sketch.shapes[end])


def _plain_setup(rng: np.random.Generator) -> TrainingSetup:
    name = str(rng.choice(["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad"]))
    steady = {k: v for k, v in STEADY.items() if k in OPTIMIZERS[name].params}
    spec = Spec(name, {"rate": float(10 ** rng.uniform(-3, -1.5)), **steady})
    return TrainingSetup(optimizer=spec, l1_step="subgradient")


def _setup(rng: np.random.Generator) -> TrainingSetup:
    names = [n for n in OPTIMIZERS if n not in LEFT_OUT_OPTIMIZERS]
    cls = OPTIMIZERS[names[int(rng.integers(len(names)))]]
    params: dict[str, Any] = {"rate": float(10 ** rng.uniform(-3, -1.5))}
    params |= {k: v for k, v in STEADY.items() if k in cls.params}
    if "weight_decay" in cls.params and rng.random() < 0.3:
        params["weight_decay"] = 0.05
    rules: dict[str, Any] = {"l1_step": "subgradient"}
    if rng.random() < 0.2:
        rules["clip_norm"] = float(rng.uniform(0.05, 2))
    if rng.random() < 0.1:
        rules["clip_value"] = float(rng.uniform(0.01, 0.5))
    if rng.random() < 0.2:
        rules["decay_biases"] = False
    return replace(TrainingSetup(), optimizer=Spec(cls.id, params), **rules)

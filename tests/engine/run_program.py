"""One layer alone: its program run forward and backward, every gradient wanted. The judge's half of many tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.declare import Spec
from engine.layers import LAYERS, Builder, Layer, Program, Ref, dry
from engine.primitives import Context, Shape

Floats = NDArray[np.floating]


@dataclass
class Net:
    """A program with its arrays. ``stored``: weights and states by name, "" prefix of a single node left out."""

    program: Program
    inputs: list[Ref]
    output: Ref
    stored: dict[int, Floats] = field(default_factory=dict)
    values: dict[int, Any] = field(default_factory=dict)
    saved: list[Any] = field(default_factory=list)

    @property
    def names(self) -> dict[str, int]:
        """Weight and state names to value ids; with the node where there are several."""
        infos = [*self.program.weights, *self.program.states]
        many = len({i.node for i in infos}) > 1
        return {f"{i.node}/{i.name}" if many else i.name: i.value for i in infos}

    def forward(self, ctx: Context, *x: Any) -> Any:
        """The output."""
        self.values = {**self.stored, **{r.id: v for r, v in zip(self.inputs, x, strict=True)}}
        self.saved = []
        for step in self.program.steps:
            y, kept = step.primitive.forward(ctx, *(self.values[i] for i in step.inputs))
            self.values[step.output] = y
            self.saved.append(kept)
        return self.values[self.output.id]

    def backward(self, ctx: Context, grad: Any) -> dict[int, Any]:
        """Gradients by value id. Arrays that a primitive did not say it keeps are taken away from its backward."""
        grads: dict[int, Any] = {self.output.id: grad}
        states = {s.value for s in self.program.states}
        for step, kept in zip(reversed(self.program.steps), reversed(self.saved), strict=True):
            if step.output not in grads:
                continue
            p = step.primitive
            inputs = [self.values[i] if p.keeps_inputs else None for i in step.inputs]
            output = self.values[step.output] if p.keeps_output else None
            needs = [i not in states and self.program.values[i].dtype == "float" for i in step.inputs]
            for i, part, need in zip(
                step.inputs, p.backward(ctx, grads[step.output], kept, inputs, output, needs), needs
            ):
                if part is not None and need:
                    grads[i] = grads[i] + part if i in grads else part
        return grads

    def cast(self, dtype: str) -> None:
        """Weights and states in another precision."""
        self.stored = {k: v.astype(dtype) for k, v in self.stored.items()}


def context(*, training: bool = True, update_state: bool = False, seed: int = 3, step: int = 5) -> Context:
    """A context over NumPy."""
    return Context(np, training, update_state, seed, step)


def kinds(layer: Layer, count: int) -> list[str]:
    """ "float" or "int" for each input."""
    ports = layer.inputs
    return [ports[min(k, len(ports) - 1)].dtype for k in range(count)] if ports else []


def layer_net(layer: Layer, shapes: Sequence[Shape], rng: np.random.Generator) -> Net:
    """A layer built on inputs of these shapes, with random weights and states in float64."""
    program, refs = dry(shapes, kinds(layer, len(shapes)))  # type: ignore[arg-type]
    out = layer.build(Builder(program, "n"), *refs)
    net = Net(program, refs, out)
    fill(net, rng)
    return net


def chain_net(layers: Sequence[tuple[str, Mapping[str, Any]]], shape: Shape, rng: np.random.Generator) -> Net:
    """Layers one behind the other, each a node of its own ("n0", "n1", ...)."""
    program, refs = dry([shape])
    out = refs[0]
    for k, (kind, params) in enumerate(layers):
        out = LAYERS[kind](**dict(params)).build(Builder(program, f"n{k}"), out)
    net = Net(program, refs, out)
    fill(net, rng)
    return net


def fill(net: Net, rng: np.random.Generator) -> None:
    """Random weights about their usual size; variances stay positive."""
    for w in net.program.weights:
        net.stored[w.value] = rng.normal(0.5 if w.init.type == "constant" else 0.0, 0.7, w.shape)
    for s in net.program.states:
        net.stored[s.value] = rng.uniform(0.5, 2.0, s.shape)


def random_inputs(net: Net, rng: np.random.Generator, batch: int) -> list[NDArray[Any]]:
    """Normal numbers; ids 0, 1, 2 where ids are wanted."""
    return [
        rng.integers(0, 3, (batch, *r.shape)) if r.dtype == "int" else rng.normal(0, 1, (batch, *r.shape))
        for r in net.inputs
    ]


def magnifies_rounding(net: Net) -> bool:
    """Whether some normalisation met numbers that hardly vary: it divides their rounding by next to nothing."""
    for step in net.program.steps:
        x = net.values[step.inputs[0]]
        if step.primitive.id == "batch_norm":
            spread = x.reshape(*x.shape[:2], -1).std((0, 2))
        elif step.primitive.id == "group_norm":
            spread = x.reshape(len(x) * step.primitive.groups, -1).std(1)  # type: ignore[attr-defined]
        elif step.primitive.id == "layer_norm":
            spread = x.reshape(-1, net.values[step.inputs[1]].size).std(1)
        else:
            continue
        if spread.min() < 0.1:
            return True
    return False


def as_json(value: Any) -> Any:
    """A parameter's value as JSON holds it."""
    if isinstance(value, Spec):
        return {"type": value.type, "params": {k: as_json(v) for k, v in value.params.items()}}
    return list(value) if isinstance(value, tuple) else value


def from_json(value: Any) -> Any:
    """The inverse; lists are left to Param.check, which makes tuples of them."""
    if isinstance(value, dict):
        return Spec(value["type"], {k: from_json(v) for k, v in value["params"].items()})
    return value

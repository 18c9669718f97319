"""Random configurations of any layer, drawn from its declared parameters and taken by its shape rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.declare import Param, Spec
from engine.layers import LAYERS, Layer, ShapeRefusal
from engine.layers.activations import ACTIVATIONS
from engine.primitives import Shape, size

#: never drawn: what does not change a training step, and what only files use
LEFT_OUT = {"l1", "l2", "penalize_bias", "rate_factor", "weight_init", "bias_init", "field"}
TRIES = 2000


def draw(cls: type[Layer], rng: np.random.Generator) -> tuple[Layer, list[Shape]]:
    """A layer and input shapes that it takes."""
    for _ in range(TRIES):
        shapes = _shapes(cls, rng)
        params = {p.name: _value(p, rng) for p in cls.params.values() if p.name not in LEFT_OUT and rng.random() < 0.8}
        params.update(SPECIAL[cls.id](shapes, rng) if cls.id in SPECIAL else {})
        layer = cls(**params)
        try:
            if size(layer.shape(*shapes)) > 0:
                return layer, shapes
        except ShapeRefusal:
            continue
    raise AssertionError(f"{cls.id}: {TRIES} draws and none that its shape rule takes")


def _shapes(cls: type[Layer], rng: np.random.Generator) -> list[Shape]:
    rank = int(rng.choice([1, 2, 3, 3]))
    first = tuple(int(k) for k in rng.integers(1, 10, rank))
    count = int(rng.integers(2, 5)) if any(p.many for p in cls.inputs) else len(cls.inputs)
    return [first] * count


def _value(p: Param, rng: np.random.Generator) -> Any:
    if p.optional and rng.random() < 0.5:
        return None
    return _DRAWN[p.kind](p, rng)


def _int(p: Param, rng: np.random.Generator) -> int:
    low = int(p.low if p.low is not None else -3)
    if rng.random() < 0.3:  # stride, dilation and groups of 1 are what people use most
        return low
    return int(rng.integers(low, min(low + 5, int(p.high if p.high is not None else low + 5)) + 1))


def _float(p: Param, rng: np.random.Generator) -> float:
    low = p.low if p.low is not None else -2.0
    high = min(p.high if p.high is not None else low + 3.0, low + 3.0)
    return float(rng.uniform(low + (0.05 * (high - low) if p.low_open else 0.0), high))


def _activation(p: Param, rng: np.random.Generator) -> Spec:
    cls = LAYERS[str(rng.choice([a for a in ACTIVATIONS if a != "step"]))]
    return Spec(cls.id, {q.name: _value(q, rng) for q in cls.params.values()})


def _many(one: Callable[[Param, np.random.Generator], Any]) -> Callable[[Param, np.random.Generator], Any]:
    def values(p: Param, rng: np.random.Generator) -> Any:
        low, high = p.length
        return tuple(one(p, rng) for _ in range(int(rng.integers(low, min(high, 8) + 1))))

    return values


_DRAWN: dict[str, Callable[[Param, np.random.Generator], Any]] = {
    "int": _int,
    "float": _float,
    "bool": lambda p, rng: bool(rng.random() < 0.5),
    "choice": lambda p, rng: str(rng.choice(p.choices)),
    "ints": _many(_int),
    "floats": _many(_float),
    "ref": _activation,
}


def _reshape(shapes: list[Shape], rng: np.random.Generator) -> dict[str, Any]:
    axes = [int(k) for k in rng.permutation(shapes[0])]
    if len(axes) > 1 and rng.random() < 0.5:
        axes = [axes[0] * axes[1], *axes[2:]]
    if rng.random() < 0.5:
        axes[int(rng.integers(len(axes)))] = -1
    return {"target": tuple(axes)}


def _concat(shapes: list[Shape], rng: np.random.Generator) -> dict[str, Any]:
    axis = int(rng.integers(len(shapes[0])))
    for k, shape in enumerate(shapes):
        shapes[k] = (*shape[:axis], int(rng.integers(1, 5)), *shape[axis + 1 :])
    return {"axis": axis}


def _standardize(shapes: list[Shape], rng: np.random.Generator) -> dict[str, Any]:
    count = int(rng.choice([1, shapes[0][0]]))
    return {"mean": tuple(rng.normal(size=count).tolist()), "std": tuple(rng.uniform(0.2, 3, count).tolist())}


def _slice(shapes: list[Shape], rng: np.random.Generator) -> dict[str, Any]:
    axis = int(rng.integers(len(shapes[0])))
    length = shapes[0][axis]
    start = int(rng.integers(-length, length))
    end = None if rng.random() < 0.3 else int(rng.integers(-length, length + 3))
    return {"axis": axis, "start": start, "end": end}


def _attention(shapes: list[Shape], rng: np.random.Generator) -> dict[str, Any]:
    """Keys and values of other widths, as many of each, and a mask for them where there is a port for one."""
    places, width = int(rng.integers(1, 6)), shapes[0][-1]
    shapes[1:] = [(places, int(rng.integers(1, 6))), (places, int(rng.integers(1, 6))), (places,)][: len(shapes) - 1]
    return {"heads": int(rng.choice([k for k in range(1, width + 1) if width % k == 0]))}


#: layers whose parameters depend on the shape
SPECIAL: dict[str, Callable[[list[Shape], np.random.Generator], dict[str, Any]]] = {
    "reshape": _reshape,
    "concat": _concat,
    "standardize": _standardize,
    "permute": lambda shapes, rng: {"order": tuple(int(k) for k in rng.permutation(len(shapes[0])))},
    "slice": _slice,
    "cross_attention": _attention,
    "masked_attention": _attention,
    "embedding": lambda shapes, rng: {"vocabulary": int(rng.integers(3, 9))},
}

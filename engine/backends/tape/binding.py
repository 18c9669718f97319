"""The data as kernels take it: rows of float32 or whole numbers, checked once: kernels trust what they index by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape.layout import Image, ordered
from engine.backends.tape.machine import Fields, fields_of
from engine.plan import Plan


def bound(
    plan: Plan,
    orders: Mapping[int, Image | None],
    x: Mapping[str, NDArray[Any]],
    y: Mapping[str, NDArray[Any]] | None,
) -> Fields:
    """The plan's inputs and, where given, its heads' targets, each in the order of names; images as (H, W, C)."""
    x_names, y_names = sorted({s.field for s in plan.inputs}), sorted({h.field for h in plan.heads})
    order = {s.field: orders[s.value] for s in plan.inputs}
    given = zip(x_names, fields_of(x, x_names), strict=True)
    xs = [ordered(_numbers(plan, n, a), order[n], whole=False) for n, a in given]
    if y is None:
        return Fields(tuple(xs))
    whole = {h.field: h.loss.target == "classes" for h in plan.heads}
    ys = [ordered(a, None, whole=whole[n]) for n, a in zip(y_names, fields_of(y, y_names), strict=True)]
    fields = Fields((*xs, *ys))
    _check_targets(plan, y_names, ys)
    return fields


def _numbers(plan: Plan, name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The field; IndexError where a table has no row of such a number."""
    values = {s.value for s in plan.inputs if s.field == name}
    for step in plan.steps:
        if step.primitive.id == "embedding" and step.inputs[0] in values and array.size:
            rows, low, high = plan.values[step.inputs[1]].shape[0], int(array.min()), int(array.max())
            if low < 0 or high >= rows:
                worst = low if low < 0 else high
                raise IndexError(f"embedding: expected ids from 0 to {rows - 1}, got {worst}; enlarge the vocabulary")
    return array


def _check_targets(plan: Plan, names: Sequence[str], ys: Sequence[NDArray[Any]]) -> None:
    """Sizes and class numbers."""
    for head in plan.heads:
        y, shape = ys[names.index(head.field)], plan.values[head.prediction].shape
        wanted = int(np.prod(shape[1:] if head.loss.target == "classes" else shape))
        if y.shape[1] != wanted:
            raise ValueError(f"output {head.node!r}: expected {wanted} target(s) per sample, got {y.shape[1]}")
        if head.loss.target == "classes" and y.size and not 0 <= y.min() <= y.max() < shape[0]:
            raise ValueError(f"output {head.node!r}: expected classes 0 to {shape[0] - 1}, got {y.min()} to {y.max()}")

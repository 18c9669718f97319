"""Targets as a loss takes them, from targets as the data has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, Split
from engine.plan import Head, Plan
from engine.primitives import Shape, size


class TargetError(ValueError):
    """Data and head do not fit; names the Output node, what it expects and what the data has."""

    def __init__(self, node: str, expected: str, got: str) -> None:
        super().__init__(f"output {node!r} expects {expected}, but the data has {got}")
        self.node, self.expected, self.got = node, expected, got


def encode_split(plan: Plan, dataset: Dataset, split: Split) -> dict[str, NDArray[Any]]:
    """Targets of every head's field, encoded for its loss."""
    fields: dict[str, NDArray[Any]] = {}
    for head in plan.heads:
        raw = split.y.get(head.source, split.x.get(head.source))
        if raw is None:
            known = ", ".join(sorted({*split.y, *split.x}))
            raise TargetError(head.node, f"a field {head.source!r}", f"only {known}")
        shape = plan.values[head.prediction].shape
        fields[head.field] = encode(head, raw, shape, len(dataset.class_names))
        reason = head.loss.check_target(shape, fields[head.field])
        if reason:
            raise TargetError(head.node, f"targets for {head.loss.title}", f"others: {reason}")
    return fields


def encode(head: Head, raw: NDArray[Any], shape: Shape, classes: int) -> NDArray[Any]:
    """Class indices (N,) or values (N, ...) -> what ``head.loss`` takes for a prediction of ``shape`` per sample.

    "classes": the indices. "binary": 0/1, one-hot for several outputs. "values": values as they are; class indices
    become -1/+1 for a single output (TensorFlow Playground's labels) and one-hot for one output per class.
    """
    indices = raw.dtype.kind in "iu" and raw.ndim == 1
    if head.loss.target == "classes":
        if not indices:
            raise TargetError(head.node, "class labels", "values; choose a loss for values (mean squared error)")
        if classes > shape[0]:
            raise TargetError(
                head.node, f"at most {shape[0]} classes (its units)", f"{classes}; set the units to {classes}"
            )
        return raw.astype(np.int64, copy=False)
    if not indices:
        if len(raw) and size(raw.shape[1:]) != size(shape):
            raise TargetError(head.node, f"{size(shape)} values per sample", f"{size(raw.shape[1:])}")
        return raw.reshape(len(raw), *shape)
    if size(shape) == 1:
        if classes > 2:
            raise TargetError(head.node, "two classes (it has one unit)", f"{classes}; set the units to {classes}")
        zero_one = raw.astype(np.float64).reshape(-1, *shape)
        return zero_one if head.loss.target == "binary" else 2 * zero_one - 1
    if shape != (classes,):
        raise TargetError(head.node, f"{shape[0]} classes (its units)", f"{classes}; set the units to {classes}")
    one_hot: NDArray[np.float64] = np.eye(classes)[raw]
    return one_hot


def check_inputs(plan: Plan, dataset: Dataset) -> None:
    """There must be samples, and every Input's shape must be the data's; InputError names the node and both shapes."""
    shapes: Mapping[str, Shape] = dataset.input_shapes
    for slot in plan.inputs:
        if not len(dataset.train):
            raise InputError(slot.node, "at least 1 sample to train on", "none; lower the shares held out")
        expected = plan.values[slot.value].shape
        got = shapes.get(slot.field)
        if got is None:
            raise InputError(slot.node, f"a field {slot.field!r}", "only " + ", ".join(sorted(shapes)))
        if got != expected:
            raise InputError(
                slot.node, f"samples of shape {_axes(expected)}", f"{_axes(got)}; set its shape to {_axes(got)}"
            )


class InputError(ValueError):
    """Data and an Input node do not fit."""

    def __init__(self, node: str, expected: str, got: str) -> None:
        super().__init__(f"input {node!r} expects {expected}, but the data has {got}")
        self.node, self.expected, self.got = node, expected, got


def _axes(shape: Shape) -> str:
    return " x ".join(map(str, shape))

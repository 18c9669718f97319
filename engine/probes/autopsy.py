"""The vanishing autopsy: where each decade of gradient went, exactly.

log R_l - log R_(l+1) is a telescoping sum of log ratios of successive RMS gradients: back through the weights of the
next layer, through pooling, dropout and batch norm, through the activation's slope. At a fork the strongest path is
followed, all of them are named with their ratios to it, and an interference bar log(R_sum / R_main) closes the sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Executable, Key
from engine.backends.numpy import NumpyExecutable
from engine.layers import Step
from engine.plan import Plan
from engine.probes.snapshot import Bar, Cause, LayerAutopsy, Path
from engine.probes.statistics import rms

_CAUSES: dict[str, Cause] = {
    "linear": "weights", "conv2d": "weights", "conv1d": "weights", "conv_transpose2d": "weights",
    "embedding": "weights",
    "batch_norm": "norm", "layer_norm": "norm", "group_norm": "norm", "instance_norm": "norm",
    "max_pool2d": "pool", "avg_pool2d": "pool", "global_avg_pool": "pool", "global_max_pool": "pool",
    "dropout": "dropout", "spatial_dropout": "dropout", "gaussian_noise": "dropout",
    "reshape": "shape", "permute": "shape", "slice": "shape", "scale_shift": "shape", "upsample": "shape",
    "add_weight": "shape", "add_sinusoid": "shape", "clip": "shape",
    "attention_scores": "attention", "hide_places": "attention", "attention_mix": "attention",
    "add": "merge", "concat": "merge", "multiply": "merge", "subtract": "merge", "average": "merge", "maximum": "merge",
}  # fmt: skip


@dataclass(frozen=True)
class GradientTrace:
    """RMS of every gradient of one backward pass: of values in sum, and of what each step handed back alone."""

    plan: Plan
    values: Mapping[int, float]
    parts: Mapping[tuple[int, int], float]
    batch: int


def trace(
    plan: Plan,
    weights: Mapping[Key, NDArray[np.floating]],
    x: Mapping[str, NDArray[Any]],
    y: Mapping[str, NDArray[Any]],
    *,
    like: Executable,
    training: bool = True,
    step: int = 0,
) -> GradientTrace:
    """One forward and backward pass in float64 with these weights; ``like`` gives the seed and optimizer."""
    reference = NumpyExecutable(plan, like.optimizer, "float64", like.seed)
    reference.load_weights(weights)
    parts: dict[tuple[int, int], float] = {}

    def watch(k: int, place: int, gradient: NDArray[Any]) -> None:
        parts[k, place] = rms(gradient)

    grads = reference.gradients(x, y, training=training, step=step, watch=watch).grads
    return GradientTrace(plan, {v: rms(g) for v, g in grads.items()}, parts, len(next(iter(x.values()))))


def autopsy(traced: GradientTrace) -> tuple[LayerAutopsy, ...]:
    """One entry per layer with a kernel that feeds a loss, sources first."""
    plan = traced.plan
    starts = {plan.marks.get((node, "z"), plan.outputs[node]): node for node in plan.layer_order}
    consumers: dict[int, list[tuple[int, int]]] = {}
    for k in plan.loss_steps:
        for place, value in enumerate(plan.steps[k].inputs):
            consumers.setdefault(value, []).append((k, place))
    heads = {h.prediction: h.node for h in plan.heads}
    found: list[LayerAutopsy] = []
    for value, node in starts.items():
        here = traced.values.get(value, 0.0)
        bars, end = _walk(traced, value, consumers, starts, heads) if here > 0 else ([], "")
        found.append(LayerAutopsy(node, end, here * traced.batch, tuple(bars)))
    return tuple(found)


def _walk(
    traced: GradientTrace,
    value: int,
    consumers: Mapping[int, list[tuple[int, int]]],
    starts: Mapping[int, str],
    heads: Mapping[int, str],
) -> tuple[list[Bar], str]:
    """Bars from a value downstream to the next layer's weighted sum, or to a head."""
    bars: list[Bar] = []
    at = value
    while True:
        reached = heads.get(at) if at in heads and not _stronger(traced, at, consumers) else None
        if reached is None and at != value:
            reached = starts.get(at)
        if reached is not None:
            return bars, reached
        paths = [(traced.parts.get(p, 0.0), p) for p in consumers.get(at, ())]
        if not paths:
            return bars, ""
        main, chosen = max(paths, key=lambda found: found[0])
        step = traced.plan.steps[chosen[0]]
        given = traced.values.get(step.output, 0.0)
        bars.append(Bar(step.node, _cause(traced.plan, step), step.primitive.id, _log(main, given)))
        if len(paths) > 1 or at in heads:
            ways = [_path(traced.plan, p[0], r, main) for r, p in sorted(paths, key=lambda w: w[1] != chosen)]
            bars.append(Bar(step.node, "interference", "sum", _log(traced.values[at], main), tuple(ways)))
        at = step.output


def _cause(plan: Plan, step: Step) -> Cause:
    """An attention's softmax belongs to it; elsewhere it is an activation like any other."""
    if step.primitive.id == "softmax" and (step.node, "attention") in plan.marks:
        return "attention"
    return _CAUSES.get(step.primitive.id, "activation")


def _path(plan: Plan, k: int, part: float, main: float) -> Path:
    """One way out of a fork, by the node that it leads into; of several into one node by the weights' name, too."""
    step = plan.steps[k]
    weight = next((w.name for w in plan.weights if w.value in step.inputs), "")
    return Path(step.node, weight.removesuffix("weight").rstrip("_."), _log(part, main))


def _stronger(traced: GradientTrace, value: int, consumers: Mapping[int, list[tuple[int, int]]]) -> bool:
    """Whether a head's own prediction gets more gradient from layers behind it than from its loss."""
    parts = [traced.parts.get(p, 0.0) for p in consumers.get(value, ())]
    return bool(parts) and max(parts) > traced.values.get(value, 0.0) / 2


def _log(part: float, whole: float) -> float:
    return math.log10(part / whole) if part > 0 and whole > 0 else float("-inf")


def sentence(bar: Bar, name: str) -> str:
    """What one bar says, in words, with its number."""
    amount = f"{abs(bar.decades):.2f} decades"
    verb = "costs" if bar.decades < 0 else "adds"
    texts: dict[Cause, str] = {
        "weights": f"going back through the weights of {name} {verb} {amount}",
        "activation": f"the slope of {bar.operation} at {name} {verb} {amount}",
        "norm": f"{bar.operation.replace('_', ' ')} at {name} {verb} {amount}",
        "pool": f"pooling at {name} {verb} {amount}: the gradient is spread over more places",
        "dropout": f"the dropout mask at {name} {verb} {amount}",
        "shape": f"{bar.operation.replace('_', ' ')} at {name} {verb} {amount}",
        "merge": f"the merge at {name} {verb} {amount}",
        "attention": f"{bar.operation.replace('_', ' ')} at {name} {verb} {amount}",
        "interference": f"the paths that meet at {name} {'cancel' if bar.decades < 0 else 'add up'}: {amount}",
    }
    return texts[bar.cause]

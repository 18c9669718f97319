"""Singular values of Jacobians: does a layer, and do the layers so far, keep the lengths of small changes?

All at 1 is dynamical isometry: neither signal nor gradient grows or fades (Saxe et al. 2013; Pennington et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Floats, Key
from engine.backends.interpreter import Pass, forward
from engine.plan import Plan
from engine.primitives import Context, size
from engine.probes.measurements.objective import Batch, cast, stored_values
from engine.probes.measurements.watch import Watch

#: outputs up to which every row of a Jacobian is computed; more are estimated from random combinations of rows
EXACT = 512
#: random combinations per sample, and multiply-adds that one piece of work may take
PROBES, PIECE_MACS = 64, 4e8
#: what such steps do to a gradient is move it, not scale it; a card that does nothing else is not a layer here
MOVES = ("reshape", "permute", "dropout", "gaussian_noise")

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """Of one Jacobian J (m, n) on every sample, d = min(m, n).

    ``values``: all singular values of all samples, descending; none where only estimated. ``mean_square``: |J|^2 / d,
    the mean over samples. ``spread``: standard deviation of the squared singular values over their mean; 0 is an
    isometry up to scale. ``error``: standard error of ``mean_square`` from the estimate, 0 where it is exact.
    """

    shape: tuple[int, int]
    values: Values
    mean_square: float
    spread: float
    error: float


@dataclass(frozen=True)
class LayerJacobian:
    """``layer``: of this card alone, None where it has several inputs; ``so_far``: from the network's inputs."""

    node: str
    layer: Spectrum | None
    so_far: Spectrum


def jacobians(
    plan: Plan, weights: Mapping[Key, Floats], x: Batch, *, seed: int = 0, exact: int = EXACT,
    watch: Watch | None = None,
) -> tuple[LayerJacobian, ...]:  # fmt: skip
    """Every card that changes values, sources first, as the network answers (running statistics, no dropout).

    Where a fused loss takes the last softmax or sigmoid out of its path, so does this: logits count.
    """
    sources = float_sources(plan)
    targets = layer_values(plan)
    stored = stored_values(plan, weights)
    rng = np.random.default_rng(seed)
    x = {k: cast(v) for k, v in x.items()}
    count = len(next(iter(x.values())))
    copies = _copies(plan)
    found: dict[str, tuple[list[_Measured], list[_Measured]]] = {n: ([], []) for n in targets}
    for sample in range(count):
        tiled = {k: np.repeat(v[sample : sample + 1], copies, 0) for k, v in x.items()}
        context = Context(np, training=False, update_state=False)
        run = forward(plan, context, stored, tiled, plan.loss_steps)
        span = _Span(plan, context, run, copies)
        for k, (node, (value, own)) in enumerate(targets.items()):
            if watch is not None:
                watch.tell(sample * len(targets) + k, count * len(targets))
            found[node][1].append(_measure(span, value, sources, exact, rng))
            if own is not None:
                found[node][0].append(_measure(span, value, (own,), exact, rng))
    return tuple(
        LayerJacobian(node, _pooled(layer) if layer else None, _pooled(so_far))
        for node, (layer, so_far) in found.items()
    )


def float_sources(plan: Plan) -> tuple[int, ...]:
    """Where numbers that can change a little enter: inputs, and what an embedding makes of whole numbers."""
    used = {i for k in plan.loss_steps for i in plan.steps[k].inputs}
    found = [s.value for s in plan.inputs if plan.values[s.value].dtype == "float" and s.value in used]
    found += [plan.steps[k].output for k in plan.loss_steps if plan.steps[k].primitive.id == "embedding"]
    return tuple(found)


def layer_values(plan: Plan) -> dict[str, tuple[int, int | None]]:
    """Node -> (value that it gives, the one float value that it takes or None), for cards that change values."""
    logits = {h.shown: h.prediction for h in plan.heads}
    steps = [plan.steps[k] for k in plan.loss_steps]
    made = {s.output: s.node for s in steps}
    reached = set(float_sources(plan))
    for s in steps:
        if any(i in reached for i in s.inputs):
            reached.add(s.output)
    found: dict[str, tuple[int, int | None]] = {}
    for node, value in plan.outputs.items():
        own = [s for s in steps if s.node == node]
        value = value if value in made else logits.get(value, value)
        if value not in reached or made.get(value) != node or all(s.primitive.id in MOVES for s in own):
            continue
        taken = {i for s in own for i in s.inputs if plan.values[i].batched and made.get(i) != node}
        single = taken.pop() if len(taken) == 1 else None
        found[node] = (value, single if single in reached else None)
    return found


class _Span:
    """Gradients through a part of one forward pass over copies of one sample."""

    def __init__(self, plan: Plan, context: Context, run: Pass, copies: int) -> None:
        self.plan, self._context, self._run, self.copies = plan, context, run, copies

    def back(self, value: int, seeds: Values, sources: Sequence[int]) -> Values:
        """Rows u^T J for u in ``seeds`` (copies, m) -> (copies, n), n over all sources in order."""
        plan, run = self.plan, self._run
        behind = set(sources)
        between: list[int] = []
        for k in run.steps:
            step = plan.steps[k]
            if step.output not in behind and any(i in behind for i in step.inputs):
                behind.add(step.output)
                between.append(k)
        grads: dict[int, Floats] = {value: seeds.reshape(run.values[value].shape)}
        for k in reversed(between):
            step = plan.steps[k]
            if step.output not in grads:
                continue
            inputs = [run.values[i] for i in step.inputs]
            needs = [i in behind for i in step.inputs]
            grad = grads[step.output] if step.output in sources else grads.pop(step.output)
            parts = step.primitive.backward(
                self._context, grad, run.saved[k], inputs, run.values[step.output], needs
            )
            for i, part, needed in zip(step.inputs, parts, needs, strict=True):
                if needed and part is not None:
                    grads[i] = grads[i] + part if i in grads else part
        rows = [grads[s] if s in grads else np.zeros_like(run.values[s]) for s in sources]
        return np.concatenate([r.reshape(self.copies, -1) for r in rows], axis=1)


@dataclass(frozen=True)
class _Measured:
    """Of one sample: trace of J J^T, trace of its square, variance of the first's estimate; ``values`` if exact."""

    shape: tuple[int, int]
    trace: float
    square: float
    variance: float
    values: Values | None


def _measure(span: _Span, value: int, sources: Sequence[int], exact: int, rng: np.random.Generator) -> _Measured:
    outputs = size(span.plan.values[value].shape)
    if value in sources:
        return _Measured((outputs, outputs), outputs, outputs, 0.0, np.ones(outputs))
    if outputs <= exact:
        rows = []
        for start in range(0, outputs, span.copies):
            seeds = np.eye(span.copies, outputs, start)
            rows.append(span.back(value, seeds, sources)[: outputs - start])
        values = np.linalg.svd(np.concatenate(rows), compute_uv=False)
        return _Measured((outputs, rows[0].shape[1]), float(np.sum(values**2)), float(np.sum(values**4)), 0.0, values)
    mixed = np.concatenate(
        [span.back(value, rng.normal(size=(span.copies, outputs)), sources) for _ in range(-(-PROBES // span.copies))]
    )
    gram = mixed @ mixed.T
    norms, count = np.diag(gram), len(gram)
    pairs = (np.sum(gram**2) - np.sum(norms**2)) / (count * (count - 1))
    variance = float(norms.var(ddof=1)) / count
    return _Measured((outputs, mixed.shape[1]), float(norms.mean()), float(pairs), variance, None)


def _pooled(parts: Sequence[_Measured]) -> Spectrum:
    """All samples together."""
    shape = parts[0].shape
    d, count = min(shape), len(parts)
    mean = sum(p.trace for p in parts) / (count * d)
    square = sum(p.square for p in parts) / (count * d)
    spread = math.sqrt(max(square / mean**2 - 1, 0.0)) if mean > 0 else math.nan
    error = math.sqrt(sum(p.variance for p in parts)) / (count * d)
    exact = [p.values for p in parts if p.values is not None]
    values = np.sort(np.concatenate(exact))[::-1] if len(exact) == count else np.zeros(0)
    return Spectrum(shape, values, mean, spread, error)


def _copies(plan: Plan) -> int:
    """Rows of a Jacobian that are computed at once."""
    macs = sum(
        plan.steps[k].primitive.macs(*(plan.values[i].shape for i in plan.steps[k].inputs)) for k in plan.loss_steps
    )
    return int(min(max(PIECE_MACS / max(macs, 1), 8), PROBES))

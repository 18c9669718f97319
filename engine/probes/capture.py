"""Making a snapshot from the last training step, for the views that asked."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from engine.backends import Executable, LastStep
from engine.layers import WeightInfo
from engine.plan import Plan
from engine.probes import statistics as st
from engine.probes.snapshot import SPREAD_VALUES, Floats, Histogram, LayerStats, ProbeRequest, Snapshot


def capture(executable: Executable, request: ProbeRequest, last: LastStep | None, step: int, epoch: int) -> Snapshot:
    """Only what ``request`` wants; layer statistics and flow need ``last``."""
    started = time.perf_counter()
    plan = executable.plan
    layers: tuple[LayerStats, ...] = ()
    flow: dict[str, tuple[float, float]] = {}
    if last is not None and "layers" in request.wants:
        wants = request.wants
        precise = ({request.layer} if request.layer else plan.layer_order) if "percentiles" in wants else ()
        counted = "histograms" in wants
        layers = layer_statistics(plan, last, histograms=counted, percentiles=precise, sketch=request.sketch)
        flow = node_flow(plan, last)
    maps, vectors = _maps(executable, request)
    spreads = node_spreads(plan, last, request.near) if last is not None and "spreads" in request.wants else {}
    return Snapshot(
        step=step,
        epoch=epoch,
        layers=layers,
        flow=flow,
        maps=maps,
        vectors=vectors,
        kernels=_kernels(executable, request),
        surfaces=_surfaces(executable, request),
        spreads=spreads,
        cost=time.perf_counter() - started,
    )


def layer_statistics(
    plan: Plan, last: LastStep, *, histograms: bool = False, percentiles: Collection[str] = (), sketch: int = 0
) -> tuple[LayerStats, ...]:
    """One LayerStats per layer with a kernel, sources first. Order statistics only where asked for, percentiles by
    node: they cost most. ``sketch``: as in ProbeRequest.

    A layer of several kernels (attention has four) is measured over the entries of all of them.
    """
    activations = {s.inputs[0]: s for s in (plan.steps[k] for k in reversed(plan.loss_steps)) if s.inputs}
    biases = {w.node: w for w in plan.weights if w.name.endswith("bias") and "." not in w.name}
    found: list[LayerStats] = []
    for node in plan.layer_order:
        z = plan.marks.get((node, "z"), plan.outputs[node])
        step = activations.get(z)
        shaped = step is not None and step.primitive.id in _SHAPED
        places = _Places(
            node,
            tuple(w for w in plan.weights if w.node == node and w.is_kernel),
            biases[node].value if node in biases else -1,
            z,
            step.output if step is not None and shaped else z,
            step.primitive.id if step is not None else "",
        )
        found.append(_layer(places, last, (sketch or _ALL) if histograms else 0, node in percentiles))
    return tuple(found)


@dataclass(frozen=True)
class _Places:
    """Where a layer's tensors are: value ids of bias (-1: none), pre-activation and activation."""

    node: str
    kernels: tuple[WeightInfo, ...]
    bias: int
    z: int
    a: int
    activation: str


#: no tensor has more values
_ALL = 1 << 62
#: activations whose output is told apart from their input in the statistics
_SHAPED = frozenset(
    (
        *("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "gelu", "softmax", "step", "silu", "softplus"),
        *("softsign", "selu", "hard_sigmoid", "hard_tanh", "mish", "sine", "growing_cosine"),
    )
)


def _layer(at: _Places, last: LastStep, counted: int, percentiles: bool) -> LayerStats:
    ids = [w.value for w in at.kernels]
    dw, update = (_together([found[i] for i in ids if i in found]) for found in (last.weight_grads, last.updates))
    w = _together([_before(last, i) for i in ids])
    assert w is not None, "a layer of the plot has a kernel"
    z, out, delta = last.values[at.z], last.values[at.a], last.grads.get(at.z)
    bias_grad = last.weight_grads.get(at.bias)
    weight_rms = st.rms(w)
    mean, spread = st.mean_and_sd(out)
    shapes: dict[str, Histogram] = {}
    if counted:
        tensors = {"weights": w, "gradients": dw, "pre-activations": z, "activations": out}
        shapes = {k: _sketched(t, counted) for k, t in tensors.items() if t is not None}
    return LayerStats(
        node=at.node,
        delta_rms=st.rms(delta) * len(out) if delta is not None else 0.0,
        weight_grad_rms=st.rms(dw) if dw is not None else 0.0,
        weight_grad_norm=st.norm(dw) if dw is not None else 0.0,
        bias_grad_norm=st.norm(bias_grad) if bias_grad is not None else math.nan,
        weight_rms=weight_rms,
        update_ratio=_ratio(st.rms(update), weight_rms) if update is not None else math.nan,
        gradient_ratio=_ratio(st.rms(dw), weight_rms) if dw is not None else math.nan,
        activation_mean=mean,
        activation_sd=spread,
        activation_percentiles=st.percentiles(out) if percentiles else (math.nan, math.nan, math.nan),
        saturation=st.saturation(out, at.activation),
        dead=float(st.dead_units(out).mean()) if at.activation == "relu" and out.ndim > 1 else math.nan,
        penalty_grad_rms=_penalty(at.kernels, last),
        z_rms=st.rms(z),
        histograms=shapes,
    )


def _sketched(a: Floats, most: int) -> Histogram:
    """The histogram of at most ``most`` values, evenly taken, its counts scaled to all; the raw ends are of all."""
    if a.size <= most:
        return st.histogram(a)
    found = st.histogram(_thinned(a, most))
    finite = a[np.isfinite(a)]
    if not finite.size or not found.counts.any():
        return st.histogram(a)
    counts = np.rint(found.counts * (finite.size / found.counts.sum())).astype(np.int64)
    return replace(found, counts=counts, minimum=float(finite.min()), maximum=float(finite.max()))


def _thinned(a: Floats, most: int) -> Floats:
    """Every k-th value; the odd stride meets every unit where their number is a power of two."""
    return a.ravel()[:: -(-a.size // most) | 1]


def _together(parts: list[Floats]) -> Floats | None:
    """All entries of a layer's kernels; the one kernel itself where there is one."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return np.concatenate([p.ravel() for p in parts])


def _before(last: LastStep, weight: int) -> Floats:
    """The weight that the gradient was taken at: backends hand over the one after the update."""
    now, update = last.values[weight], last.updates.get(weight)
    return now if update is None else now - update


def _penalty(kernels: tuple[WeightInfo, ...], last: LastStep) -> float:
    """RMS of l2 w + l1 sign(w), which comes to the data's gradient; nan without a penalty."""
    if not any(k.l1 or k.l2 for k in kernels):
        return math.nan
    parts = [k.l2 * w + k.l1 * np.sign(w) for k in kernels for w in (_before(last, k.value),)]
    return st.rms(np.concatenate([p.ravel() for p in parts]))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def node_flow(plan: Plan, last: LastStep) -> dict[str, tuple[float, float]]:
    """Node -> (RMS of its output, RMS of dL/d(output) scaled to one sample).

    Where a loss fuses the last activation, both are of the logits. The gradient is 0 where none arrives, and nan at an
    input, where it is not computed because nothing before it learns.
    """
    logits = {h.shown: h.prediction for h in plan.heads}
    inputs = {s.value for s in plan.inputs}
    found: dict[str, tuple[float, float]] = {}
    for node, value in plan.outputs.items():
        at = value if value in last.values else logits.get(value, value)
        given = last.values.get(at)
        if given is None or given.dtype.kind != "f":
            continue
        grad = last.grads.get(at)
        nothing = math.nan if at in inputs else 0.0
        found[node] = (st.rms(given), st.rms(grad) * len(given) if grad is not None else nothing)
    return found


def node_spreads(plan: Plan, last: LastStep, nodes: Collection[str]) -> dict[str, Histogram]:
    """Node -> histogram of its outputs over the batch; every k-th value of more than SPREAD_VALUES.

    Where a loss fuses the last activation, of the logits.
    """
    logits = {h.shown: h.prediction for h in plan.heads}
    found: dict[str, Histogram] = {}
    for node in nodes:
        value = plan.outputs.get(node, -1)
        given = last.values.get(value if value in last.values else logits.get(value, value))
        if given is not None and given.dtype.kind == "f" and given.size:
            found[node] = st.histogram(_thinned(given, SPREAD_VALUES))
    return found


def _maps(executable: Executable, request: ProbeRequest) -> tuple[dict[str, Floats], dict[str, Floats]]:
    if "maps" not in request.wants or request.sample is None:
        return {}, {}
    plan = executable.plan
    values = executable.forward(request.sample, list(plan.outputs.values()))
    maps = {n: values[v][0, : request.max_units].copy() for n, v in plan.outputs.items() if values[v].ndim == 4}
    vectors = {n: values[v][0].copy() for n, v in plan.outputs.items() if values[v].ndim == 2}
    return maps, vectors


def _kernels(executable: Executable, request: ProbeRequest) -> dict[str, Floats]:
    if "kernels" not in request.wants:
        return {}
    stored = executable.weights()
    wanted = [w for w in executable.plan.weights if w.is_kernel and len(w.shape) == 4]
    return {w.node: stored[w.node, w.name][: request.max_units] for w in wanted}


def _surfaces(executable: Executable, request: ProbeRequest) -> dict[str, Floats]:
    if "surfaces" not in request.wants or request.grid is None:
        return {}
    plan, side = executable.plan, request.grid_side
    ids = {n: v for n, v in plan.outputs.items() if len(plan.values[v].shape) == 1}
    ids |= {h.node: h.shown for h in plan.heads if len(plan.values[h.shown].shape) == 1}
    values = executable.forward(request.grid, list(ids.values()))
    units = request.max_units
    return {n: values[v][:, :units].T.reshape(-1, side, side).copy() for n, v in ids.items()}

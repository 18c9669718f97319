"""Making a snapshot from the last training step, for the views that asked."""

from __future__ import annotations

import math
import time

from engine.backends import Executable, LastStep
from engine.plan import Plan
from engine.probes import statistics as st
from engine.probes.snapshot import Floats, Histogram, LayerStats, ProbeRequest, Snapshot


def capture(executable: Executable, request: ProbeRequest, last: LastStep | None, step: int, epoch: int) -> Snapshot:
    """Only what ``request`` wants; layer statistics and flow need ``last``."""
    started = time.perf_counter()
    plan = executable.plan
    layers: tuple[LayerStats, ...] = ()
    flow: dict[str, tuple[float, float]] = {}
    if last is not None and "layers" in request.wants:
        layers = layer_statistics(plan, last, histograms="histograms" in request.wants)
        flow = node_flow(plan, last)
    maps, vectors = _maps(executable, request)
    return Snapshot(
        step=step,
        epoch=epoch,
        layers=layers,
        flow=flow,
        maps=maps,
        vectors=vectors,
        kernels=_kernels(executable, request),
        surfaces=_surfaces(executable, request),
        cost=time.perf_counter() - started,
    )


def layer_statistics(plan: Plan, last: LastStep, *, histograms: bool = False) -> tuple[LayerStats, ...]:
    """One LayerStats per layer with a kernel, sources first."""
    activations = {s.inputs[0]: s for s in (plan.steps[k] for k in reversed(plan.loss_steps)) if s.inputs}
    kernels = {w.node: w for w in reversed(plan.weights) if w.is_kernel}
    biases = {w.node: w for w in plan.weights if w.name.endswith("bias") and "." not in w.name}
    found: list[LayerStats] = []
    for node in dict.fromkeys(w.node for w in plan.weights if w.is_kernel):
        z = plan.marks.get((node, "z"), plan.outputs[node])
        step = activations.get(z)
        a_id = step.output if step is not None and step.primitive.id in _SHAPED else z
        name = step.primitive.id if step is not None else ""
        bias = biases.get(node)
        bias_grad = last.weight_grads.get(bias.value) if bias else None
        found.append(_layer(node, kernels[node].value, z, a_id, name, bias_grad, last, histograms))
    return tuple(found)


#: activations whose output is told apart from their input in the statistics
_SHAPED = frozenset(
    (
        *("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "gelu", "softmax", "step", "silu", "softplus"),
        *("softsign", "selu", "hard_sigmoid", "hard_tanh", "mish", "sine", "growing_cosine"),
    )
)


def _layer(
    node: str, weight: int, z: int, a: int, activation: str, bias_grad: Floats | None, last: LastStep, histograms: bool
) -> LayerStats:
    w, dw, update = last.values.get(weight), last.weight_grads.get(weight), last.updates.get(weight)
    out, delta = last.values[a], last.grads.get(z)
    count = len(out)
    weight_rms = st.rms(w) if w is not None else 0.0
    mean = float(out.mean(dtype=float))
    shapes: dict[str, Histogram] = {}
    if histograms:
        tensors = {"weights": w, "gradients": dw, "pre-activations": last.values[z], "activations": out}
        shapes = {k: st.histogram(t) for k, t in tensors.items() if t is not None}
    return LayerStats(
        node=node,
        delta_rms=st.rms(delta) * count if delta is not None else 0.0,
        weight_grad_rms=st.rms(dw) if dw is not None else 0.0,
        weight_grad_norm=st.norm(dw) if dw is not None else 0.0,
        bias_grad_norm=st.norm(bias_grad) if bias_grad is not None else math.nan,
        weight_rms=weight_rms,
        update_ratio=_ratio(st.rms(update), weight_rms) if update is not None else math.nan,
        gradient_ratio=_ratio(st.rms(dw), weight_rms) if dw is not None else math.nan,
        activation_mean=mean,
        activation_sd=math.sqrt(max(st.rms(out) ** 2 - mean**2, 0.0)),
        activation_percentiles=st.percentiles(out),
        saturation=st.saturation(out, activation),
        dead=float(st.dead_units(out).mean()) if activation == "relu" and out.ndim > 1 else math.nan,
        histograms=shapes,
    )


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

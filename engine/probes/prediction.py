"""The mean-field prediction: how large activations and gradients will be, layer by layer, before any step.

Forward, the second moment q of a wide random layer follows q_z = fan_in Var W q_a + Var b and
q_a = E[phi(sqrt(q_z) u)^2] with u ~ N(0, 1); backward, R^2 passes a layer times fan_out Var W and an activation times
E[phi'(sqrt(q_z) u)^2] (Poole et al. 2016, Schoenholz et al. 2017). chi = fan_in Var W E[phi'^2]; the trainable depth
is -1 / ln chi. The band is where 95 % of single nets lie: the relative variance of q grows by 2 / fan_out +
(kurtosis - 1) / fan_in per layer, so it is like sqrt(depth / width).

Batch norm divides by the spread over the batch, v = q - k, where k is what two samples have in common: k_z = fan_in Var
W k_a + Var b and k_a = E[phi(s u) phi(s w)] with the correlation k_z / q_z of u, w (the C-map of Poole et al. 2016).
Behind it q = gamma^2 + beta^2, and R^2 passes back times gamma^2 / v (Yang et al. 2019: pi / (pi - 1) per layer with
ReLU). Of a convolution the padding is counted in the mean over the picture.

Pooling depends on how alike neighbouring cells are (see alike), from the measured input on: the mean of a window in
closed form, its maximum from random fields. That holds for activations of weighted sums, whose distribution is known;
where it is not, the result says where the line ends, and why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.initializers import INITIALIZERS
from engine.layers import Step, WeightInfo
from engine.plan import Plan
from engine.primitives import Context, Primitive
from engine.primitives.window import Window
from engine.probes import alike

#: nodes and weights of Gauss-Hermite quadrature for E[f(u)], u ~ N(0, 1); even, so that no node falls on a kink at 0
_U, _P = np.polynomial.hermite_e.hermegauss(128)
_P = _P / _P.sum()

_ELEMENTWISE = frozenset(
    (
        *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "step", "silu", "softplus", "softsign", "selu"),
        *("hard_sigmoid", "hard_tanh", "mish", "sine", "growing_cosine"),
    )
)
_PASSES = frozenset(("reshape", "permute", "identity"))
_MEANS, _GREATEST = frozenset(("avg_pool2d", "global_avg_pool")), frozenset(("max_pool2d", "global_max_pool"))

#: why something is not predicted: no rule for the operation; the greatest of values whose distribution is not known;
#: pictures too large, or none, to say how alike their cells are; gradients that are alike meet in windows that overlap
Reason = Literal["operation", "distribution", "size", "overlap"]


@dataclass(frozen=True)
class LayerPrediction:
    """One layer with a kernel. ``q``: second moment of its pre-activation; ``band``: relative 95 % half width of q.

    ``chi``: what the squared gradient is multiplied by on its way back through the layer's activation and weights.
    ``gradient``: R at this layer over R at the last predicted one nearest the loss, or nan where it is not predicted.
    """

    node: str
    q: float
    band: float
    chi: float
    gradient: float


@dataclass(frozen=True)
class Prediction:
    """``layers`` by topological order. ``depth``: trainable depth in layers (inf at chi = 1). ``unknown``: the first
    operation that is not predicted, as (node, operation), or None; ``reason``: why."""

    layers: tuple[LayerPrediction, ...]
    depth: float
    unknown: tuple[str, str] | None = None
    reason: Reason = "operation"


@dataclass
class _Moments:
    """By value: second moment, what two samples share of it, relative variance of q over nets, E[phi'^2] before an
    activation, and what batch norm or pooling multiplies the squared gradient by. Of pictures ``alike``,
    and ``chains``: the normal value that this one is made of, by which operations, and what the squared gradient is
    multiplied by on the way back to it."""

    q: dict[int, float]
    common: dict[int, float]
    variance: dict[int, float]
    slopes: dict[int, float]
    norms: dict[int, float]
    alike: dict[int, alike.Alike] = field(default_factory=dict)
    chains: dict[int, tuple[int, tuple[Primitive, ...], float]] = field(default_factory=dict)
    unknown: tuple[str, str] | None = None
    reason: Reason = "operation"


def predict(
    plan: Plan,
    input_moments: Mapping[str, float],
    input_common: Mapping[str, float] | None = None,
    input_alike: Mapping[str, alike.Alike] | None = None,
) -> Prediction:
    """Prediction from initializers alone, by input field: ``input_moments``, the mean of x^2 (1 for standardised data),
    ``input_common``, the mean over features or channels of (mean over all else)^2 (0 for standardised data), and
    ``input_alike`` of pictures as alike.alike_of measures it (without it cells have no more than that in common)."""
    weights = {w.value: w for w in plan.weights}
    moments = _Moments({s.value: input_moments.get(s.field, 1.0) for s in plan.inputs}, {}, {}, {}, {})
    pools = any(step.primitive.id in _MEANS | _GREATEST for step in plan.steps)
    for s in plan.inputs:
        moments.variance[s.value] = 0.0
        moments.common[s.value] = min((input_common or {}).get(s.field, 0.0), moments.q[s.value])
        shape = plan.values[s.value].shape
        if pools and len(shape) == 3 and math.prod(shape[1:]) <= alike.MOST_CELLS:
            measured = (input_alike or {}).get(s.field)
            blank = alike.unlike(moments.q[s.value], moments.common[s.value], shape)
            moments.alike[s.value] = measured if measured is not None and measured.size == blank.size else blank
    for k in plan.loss_steps:
        _forward(plan, plan.steps[k], weights, moments)
    gradients = _backward(plan, weights, moments)
    layers: list[LayerPrediction] = []
    for node in plan.layer_order:
        z = plan.marks.get((node, "z"), plan.outputs[node])
        if z not in moments.q:
            continue
        chi = _chi(plan, node, weights, moments)
        band = 1.96 * math.sqrt(moments.variance[z])
        layers.append(LayerPrediction(node, moments.q[z], band, chi, gradients.get(z, math.nan)))
    return Prediction(tuple(layers), _depth(layers), moments.unknown, moments.reason)


def variance_of(w: WeightInfo) -> float:
    """E[W^2] under the weight's initializer, per entry; of the very numbers where nothing is drawn."""
    initializer = INITIALIZERS.make(w.init)
    if initializer.random:
        return initializer.variance(w.fan_in, w.fan_out, w.shape)
    values = initializer.draw(w.shape, w.fan_in, w.fan_out, np.random.default_rng(0))
    return float(np.mean(values**2)) if values.size else 0.0


def _forward(plan: Plan, step: Step, weights: Mapping[int, WeightInfo], m: _Moments) -> None:
    name = step.primitive.id
    incoming = [i for i in step.inputs if i not in weights]
    incoming = incoming[:1] if name == "batch_norm" else incoming  # the rest are its running statistics
    if any(i not in m.q for i in incoming):
        return
    x = incoming[0]
    if name in ("linear", "conv2d"):
        kernel = weights[step.inputs[1]]
        bias = variance_of(weights[step.inputs[2]]) if len(step.inputs) > 2 else 0.0
        gain = kernel.fan_in * variance_of(kernel) * _reach(plan, step)[0]
        signal = gain * m.q[x]
        m.q[step.output], m.common[step.output] = signal + bias, gain * m.common[x] + bias
        share = (signal / (signal + bias)) ** 2 if signal + bias else 0.0
        m.variance[step.output] = share * m.variance[x] + 2 / max(kernel.fan_out, 1)
        m.chains[step.output] = step.output, (), 1.0
        if name == "conv2d" and x in m.alike:
            window: Window = step.primitive.window(kernel.shape)  # type: ignore[attr-defined]
            tap = kernel.fan_in * variance_of(kernel) / math.prod(window.kernel)
            m.alike[step.output] = alike.convolved(m.alike[x], window, tap, bias)
            m.q[step.output] = m.alike[step.output].q
    elif name in _ELEMENTWISE and len(step.inputs) == 1:
        _activate(plan, step, m)
    elif name in _MEANS and x in m.alike:
        _average(plan, step, m)
    elif name in _GREATEST and x in m.alike and x in m.chains:
        _draw(step, m)
    elif name == "batch_norm":
        _normalize(step, weights, m)
    elif name in _PASSES:
        m.q[step.output], m.variance[step.output], m.common[step.output] = m.q[x], m.variance[x], m.common[x]
    elif name == "dropout":
        keep = 1 - float(getattr(step.primitive, "rate", 0.0))
        m.q[step.output], m.variance[step.output], m.common[step.output] = m.q[x] / keep, m.variance[x], m.common[x]
        if x in m.alike:  # two cells are kept independently
            m.alike[step.output] = _thinned(m.alike[x], keep)
    elif name == "add":
        m.q[step.output] = sum(m.q[i] for i in incoming)
        m.common[step.output] = sum(m.common[i] for i in incoming)
        m.variance[step.output] = max(m.variance[i] for i in incoming)
        if all(i in m.alike for i in incoming):
            products = sum((m.alike[i].products for i in incoming), np.zeros(()))
            m.alike[step.output] = alike.Alike(products, m.alike[x].size)
        if all(i in m.chains and not m.chains[i][1] for i in incoming):
            m.chains[step.output] = step.output, (), 1.0
    elif m.unknown is None:
        m.unknown, m.reason = (step.node, name), _reason(name, x in m.alike)


def _reason(name: str, known: bool) -> Reason:
    if name not in _MEANS | _GREATEST:
        return "operation"
    return "distribution" if known else "size"


def _activate(plan: Plan, step: Step, m: _Moments) -> None:
    """In closed form where the value is normal; behind a maximum it is not, and random fields tell."""
    x, y = step.inputs[0], step.output
    q, slope, kurtosis, gain = activation_moments(step.primitive, m.q[x])
    m.variance[y] = gain**2 * m.variance[x] + (kurtosis - 1) / _units(plan, x)
    source, chain, passed = m.chains.get(x, (x, (), 1.0))
    if any(operation.id in _GREATEST for operation in chain):
        _draw(step, m)
        m.slopes[x] = m.norms[y]
        return
    if x in m.alike:  # large in the middle, small at the border: each place has its own
        where, shared = m.alike[x].where, partial(shared_moment, step.primitive, m.q[x])
        m.alike[y] = alike.activated(m.alike[x], lambda v: _expectations(step.primitive, v)[0], shared)
        q, slope = m.alike[y].q, float(alike.local(where, lambda v: _expectations(step.primitive, v)[1]).mean())
    m.q[y], m.slopes[x] = q, slope
    m.common[y] = min(shared_moment(step.primitive, m.q[x], m.common[x]), q)
    if x in m.chains:
        m.chains[y] = source, (*chain, step.primitive), passed * slope


def _average(plan: Plan, step: Step, m: _Moments) -> None:
    """Each cell gets its window's share of the gradient back, 1 / n of it from a window of n cells."""
    x, y, shape = step.inputs[0], step.output, plan.values[step.inputs[0]].shape
    cells = math.prod(shape[-2:])
    m.alike[y] = alike.averaged(m.alike[x], step.primitive)
    m.q[y], m.variance[y], m.common[y] = m.alike[y].q, m.variance[x], m.common[x]
    window: Window | None = getattr(step.primitive, "window", None)
    m.norms[y] = float(np.sum(1 / window.counts(shape))) / cells if window is not None else 1 / cells**2


def _draw(step: Step, m: _Moments) -> None:
    """A maximum, or what follows one: random fields like those before the activation, through all that is between."""
    x, y = step.inputs[0], step.output
    source, chain, passed = m.chains[x]
    chain = (*chain, step.primitive)
    found = alike.drawn_through(m.alike[source], m.common[source], chain)
    m.q[y], m.common[y] = found.alike.q, min(found.common, found.alike.q)
    m.variance[y] = m.variance.get(y, m.variance[x])
    m.norms[y] = found.passed / passed if passed > 0 else 0.0
    m.chains[y] = source, chain, found.passed
    m.alike[y] = found.alike


def _thinned(x: alike.Alike, keep: float) -> alike.Alike:
    """Behind dropout: the square grows by 1 / keep, the product of two cells does not."""
    return alike.Alike(x.products + np.diag(x.where * (1 / keep - 1)), x.size)


def _recentred(x: alike.Alike, common: float, scale: float, offset: float) -> alike.Alike:
    products = (x.products - common) * scale
    products[np.diag_indices_from(products)] = np.maximum(np.diagonal(products), 0.0)
    return alike.Alike(products + offset, x.size)


def _normalize(step: Step, weights: Mapping[int, WeightInfo], m: _Moments) -> None:
    """Training's form: the statistics of the batch. One that does not vary over the batch is divided by sqrt(eps)."""
    x = step.inputs[0]
    scale, offset = (variance_of(weights[i]) if i in weights else d for i, d in zip(step.inputs[1:3], (1.0, 0.0)))
    spread = max(m.q[x] - m.common[x], 0.0) + float(getattr(step.primitive, "eps", 1e-5))
    m.q[step.output], m.common[step.output] = scale + offset, offset
    m.variance[step.output], m.norms[step.output] = 0.0, scale / spread
    if x in m.alike:
        m.alike[step.output] = _recentred(m.alike[x], m.common[x], scale / spread, offset)
    if x in m.chains and not m.chains[x][1]:
        m.chains[step.output] = step.output, (), 1.0


def shared_moment(primitive: Primitive, q: float, common: float) -> float:
    """E[phi(y) phi(z)] for y, z ~ N(0, q) with the covariance ``common``."""
    if q <= 0:
        return 0.0
    part = min(max(common / q, -1.0), 1.0)
    first = math.sqrt(q) * _U
    second = math.sqrt(q) * (part * _U[:, None] + math.sqrt(1 - part**2) * _U)
    context = Context(np)
    here, there = (primitive.forward(context, z)[0] for z in (first, second))
    return float(_P @ (here * (there @ _P)))


def _units(plan: Plan, value: int) -> float:
    """Independent values that a layer's second moment is averaged over: its units or channels."""
    shape = plan.values[value].shape
    return float(shape[0] if len(shape) == 3 else shape[-1] if shape else 1)


def activation_moments(primitive: Primitive, q: float) -> tuple[float, float, float, float]:
    """(E[phi^2], E[phi'^2], kurtosis E[phi^4] / E[phi^2]^2, d ln E[phi^2] / d ln q) for z ~ N(0, q)."""
    second, slope, kurtosis = _expectations(primitive, q)
    nearby, _, _ = _expectations(primitive, q * 1.01)
    gain = math.log(nearby / second) / math.log(1.01) if second > 0 and nearby > 0 and q > 0 else 0.0
    return second, slope, kurtosis, gain


def _expectations(primitive: Primitive, q: float) -> tuple[float, float, float]:
    z: NDArray[np.float64] = math.sqrt(q) * _U
    context = Context(np)
    y, saved = primitive.forward(context, z)
    (slope,) = primitive.backward(context, np.ones_like(z), saved, [z], y, [True])
    second = float(_P @ y**2)
    kurtosis = float(_P @ y**4) / second**2 if second else 1.0
    return second, float(_P @ np.asarray(slope) ** 2), kurtosis


def _backward(plan: Plan, weights: Mapping[int, WeightInfo], m: _Moments) -> dict[int, float]:
    """R by value id, relative to 1 at every head's prediction; sums of squares where paths meet."""
    squared: dict[int, float] = {h.prediction: 1.0 for h in plan.heads}
    lost: set[int] = set()
    even: set[int] = set()  # a mean over the whole picture hands each cell the same
    for k in reversed(plan.loss_steps):
        step = plan.steps[k]
        given = squared.get(step.output)
        if step.primitive.id == "global_avg_pool" or step.output in even:
            even.update(step.inputs)
        if step.output in even and _overlaps(step.primitive):
            lost.add(step.output)
            m.unknown, m.reason = (step.node, step.primitive.id), "overlap"
        if given is None or step.output in lost:
            lost.update(step.inputs)
            continue
        factor = _back_factor(plan, step, weights, m)
        for i in step.inputs:
            if i in weights:
                continue
            if factor is None:
                lost.add(i)
            else:
                squared[i] = squared.get(i, 0.0) + given * factor
    return {v: math.sqrt(r) for v, r in squared.items() if v not in lost}


def _overlaps(primitive: Primitive) -> bool:
    window = getattr(primitive, "window", None) if primitive.id in _MEANS | _GREATEST else None
    return window is not None and any(s < k for s, k in zip(window.stride, window.kernel, strict=True))


def _reach(plan: Plan, step: Step) -> tuple[float, float]:
    """Of a convolution: taps that meet the picture, not its padding, per tap of all outputs; and per tap of all inputs,
    where a stride skips some and the border sees fewer. (1, 1) of a dense layer."""
    if step.primitive.id != "conv2d":
        return 1.0, 1.0
    p: Any = step.primitive
    (high, wide), kernel = plan.values[step.inputs[0]].shape[-2:], plan.values[step.inputs[1]].shape[-2:]
    forward = back = 1.0
    for axis, (cells, made) in enumerate(zip((high, wide), plan.values[step.output].shape[-2:], strict=True)):
        at = np.arange(made)[:, None] * p.stride[axis] + np.arange(kernel[axis]) * p.dilation[axis] - p.pads[axis]
        met = int(np.count_nonzero((at >= 0) & (at < cells)))
        forward, back = forward * met / (made * kernel[axis]), back * met / (cells * kernel[axis])
    return forward, back


def _back_factor(plan: Plan, step: Step, weights: Mapping[int, WeightInfo], m: _Moments) -> float | None:
    """What the squared gradient is multiplied by from the step's output to its input; None if not predicted."""
    name = step.primitive.id
    if name in ("linear", "conv2d"):
        kernel = weights[step.inputs[1]]
        return kernel.fan_out * variance_of(kernel) * _reach(plan, step)[1]
    if name in _ELEMENTWISE:
        return m.slopes.get(step.inputs[0])
    if name == "batch_norm" or name in _MEANS or name in _GREATEST:
        return m.norms.get(step.output)
    if name == "dropout":
        return 1 / (1 - float(getattr(step.primitive, "rate", 0.0)))
    return 1.0 if name in _PASSES or name == "add" else None


def _chi(plan: Plan, node: str, weights: Mapping[int, WeightInfo], m: _Moments) -> float:
    kernel = next(w for w in plan.weights if w.node == node and w.is_kernel)
    z = plan.marks.get((node, "z"), plan.outputs[node])
    # Batch norm before the activation stands between the weights and z.
    return kernel.fan_in * variance_of(kernel) * m.slopes.get(z, 1.0) * m.norms.get(z, 1.0)


def _depth(layers: list[LayerPrediction]) -> float:
    """-1 / ln chi of the hidden layers' geometric mean: layers over which the gradient changes by a factor of e."""
    chis = [p.chi for p in layers[:-1] if p.chi > 0]
    if not chis:
        return math.inf
    mean = sum(math.log(c) for c in chis) / len(chis)
    return abs(1 / mean) if mean else math.inf

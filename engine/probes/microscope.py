"""An activation under the microscope: its curve, its slope, and what share of the live z falls where it is flat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.plan import Plan
from engine.primitives import Context, Primitive
from engine.probes.snapshot import Histogram

Curve = NDArray[np.float64]

#: a slope below this counts as flat where no other line is drawn; tanh at |a| = 0.97 has 0.059
FLAT_SLOPE = 0.05
#: parts of a bin over which a curve is averaged, so that a kink inside a bin counts where it lies
PARTS = 16

_CURVES = frozenset(
    (
        *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "step", "silu", "softplus", "softsign", "selu"),
        *("hard_sigmoid", "hard_tanh", "mish", "sine", "growing_cosine"),
    )
)


@dataclass(frozen=True)
class Response:
    """phi(z) and phi'(z) at ``z`` (K,), float64; ``flat`` (K,): where the activation is saturated or off."""

    z: Curve
    phi: Curve
    slope: Curve
    flat: NDArray[np.bool_]


@dataclass(frozen=True)
class Exposure:
    """``flat``: share of z in the flat zones; ``passed``: sqrt(mean phi'(z)^2), what a gradient is multiplied by on
    its way back, as in the prediction and the autopsy."""

    flat: float
    passed: float


def activation_of(plan: Plan, node: str) -> Primitive | None:
    """The elementwise activation that the node's weighted sum feeds; None where there is none."""
    z = plan.marks.get((node, "z"), plan.outputs.get(node))
    step = next((s for s in plan.steps if s.inputs and s.inputs[0] == z and s.primitive.id in _CURVES), None)
    return step.primitive if step is not None else None


def respond(activation: Primitive, z: Curve) -> Response:
    """phi and phi' by the very code that trains. Flat: sigmoid outside 0.03..0.97 and tanh beyond 0.97 (Glorot &
    Bengio 2010); else where the slope is below 0.05."""
    context, points = Context(np), np.asarray(z, np.float64)
    phi, saved = activation.forward(context, points)
    (slope,) = activation.backward(context, np.ones_like(points), saved, [points], phi, [True])
    steep = np.broadcast_to(np.asarray(slope, np.float64), points.shape)
    if activation.id == "sigmoid":
        flat = (phi < 0.03) | (phi > 0.97)
    elif activation.id == "tanh":
        flat = np.abs(phi) > 0.97
    else:
        flat = np.abs(steep) < FLAT_SLOPE
    return Response(points, np.asarray(phi, np.float64), steep, flat)


def exposure(activation: Primitive, histogram: Histogram, gain: float = 1.0) -> Exposure:
    """For z of this histogram times ``gain``: z is taken as spread evenly within each bin, so the shares are exact to
    one bin's width."""
    counts = histogram.counts.astype(np.float64)
    if not counts.sum():
        return Exposure(float("nan"), float("nan"))
    width = (histogram.high - histogram.low) / len(counts)
    places = histogram.low + width * (np.arange(len(counts) * PARTS) + 0.5) / PARTS
    seen = respond(activation, gain * places)
    weight = np.repeat(counts / (counts.sum() * PARTS), PARTS)
    return Exposure(float(weight @ seen.flat), float(np.sqrt(weight @ seen.slope**2)))

"""Elementwise primitives as CUDA C: the value from x, the gradient from g, x and y, as the primitives define them.

``real`` is the plan's type. Branches are chosen so that NaN stays NaN, as in the primitives themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.primitives import Primitive

Texts = tuple[str, str]


def number(value: float) -> str:
    """A literal of the plan's type."""
    if math.isinf(value):
        return "((real)INFINITY)" if value > 0 else "((real)-INFINITY)"
    return f"((real){float(value)!r})"


def _elu(p: Any) -> Texts:
    scale, low = number(p.scale), number(p.alpha * p.scale)
    return f"x > 0 ? x * {scale} : expm1(x) * {low}", f"g * (y > 0 ? {scale} : y + {low})"


def _leaky(p: Any) -> Texts:
    slope = number(p.slope)
    return f"x > 0 ? x : x * {slope}", f"y > 0 ? g : g * {slope}"


def _sine(p: Any) -> Texts:
    f = number(p.frequency)
    return f"sin(x * {f})", f"g * (cos(x * {f}) * {f})"


def _clip(p: Any) -> Texts:
    low, high = number(p.low), number(p.high)
    inner = f"bounded(x * {number(p.slope)} + {number(p.offset)}, {low}, {high})"
    return inner, f"(y > {low} && y < {high}) ? g * {number(p.slope)} : (real)0"


def _gelu(_: Any) -> Texts:
    phi = f"((erf(x * {number(math.sqrt(0.5))}) + 1) * {number(0.5)})"
    density = f"exp(x * x * {number(-0.5)}) * x * {number(1 / math.sqrt(2 * math.pi))}"
    return f"x * {phi}", f"g * ({density} + {phi})"


def _fixed(value: str, gradient: str) -> Callable[[Any], Texts]:
    return lambda _: (value, gradient)


_MISH = "tanh(softplus(x))"
UNITS: dict[str, Callable[[Any], Texts]] = {
    "relu": _fixed("x <= 0 ? (real)0 : x", "y > 0 ? g : (real)0"),
    "leaky_relu": _leaky,
    "elu": _elu,
    "tanh": _fixed("tanh(x)", "g * (1 - y * y)"),
    "sigmoid": _fixed("logistic(x)", "g * y * (1 - y)"),
    "gelu": _gelu,
    "silu": _fixed("x * logistic(x)", "g * (((1 - logistic(x)) * x + 1) * logistic(x))"),
    "softplus": _fixed("softplus(x)", "g * -expm1(-y)"),
    "softsign": _fixed("x / (1 + fabs(x))", "g * (1 - fabs(y)) * (1 - fabs(y))"),
    "mish": _fixed(f"x * {_MISH}", f"g * ((1 - {_MISH} * {_MISH}) * logistic(x) * x + {_MISH})"),
    "sine": _sine,
    "growing_cosine": _fixed("x * cos(x)", "g * (cos(x) - x * sin(x))"),
    "clip": _clip,
    "step": _fixed("x > 0 ? (real)1 : (x <= 0 ? (real)0 : x)", "(real)0"),
    "reshape": _fixed("x", "g"),
}

#: what the texts above and those of losses and optimizers call
HELPERS = """
__device__ real larger(real a, real b) { return (a > b || a != a) ? a : b; }
__device__ real sign_of(real x) { return x > 0 ? (real)1 : (x < 0 ? (real)-1 : x); }
__device__ real bounded(real x, real low, real high) { return x < low ? low : (x > high ? high : x); }
__device__ real logistic(real x) { real e = exp(-fabs(x)); return (x < 0 ? e : (real)1) / (1 + e); }
__device__ real softplus(real x) { return (x <= 0 ? (real)0 : x) + log1p(exp(-fabs(x))); }
__device__ real log_logistic(real x) { return (x > 0 ? (real)0 : x) - log1p(exp(-fabs(x))); }
__device__ unsigned int mixed(unsigned int v) {
  v ^= v >> 16; v *= 0x7FEB352Du; v ^= v >> 15; v *= 0x846CA68Bu; return v ^ (v >> 16);
}
"""


def unit(primitive: Primitive) -> Texts | None:
    """(y from x, dx from g, x and y), or None where the operation is no such map."""
    made = UNITS.get(primitive.id)
    return None if made is None else made(primitive)

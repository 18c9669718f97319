"""Elementwise pieces that several losses share. None of them overflows, and NaN stays NaN in all of them."""

from __future__ import annotations

from typing import Any

from engine.primitives import Array


def sign(xp: Any, x: Array) -> Array:
    """sgn(x) in {-1, 0, 1}. Not left to ``xp.sign``, which is free to turn NaN into 0 on a device."""
    return xp.where(x > 0, 1, xp.where(x < 0, -1, x)).astype(x.dtype, copy=False)


def step_up(xp: Any, x: Array) -> Array:
    """1 where x > 0, else 0: the slope of max(x, 0)."""
    return xp.where(x > 0, 1, xp.where(x <= 0, 0, x)).astype(x.dtype, copy=False)


def sigmoid(xp: Any, x: Array) -> Array:
    """1 / (1 + exp(-x)), from exp(-|x|)."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x < 0, e, 1) / (1 + e)


def log_sigmoid(xp: Any, x: Array) -> Array:
    """log(1 / (1 + exp(-x))) = min(x, 0) - log(1 + exp(-|x|))."""
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))

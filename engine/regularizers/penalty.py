"""The penalty of one weight, its gradient, and the proximal step: plain functions for the backends."""

from __future__ import annotations

from typing import Any

from engine.primitives import Array


def penalty(xp: Any, w: Array, l1: float, l2: float) -> float:
    """l1 sum |w| + l2 / 2 sum w^2, summed in float64."""
    total = 0.0
    if l1:
        total += l1 * float(xp.abs(w).sum(dtype=xp.float64))
    if l2:
        total += l2 / 2 * float((w * w).sum(dtype=xp.float64))
    return total


def add_gradient(xp: Any, g: Array, w: Array, l1: float, l2: float) -> None:
    """g <- g + l1 sgn(w) + l2 w, in place. At w = 0 the slope of |w| is taken as 0."""
    if l1:
        g += l1 * xp.sign(w)
    if l2:
        g += l2 * w


def soft_threshold(xp: Any, w: Array, amount: float) -> None:
    """w <- sgn(w) max(|w| - amount, 0), in place, after a step with amount = rate * l1.

    The subgradient steps over zero and back for ever; this lands on it: w - clip(w, -amount, amount) is exactly 0
    where |w| <= amount. Daubechies, Defrise & De Mol 2004.
    """
    w -= xp.clip(w, -amount, amount)

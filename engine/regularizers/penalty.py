"""The penalty of one weight and its gradient."""

from __future__ import annotations

from typing import Any

from engine.primitives import Array


def penalty(xp: Any, w: Array, l1: float, l2: float) -> float:
    """l1 * sum |w| + l2 / 2 * sum w^2."""
    total = 0.0
    if l1:
        total += l1 * float(xp.abs(w).sum())
    if l2:
        total += l2 / 2 * float((w * w).sum())
    return total


def add_gradient(xp: Any, g: Array, w: Array, l1: float, l2: float) -> None:
    """g <- g + l1 sign(w) + l2 w, in place."""
    if l1:
        g += l1 * xp.sign(w)
    if l2:
        g += l2 * w

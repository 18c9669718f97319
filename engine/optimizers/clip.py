"""Gradient clipping: before the update, on the gradients of all weights together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.primitives import Array


def clip_by_value(xp: Any, gradients: Sequence[Array], limit: float) -> None:
    """g <- clip(g, -limit, limit), in place; may turn the direction. NaN stays NaN. Mikolov 2012."""
    for g in gradients:
        xp.clip(g, -limit, limit, out=g)


def clip_by_norm(xp: Any, gradients: Sequence[Array], limit: float) -> Array:
    """g <- g min(1, limit / (G + 1e-6)), G = sqrt(sum over all gradients of g^2), in place; keeps the direction.

    Returns G as it was before. Squares are summed in float64, since float32 overflows from 1e19 on, where clipping is
    needed most. A gradient with NaN or Inf makes all of them NaN: better seen than hidden. Pascanu, Mikolov &
    Bengio 2013; the 1e-6 is torch's.
    """
    norm = global_norm(xp, gradients)
    share = limit / (norm + 1e-6)
    factor = xp.where(share < 1, share, xp.where(norm == norm, 1.0, norm))
    for g in gradients:
        g *= factor.astype(g.dtype)
    return norm


def global_norm(xp: Any, gradients: Sequence[Array]) -> Array:
    """sqrt(sum over all gradients of g^2), a float64 array without axes (on the device where the gradients are)."""
    total = xp.zeros((), dtype=xp.float64)
    for g in gradients:
        total = total + xp.square(g, dtype=xp.float64).sum()
    return xp.sqrt(total)

"""Sums and means that add up in float64 and come back in their operand's own type."""

from __future__ import annotations

from engine.primitives.base import Array

Axes = int | tuple[int, ...]


def total(a: Array, axes: Axes, *, keepdims: bool = False) -> Array:
    """Sum of a over ``axes``. Where large terms cancel, single precision would leave mostly their rounding."""
    return a.sum(axes, dtype="float64", keepdims=keepdims).astype(a.dtype, copy=False)


def average(a: Array, axes: Axes, *, keepdims: bool = False) -> Array:
    """Mean of a over ``axes``: of equal numbers just that number, so that what is centred by it is 0, not rounding
    that a normalisation then divides by next to nothing."""
    return a.mean(axes, dtype="float64", keepdims=keepdims).astype(a.dtype, copy=False)

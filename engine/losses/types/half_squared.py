"""Half squared error, the loss of textbook back-propagation."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss
from engine.primitives import Array


@LOSSES.add
class HalfSquaredError(Loss, id="half_squared", title="half squared error"):
    """l = sum over outputs of (y - t)^2 / 2; dl/dy = y - t. y, t (N, ...). Rumelhart, Hinton & Williams 1986."""

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Sum over all axes but the first."""
        d = (y - t).reshape(len(y), -1)
        return (d * d).sum(1) / 2

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """y - t."""
        return y - t

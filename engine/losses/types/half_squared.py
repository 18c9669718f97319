"""Half squared error, the loss of textbook back-propagation."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss, like, rows
from engine.primitives import Array


@LOSSES.add
class HalfSquaredError(Loss, id="half_squared", title="half squared error"):
    """l = sum over outputs of (y - t)^2 / 2; dl/dy = y - t. y, t (N, ...). Rumelhart, Hinton & Williams 1986."""

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Sum over all axes but the first."""
        d = rows(y - like(y, t))
        return (d * d).sum(1) / 2

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """y - t."""
        return y - like(y, t)

    def torch_text(self) -> str:
        """Sum of squares over twice the number of samples."""
        return "F.mse_loss(y, t, reduction='sum') / (2 * len(y))"

    def keras_text(self) -> str:
        """Sum of squares over twice the number of samples."""
        return "ops.sum(ops.square(y - t)) / (2 * ops.shape(y)[0])"

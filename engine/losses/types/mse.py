"""Mean squared error."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.primitives import Array


@LOSSES.add
class MeanSquaredError(Loss, id="mse", title="mean squared error"):
    """l = mean over outputs of (y - t)^2; dl/dy = 2 (y - t) / K. y, t (N, ...), K outputs. Gauss 1809."""

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        d = rows(y - like(y, t))
        return (d * d).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """2 (y - t) / K."""
        return (y - like(y, t)) * (2.0 / outputs(y))

    def torch_text(self) -> str:
        """mse_loss."""
        return "F.mse_loss(y, t)"

    def keras_text(self) -> str:
        """Mean of squares."""
        return "ops.mean(ops.square(y - t))"

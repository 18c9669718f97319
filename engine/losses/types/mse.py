"""Mean squared error."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss
from engine.primitives import Array


@LOSSES.add
class MeanSquaredError(Loss, id="mse", title="mean squared error"):
    """l = mean over outputs of (y - t)^2; dl/dy = 2 (y - t) / K. y, t (N, ...), K outputs. Gauss 1809."""

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        d = (y - t).reshape(len(y), -1)
        return (d * d).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """2 (y - t) / K."""
        return (y - t) * (2.0 / (y.size // len(y)))

"""Mean absolute error."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.losses.elementwise import sign
from engine.primitives import Array


@LOSSES.add
class MeanAbsoluteError(Loss, id="mae", title="mean absolute error"):
    """l = mean over outputs of |y - t|; dl/dy = sgn(y - t) / K. y, t (N, ...), K outputs. Boscovich 1757, Laplace 1774.

    Its best constant prediction is the median, so that few outliers move it little. The slope at 0 is taken as 0.
    """

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        return xp.abs(rows(y - like(y, t))).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """sgn(y - t) / K."""
        return sign(xp, y - like(y, t)) / outputs(y)

    def torch_text(self) -> str:
        """l1_loss."""
        return "F.l1_loss(y, t)"

    def keras_text(self) -> str:
        """Mean of absolute values."""
        return "ops.mean(ops.abs(y - t))"

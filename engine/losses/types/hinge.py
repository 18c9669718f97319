"""Hinge loss of one output per decision."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.declare import Float
from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.losses.elementwise import step_up
from engine.primitives import Array


@LOSSES.add
class Hinge(Loss, id="hinge", title="hinge loss"):
    """l = mean over outputs of max(0, m - s y), s = 1 where t > 0, else -1; dl/dy = -s / K inside the margin, else 0.

    y raw scores, t in {0, 1} or {-1, 1} (N, ...), m margin, K outputs. The answer is class 1 where y > 0.
    Cortes & Vapnik 1995.
    """

    margin: float = Float(1.0, low=0.0, low_open=True, help="Score from which a right answer costs nothing.")

    target: ClassVar[Literal["classes", "binary", "values"]] = "binary"
    threshold: ClassVar[float] = 0.0

    def _side(self, xp: Any, y: Array, t: Array) -> Array:
        return xp.where(like(y, t) > 0, 1, -1).astype(y.dtype)

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        return rows(xp.maximum(self.margin - self._side(xp, y, t) * y, 0)).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """-s / K inside the margin."""
        side = self._side(xp, y, t)
        return -side * step_up(xp, self.margin - side * y) / outputs(y)

    def torch_text(self) -> str:
        """relu of what is missing to the margin."""
        return f"F.relu({self.margin!r} - torch.where(t > 0, y, -y)).mean()"

    def keras_text(self) -> str:
        """relu of what is missing to the margin."""
        return f"ops.mean(ops.relu({self.margin!r} - ops.where(t > 0, y, -y)))"

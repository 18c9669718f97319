"""The rectifier whose leak is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise
from engine.primitives.sums import total


@primitive
class PReLU(Elementwise):
    """y = x where x > 0, else alpha x. x, y (N, C, ...), alpha (C,) or (1,). He et al. 2015."""

    id: ClassVar[str] = "prelu"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise; NaN stays NaN."""
        x, alpha = inputs
        return ctx.xp.where(x > 0, x, x * _along(alpha, x)), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy where x > 0, else alpha dy; dalpha = sum of dy x over x <= 0."""
        xp, (x, alpha) = ctx.xp, inputs
        dx = xp.where(x > 0, grad, grad * _along(alpha, x)) if needs[0] else None
        if not needs[1]:
            return dx, None
        parts = xp.where(x > 0, 0, grad * x).reshape(*x.shape[:2], -1)
        return dx, (total(parts, (0, 2)) if len(alpha) > 1 else total(parts, (0, 1, 2)).reshape(1))


def _along(alpha: Array, x: Array) -> Array:
    return alpha.reshape(-1, *(1 for _ in x.shape[2:]))

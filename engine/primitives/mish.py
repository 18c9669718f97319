"""The mish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise
from engine.primitives.sigmoid import logistic


@primitive
class Mish(Elementwise):
    """y = x t, t = tanh(ln(1 + exp(x))). Any shape. Misra 2019."""

    id: ClassVar[str] = "mish"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps t."""
        xp, x = ctx.xp, inputs[0]
        t = xp.tanh(xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x))))
        return x * t, t

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (t + x (1 - t^2) / (1 + exp(-x)))."""
        slope = 1 - saved * saved
        slope *= logistic(ctx.xp, inputs[0])
        slope *= inputs[0]
        slope += saved
        return (grad * slope,)

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One number per element."""
        return itemsize * size(inputs[0])

"""The logistic function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class Sigmoid(Primitive):
    """y = 1 / (1 + exp(-x)); dy/dx = y (1 - y) <= 1/4. Any shape."""

    id: ClassVar[str] = "sigmoid"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Computed from exp(-|x|), which never overflows; NaN stays NaN."""
        return logistic(ctx.xp, inputs[0]), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy y (1 - y)."""
        return (grad * output * (1 - output),)


def logistic(xp: Any, x: Array) -> Array:
    """1 / (1 + exp(-x)), elementwise."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x < 0, e, 1) / (1 + e)

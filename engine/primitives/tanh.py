"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class Tanh(Primitive):
    """y = tanh x; dy/dx = 1 - y^2 <= 1. Any shape."""

    id: ClassVar[str] = "tanh"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """tanh, elementwise."""
        return ctx.xp.tanh(inputs[0]), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (1 - y^2)."""
        return (grad * (1 - output * output),)

"""The rectifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class ReLU(Primitive):
    """y = max(x, 0); dy/dx = 1 where x > 0, else 0 (0 at the kink, as torch). Any shape."""

    id: ClassVar[str] = "relu"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """max(x, 0); NaN stays NaN."""
        return ctx.xp.maximum(inputs[0], 0), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy where y > 0. A NaN of dy stays where the unit is on."""
        return (ctx.xp.where(output > 0, grad, 0),)

"""The threshold of the perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
class Step(Elementwise):
    """y = 1 where x > 0, else 0; slope zero everywhere. Any shape. McCulloch & Pitts 1943; Rosenblatt 1958."""

    id: ClassVar[str] = "step"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """The unit step; NaN stays NaN."""
        x = inputs[0]
        return ctx.xp.where(x == x, x > 0, x), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = 0: no gradient passes."""
        return (ctx.xp.zeros_like(grad),)

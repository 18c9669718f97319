"""The smooth rectifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
class Softplus(Elementwise):
    """y = ln(1 + exp(x)); dy/dx = 1 / (1 + exp(-x)). Any shape. Dugas et al. 2001."""

    id: ClassVar[str] = "softplus"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """max(x, 0) + ln(1 + exp(-|x|)), which never overflows."""
        xp, x = ctx.xp, inputs[0]
        return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x))), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (1 - exp(-y)), which is the sigmoid of x."""
        return (grad * -ctx.xp.expm1(-output),)

"""The exponential linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class ELU(Elementwise):
    """y = scale x where x > 0, else scale alpha (exp(x) - 1); scale, alpha >= 0. Any shape. Clevert et al. 2016."""

    alpha: float = 1.0
    scale: float = 1.0

    id: ClassVar[str] = "elu"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """exp of min(x, 0) alone, which never overflows; NaN stays NaN."""
        xp, x = ctx.xp, inputs[0]
        return xp.where(x > 0, x * self.scale, xp.expm1(xp.minimum(x, 0)) * (self.alpha * self.scale)), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = scale dy where y > 0, else dy (y + scale alpha)."""
        slope = ctx.xp.where(output > 0, self.scale, output + self.alpha * self.scale)
        return (grad * slope.astype(grad.dtype, copy=False),)

"""The rectifier with a leak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class LeakyReLU(Elementwise):
    """y = x where x > 0, else slope x; slope >= 0. Any shape. Maas, Hannun & Ng 2013."""

    slope: float = 0.01

    id: ClassVar[str] = "leaky_relu"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise; NaN stays NaN."""
        x = inputs[0]
        return ctx.xp.where(x > 0, x, x * self.slope), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy where y > 0, else slope dy: with slope >= 0, y > 0 just where x > 0."""
        return (ctx.xp.where(output > 0, grad, grad * self.slope),)

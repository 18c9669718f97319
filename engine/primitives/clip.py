"""A line between two bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class Clip(Elementwise):
    """y = min(max(slope x + offset, low), high); slope dy between the bounds, else 0. Any shape. Collobert 2004."""

    low: float = -1.0
    high: float = 1.0
    slope: float = 1.0
    offset: float = 0.0

    id: ClassVar[str] = "clip"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """NaN stays NaN."""
        y = inputs[0] * self.slope
        y += self.offset
        return ctx.xp.clip(y, self.low, self.high, out=y), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = slope dy where low < y < high."""
        return (ctx.xp.where((output > self.low) & (output < self.high), grad * self.slope, 0),)

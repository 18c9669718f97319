"""Additive noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class GaussianNoise(Elementwise):
    """y = x + deviation n, n ~ N(0, 1) by Box & Muller 1958; y = x outside training. Any shape. Bishop 1995.

    n = sqrt(-2 ln u) cos(2 pi v), u and v from two random words per element: replayable as dropout is.
    """

    deviation: float = 0.1
    stream: int = 0

    id: ClassVar[str] = "gaussian_noise"
    keeps_inputs: ClassVar[bool] = False
    random: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps nothing."""
        x = inputs[0]
        if not ctx.training or self.deviation == 0:
            return x, None
        xp = ctx.xp
        u = (ctx.uniform_bits(self.stream, (*x.shape, 2)) + xp.float64(0.5)) / 2.0**32
        noise = xp.sqrt(-2 * xp.log(u[..., 0])) * xp.cos(2 * math.pi * u[..., 1])
        return x + (self.deviation * noise).astype(x.dtype), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy."""
        return (grad,)

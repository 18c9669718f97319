"""Sines and cosines that tell places apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class AddSinusoid(Elementwise):
    """y_t = x_t + p_t, p_(t,2i) = sin(t / period^(2i/D)), p_(t,2i+1) = cos of the same.

    x, y (N, T, D). Vaswani et al. 2017.
    """

    period: float = 10000.0

    id: ClassVar[str] = "add_sinusoid"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """The waves are computed in float64 and rounded once."""
        xp, x = ctx.xp, inputs[0]
        places, width = x.shape[-2:]
        angle = xp.arange(places)[:, None] / self.period ** (xp.arange(0, width, 2) / width)
        waves = xp.stack((xp.sin(angle), xp.cos(angle)), -1).reshape(places, -1)[:, :width]
        return x + waves.astype(x.dtype), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy."""
        return (grad,)

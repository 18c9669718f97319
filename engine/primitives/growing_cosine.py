"""The growing cosine unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
class GrowingCosine(Elementwise):
    """y = x cos x; dy/dx = cos x - x sin x. Any shape. Noel, Trivedi & Dutta 2021: one such unit solves XOR."""

    id: ClassVar[str] = "growing_cosine"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise."""
        return inputs[0] * ctx.xp.cos(inputs[0]), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (cos x - x sin x)."""
        x = inputs[0]
        return (grad * (ctx.xp.cos(x) - x * ctx.xp.sin(x)),)

"""The sigmoid-weighted linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise
from engine.primitives.sigmoid import logistic


@primitive
class SiLU(Elementwise):
    """y = x s(x), s(x) = 1 / (1 + exp(-x)). Any shape. Elfwing, Uchibe & Doya 2018 (also "swish")."""

    id: ClassVar[str] = "silu"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps s(x)."""
        s = logistic(ctx.xp, inputs[0])
        return inputs[0] * s, s

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy s (1 + x (1 - s))."""
        slope = 1 - saved
        slope *= inputs[0]
        slope += 1
        slope *= saved
        return (grad * slope,)

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One number per element."""
        return itemsize * size(inputs[0])

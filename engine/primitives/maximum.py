"""Largest of several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise


@primitive
class Maximum(Elementwise):
    """y = max(x1, x2, ...), elementwise. Any shape, the same for all. Among equals the first wins.

    Goodfellow et al. 2013 (maxout).
    """

    id: ClassVar[str] = "maximum"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps the number of the winner. NaN is larger than any number."""
        xp = ctx.xp
        y, winner = inputs[0].copy(), xp.zeros(inputs[0].shape, dtype=xp.uint8)
        for k, x in enumerate(inputs[1:], 1):
            winner[(x > y) | ((x != x) & (y == y))] = k
            xp.maximum(y, x, out=y)
        return y, winner

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx_k = dy where input k won."""
        return tuple(ctx.xp.where(saved == k, grad, 0) if need else None for k, need in enumerate(needs))

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One byte per element."""
        return size(inputs[0])

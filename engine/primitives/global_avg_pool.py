"""Mean over each whole feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class GlobalAvgPool(Primitive):
    """y_c = mean over h, w of x_(c,h,w). x (N, C, ...), y (N, C). Lin, Chen & Yan 2014."""

    id: ClassVar[str] = "global_avg_pool"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """(C, ...) -> (C,)."""
        return inputs[0][:1]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps the shape of x."""
        x = inputs[0]
        return x.reshape(*x.shape[:2], -1).mean(2), x.shape

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy / (H W) everywhere."""
        cells = 1
        for axis in saved[2:]:
            cells *= axis
        even = (grad / cells).reshape(*grad.shape, *(1 for _ in saved[2:]))
        return (ctx.xp.broadcast_to(even, saved).copy(),)

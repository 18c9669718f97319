"""Largest of each whole feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class GlobalMaxPool(Primitive):
    """y_c = max over h, w of x_(c,h,w). x (N, C, ...), y (N, C). Among equals the first wins. Oquab et al. 2015."""

    id: ClassVar[str] = "global_max_pool"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """(C, ...) -> (C,)."""
        return inputs[0][:1]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps (place of the winner, shape of x)."""
        x = inputs[0]
        rows = x.reshape(*x.shape[:2], -1)
        winner = rows.argmax(2).astype(ctx.xp.int32)[:, :, None]
        return ctx.xp.take_along_axis(rows, winner, 2)[:, :, 0], (winner, x.shape)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx: dy at the winner."""
        winner, shape = saved
        xp = ctx.xp
        cells = 1
        for axis in shape[2:]:
            cells *= axis
        dx = xp.zeros((shape[0] * shape[1], cells), dtype=grad.dtype)
        dx[xp.arange(len(dx)), winner.ravel()] = grad.ravel()
        return (dx.reshape(shape),)

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """Four bytes per map."""
        return 4 * inputs[0][0]

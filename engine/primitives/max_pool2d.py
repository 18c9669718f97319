"""Maximum over a sliding window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size
from engine.primitives.window import Pads, Pair, Window


@primitive
@dataclass(frozen=True)
class MaxPool2d(Primitive):
    """y = max over the window of x, -inf outside. x (N, C, H, W), y (N, C, Ho, Wo). Ranzato et al. 2007.

    Among equals the first wins, as in torch, and the gradient goes to that one cell. NaN is larger than any number, so
    it is seen behind the pool.
    """

    kernel: Pair = (2, 2)
    stride: Pair = (2, 2)
    pads: Pads = (0, 0, 0, 0)

    id: ClassVar[str] = "max_pool2d"
    keeps_inputs: ClassVar[bool] = False

    @property
    def window(self) -> Window:
        """The geometry."""
        return Window(self.kernel, self.stride, self.pads)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, Ho, Wo)."""
        return (*inputs[0][:-2], *self.window.out(inputs[0]))

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps (number of the winning cell within its window, shape of x)."""
        xp, x, window = ctx.xp, inputs[0], self.window
        out = window.out(x.shape)
        padded = window.padded(xp, x, -xp.inf)
        small = xp.uint8 if size(self.kernel) <= 256 else xp.uint16
        best: Array = None
        winner = xp.zeros((*x.shape[:-2], *out), dtype=small)
        for i, j, view in window.views(padded, out):
            if best is None:
                best = view.copy()
                continue
            # Cells come in rising order, so the last that beats all before it has the largest number.
            beats = ((view > best) | (view != view)).astype(small)
            beats *= small(i * self.kernel[1] + j)
            xp.maximum(winner, beats, out=winner)
            xp.maximum(best, view, out=best)
        return best, (winner, x.shape)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx: dy at each window's winner, summed where windows overlap."""
        winner, shape = saved
        xp, window = ctx.xp, self.window
        dx = xp.zeros(shape, dtype=grad.dtype)
        padded = window.border(xp, dx, 0.0) if any(self.pads) else dx
        for i, j, view in window.views(padded, window.out(shape)):
            view += xp.where(winner == i * self.kernel[1] + j, grad, 0)
        return (window.inside(padded) if any(self.pads) else dx,)

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One or two bytes per output."""
        return size(self.shape(*inputs)) * (1 if size(self.kernel) <= 256 else 2)

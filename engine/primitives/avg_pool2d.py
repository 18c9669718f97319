"""Mean over a sliding window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive
from engine.primitives.window import Pads, Pair, Window


@primitive
@dataclass(frozen=True)
class AvgPool2d(Primitive):
    """y = mean of x over the cells of the window that lie on the image. x (N, C, H, W), y (N, C, Ho, Wo).

    Padding is not counted, as in ONNX by default. LeCun et al. 1998.
    """

    kernel: Pair = (2, 2)
    stride: Pair = (2, 2)
    pads: Pads = (0, 0, 0, 0)

    id: ClassVar[str] = "avg_pool2d"
    keeps_inputs: ClassVar[bool] = False

    @property
    def window(self) -> Window:
        """The geometry."""
        return Window(self.kernel, self.stride, self.pads)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, Ho, Wo)."""
        return (*inputs[0][:-2], *self.window.out(inputs[0]))

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """The sum over the window, then the share of each place. Keeps the shape of x."""
        xp, x, window = ctx.xp, inputs[0], self.window
        out = window.out(x.shape)
        y = xp.zeros((*x.shape[:-2], *out), dtype=x.dtype)
        for _, _, view in window.views(window.padded(xp, x, 0.0), out):
            y += view
        y *= self._share(xp, x)
        return y, x.shape

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx: each window's share of dy, summed over the windows that saw the cell."""
        xp, window = ctx.xp, self.window
        dx = xp.zeros(saved, dtype=grad.dtype)
        padded = window.border(xp, dx, 0.0) if any(self.pads) else dx
        share = grad * self._share(xp, dx)
        for _, _, view in window.views(padded, window.out(saved)):
            view += share
        return (window.inside(padded) if any(self.pads) else dx,)

    def _share(self, xp: Any, x: Array) -> Array:
        return xp.asarray(1 / self.window.counts(x.shape), dtype=x.dtype)

"""Transposed convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size
from engine.primitives.conv2d import correlate, kernel_gradient, spread
from engine.primitives.sums import total
from engine.primitives.window import Pads, Pair, Window


@primitive
@dataclass(frozen=True)
class ConvTranspose2d(Primitive):
    """y_o = sum over c, i, j of w_(c,o,i,j) x_c spread over the image with steps of s: the transpose of a convolution.

    x (N, C, H, W), w (C, O, kh, kw), b (O,), y (N, O, Ho, Wo), Ho = (H - 1) s + d (kh - 1) + 1 + extra - top - bottom.
    Zeiler et al. 2010.
    """

    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    extra: Pair = (0, 0)

    id: ClassVar[str] = "conv_transpose2d"

    def window(self, w: Shape) -> Window:
        """The geometry of the convolution that this transposes."""
        return Window((w[-2], w[-1]), self.stride, self.pads, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W), (C, O, kh, kw)[, (O,)] -> (O, Ho, Wo)."""
        top, left, bottom, right = self.pads
        sides = (top + bottom, left + right)
        out = (
            (length - 1) * s + d * (k - 1) + 1 + extra - taken
            for length, s, d, k, extra, taken in zip(
                inputs[0][1:], self.stride, self.dilation, inputs[1][2:], self.extra, sides, strict=True
            )
        )
        return (inputs[1][1], *out)

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps nothing."""
        x, w = inputs[0], inputs[1]
        image = self.shape(x.shape[1:], w.shape)[1:]
        y = spread(ctx.xp, x, w, self.window(w.shape), 1, image)
        if len(inputs) > 2:
            y += inputs[2][:, None, None]
        return y, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = w * dy, dw = the kernel gradient with x and dy in each other's place, db = sum dy."""
        x, w = inputs[0], inputs[1]
        window = self.window(w.shape)
        dx = correlate(ctx.xp, grad, w, window, 1) if needs[0] else None
        dw = kernel_gradient(ctx.xp, grad, x, w.shape, window, 1) if needs[1] else None
        if len(inputs) == 2:
            return dx, dw
        return dx, dw, (total(grad, (0, 2, 3)) if needs[2] else None)

    def macs(self, *inputs: Shape) -> int:
        """H W C O kh kw."""
        return size(inputs[0]) * size(inputs[1][1:])

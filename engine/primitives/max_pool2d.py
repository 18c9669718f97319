"""Maximum over a sliding window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size
from engine.primitives.window import Pads, Pair, Window, chunks


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
        shape = (*x.shape[:-2], *window.out(x.shape))
        y, winner = xp.empty(shape, dtype=x.dtype), xp.zeros(shape, dtype=self._small(xp))
        padded = window.padded(xp, x, -xp.inf)
        for part in chunks(xp, len(x), 4 * x.itemsize * size(shape[1:])):
            self._compete(xp, padded[part], y[part], winner[part])
        return y, (winner, x.shape)

    def _compete(self, xp: Any, padded: Array, best: Array, winner: Array) -> None:
        """One kernel cell after the other; numbers rise, so the last that beats all before it has the largest."""
        cell, flag, number = xp.empty_like(best), xp.empty(best.shape, dtype=bool), xp.empty_like(winner)
        for i, j, view in self.window.views(padded, best.shape[-2:]):
            if i == j == 0:
                best[...] = view
                continue
            cell[...] = view
            xp.greater(cell, best, out=flag)
            flag |= cell != cell  # NaN beats what came before
            xp.multiply(flag, winner.dtype.type(i * self.kernel[1] + j), out=number)
            xp.maximum(winner, number, out=winner)
            xp.maximum(best, cell, out=best)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx: dy at each window's winner, summed where windows overlap."""
        winner, shape = saved
        xp, window = ctx.xp, self.window
        dx = xp.zeros(shape, dtype=grad.dtype)
        padded = window.border(xp, dx, 0.0) if any(self.pads) else dx
        overlap = self.stride[0] < self.kernel[0] or self.stride[1] < self.kernel[1]
        for part in chunks(xp, len(grad), 4 * grad.itemsize * size(grad.shape[1:])):
            for i, j, view in window.views(padded[part], grad.shape[-2:]):
                won = _only(xp, grad[part], winner[part] == i * self.kernel[1] + j)
                if overlap:
                    view += won
                else:
                    view[...] = won
        return (window.inside(padded) if any(self.pads) else dx,)

    def _small(self, xp: Any) -> Any:
        return xp.uint8 if size(self.kernel) <= 256 else xp.uint16

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One or two bytes per output."""
        return size(self.shape(*inputs)) * (1 if size(self.kernel) <= 256 else 2)


def _only(xp: Any, grad: Array, mask: Array) -> Array:
    """grad where mask, else 0, by its bits: a product would leave NaN behind, ``where`` is slower."""
    bits = xp.negative(mask.view(xp.int8)).astype(f"i{grad.itemsize}")
    bits &= xp.ascontiguousarray(grad).view(bits.dtype)
    return bits.view(grad.dtype)

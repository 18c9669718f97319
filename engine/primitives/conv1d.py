"""One-dimensional convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive
from engine.primitives.conv2d import Conv2d


@primitive
@dataclass(frozen=True)
class Conv1d(Primitive):
    """y_o = sum over c, i of w_(o,c,i) x_(c, s t + d i - before) (+ b_o): a convolution of images one row high.

    x (N, C, L), w (O, C / groups, k), b (O,), y (N, O, Lo), Lo = floor((L + before + after - d (k - 1) - 1) / s) + 1.
    """

    stride: int = 1
    pads: tuple[int, int] = (0, 0)
    dilation: int = 1
    groups: int = 1

    id: ClassVar[str] = "conv1d"

    @property
    def image(self) -> Conv2d:
        """The same over rows."""
        return Conv2d((1, self.stride), (0, self.pads[0], 0, self.pads[1]), (1, self.dilation), self.groups)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, L), (O, C / groups, k)[, (O,)] -> (O, Lo)."""
        o, _, lo = self.image.shape(_row(inputs[0]), _row(inputs[1]))
        return (o, lo)

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """That of the image."""
        y, saved = self.image.forward(ctx, *_rows(inputs))
        return y[:, :, 0], saved

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """That of the image."""
        parts = self.image.backward(ctx, grad[:, :, None], saved, _rows(inputs), None, needs)
        return [p if p is None or p.ndim < 4 else p[:, :, 0] for p in parts]

    def macs(self, *inputs: Shape) -> int:
        """Lo O (C / groups) k."""
        return self.image.macs(_row(inputs[0]), _row(inputs[1]))


def _row(shape: Shape) -> Shape:
    return (*shape[:-1], 1, shape[-1])


def _rows(inputs: Sequence[Array]) -> list[Array]:
    return [inputs[0][:, :, None], inputs[1][:, :, None], *inputs[2:]]

"""Larger images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.primitives.base import Array, Context, Primitive, Shape, primitive
from engine.primitives.window import Pair


@primitive
@dataclass(frozen=True)
class Upsample(Primitive):
    """y = A x B^T for each map: A (s H, H) and B (t W, W) repeat cells ("nearest") or interpolate ("bilinear").

    x (N, C, H, W), y (N, C, s H, t W). Bilinear reads x at (h + 1/2) / s - 1/2, held at the border, as torch does
    without aligned corners. Odena, Dumoulin & Olah 2016.
    """

    scale: Pair = (2, 2)
    mode: str = "nearest"

    id: ClassVar[str] = "upsample"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, s H, t W)."""
        c, h, w = inputs[0]
        return (c, h * self.scale[0], w * self.scale[1])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps the shape of x."""
        x = inputs[0]
        if self.mode == "nearest":
            return x.repeat(self.scale[0], 2).repeat(self.scale[1], 3), x.shape
        rows, columns = self._weights(ctx.xp, x)
        return rows @ x @ columns.T, x.shape

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = A^T dy B."""
        n, c, h, w = saved
        if self.mode == "nearest":
            return (grad.reshape(n, c, h, self.scale[0], w, self.scale[1]).sum((3, 5)),)
        like = ctx.xp.empty(saved, dtype=grad.dtype)
        rows, columns = self._weights(ctx.xp, like)
        return (rows.T @ grad @ columns,)

    def _weights(self, xp: Any, x: Array) -> tuple[Array, Array]:
        rows, columns = (_interpolation(length, s) for length, s in zip(x.shape[2:], self.scale, strict=True))
        return xp.asarray(rows, dtype=x.dtype), xp.asarray(columns, dtype=x.dtype)

    def macs(self, *inputs: Shape) -> int:
        """None is counted: interpolation is no product with weights that are learned."""
        return 0


def _interpolation(length: int, scale: int) -> NDArray[np.float64]:
    """(scale length, length): row r holds the shares of the two cells that r lies between."""
    at = np.maximum((np.arange(length * scale) + 0.5) / scale - 0.5, 0)
    below = at.astype(int)
    above = np.minimum(below + 1, length - 1)
    shares = np.zeros((length * scale, length))
    rows = np.arange(length * scale)
    np.add.at(shares, (rows, below), 1 - (at - below))
    np.add.at(shares, (rows, above), at - below)
    return shares

"""An affine map with constants, one for all or one per feature or channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class ScaleShift(Elementwise):
    """y = (x - center) scale + shift. x, y (N, C, ...); each constant has one value, or C along the first axis.

    The centre is taken off first, so that a mean far larger than the spread costs no digits.
    """

    scale: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = (0.0,)
    center: tuple[float, ...] = (0.0,)

    id: ClassVar[str] = "scale_shift"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Steps that would change nothing are left out."""
        x = inputs[0]
        y = x - _along(ctx.xp, self.center, x) if any(self.center) else x
        y = y * _along(ctx.xp, self.scale, x)
        if any(self.shift):
            y += _along(ctx.xp, self.shift, x)
        return y, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy scale."""
        return (grad * _along(ctx.xp, self.scale, grad),)


def _along(xp: Any, constants: tuple[float, ...], x: Array) -> Array:
    return xp.asarray(constants, dtype=x.dtype).reshape(-1, *(1 for _ in x.shape[2:]))

"""The axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
@dataclass(frozen=True)
class Permute(Primitive):
    """y = x with its axes in the given order, counted per sample from 0. (A, B, C) -> (C, A, B) for order (2, 0, 1)."""

    order: tuple[int, ...] = ()

    id: ClassVar[str] = "permute"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """The axes in that order."""
        return tuple(inputs[0][k] for k in self.order)

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Copied, so that what follows reads it in order."""
        return ctx.xp.ascontiguousarray(inputs[0].transpose(0, *(k + 1 for k in self.order))), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy with its axes back in place."""
        back = [self.order.index(k) + 1 for k in range(len(self.order))]
        return (ctx.xp.ascontiguousarray(grad.transpose(0, *back)),)

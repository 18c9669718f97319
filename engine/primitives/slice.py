"""A part of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
@dataclass(frozen=True)
class Slice(Primitive):
    """y_k = x_(start + k step), k below count, along ``axis`` of a sample. (..., A, ...) -> (..., count, ...)."""

    axis: int = 0
    start: int = 0
    count: int = 1
    step: int = 1

    id: ClassVar[str] = "slice"
    keeps_inputs: ClassVar[bool] = False

    @property
    def index(self) -> tuple[slice, ...]:
        """What is taken of the whole array."""
        end = self.start + (self.count - 1) * self.step + 1
        return (*(slice(None),) * (self.axis + 1), slice(self.start, end, self.step))

    def shape(self, *inputs: Shape) -> Shape:
        """As many along the axis as are taken."""
        return (*inputs[0][: self.axis], self.count, *inputs[0][self.axis + 1 :])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """A copy, so that what follows lies in one piece; keeps the shape."""
        return ctx.xp.ascontiguousarray(inputs[0][self.index]), inputs[0].shape

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dy in its place, 0 elsewhere."""
        dx = ctx.xp.zeros(saved, dtype=grad.dtype)
        dx[self.index] = grad
        return (dx,)

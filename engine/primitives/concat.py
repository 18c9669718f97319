"""Tensors side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
@dataclass(frozen=True)
class Concat(Primitive):
    """y = x1, x2, ... one after the other along ``axis``, counted per sample. (A, ...), (B, ...) -> (A + B, ...)."""

    axis: int = 0

    id: ClassVar[str] = "concat"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """The sum along the axis; the other axes are those of the first."""
        joined = list(inputs[0])
        joined[self.axis] = sum(s[self.axis] for s in inputs)
        return tuple(joined)

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps where each input ends."""
        ends, at = [], 0
        for x in inputs:
            at += x.shape[self.axis + 1]
            ends.append(at)
        return ctx.xp.concatenate(inputs, self.axis + 1), ends

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx_k = its part of dy."""
        whole = (slice(None),) * (self.axis + 1)
        starts = [0, *saved[:-1]]
        return tuple(
            grad[(*whole, slice(a, b))] if need else None for a, b, need in zip(starts, saved, needs, strict=True)
        )

"""Product of several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive
from engine.primitives.sums import total


@primitive
class Multiply(Primitive):
    """y = x1 x2 ..., elementwise. Axes of one cell are repeated: (C, H, W) by (C, 1, 1).

    Hochreiter & Schmidhuber 1997 (gates).
    """

    id: ClassVar[str] = "multiply"

    def shape(self, *inputs: Shape) -> Shape:
        """The larger of each axis."""
        return tuple(max(axis) for axis in zip(*inputs, strict=True))

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Two or more inputs, from left to right."""
        return _product(inputs), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx_k = dy times the others, summed over repeated axes."""
        found: list[Array | None] = []
        for k, need in enumerate(needs):
            part = _product((grad, *inputs[:k], *inputs[k + 1 :])) if need else None
            if part is not None:
                axes = tuple(a for a, (there, own) in enumerate(zip(part.shape, inputs[k].shape)) if own < there)
                part = total(part, axes, keepdims=True) if axes else part
            found.append(part)
        return found


def _product(factors: Sequence[Array]) -> Array:
    y = factors[0]
    for x in factors[1:]:
        y = y * x
    return y

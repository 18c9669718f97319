"""Sum of several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
class Add(Elementwise):
    """y = x1 + x2 + ... Any shape, the same for all; summed from left to right. He et al. 2016 (residuals)."""

    id: ClassVar[str] = "add"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Two or more inputs."""
        y = inputs[0] + inputs[1]
        for x in inputs[2:]:
            y += x
        return y, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx_k = dy, the same array for all."""
        return tuple(grad if need else None for need in needs)

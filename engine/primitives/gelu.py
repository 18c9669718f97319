"""The Gaussian error linear unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise
from engine.primitives.erf import erf


@primitive
class GELU(Elementwise):
    """y = x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2, the normal distribution function. Hendrycks & Gimpel 2016."""

    id: ClassVar[str] = "gelu"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps Phi(x), whose error function is the costly part."""
        x = inputs[0]
        phi = erf(ctx.xp, x * math.sqrt(0.5))
        phi += 1
        phi *= 0.5
        return x * phi, phi

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (Phi(x) + x phi(x)), phi the normal density."""
        x = inputs[0]
        slope = ctx.xp.exp(x * x * -0.5)
        slope *= x
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += saved
        slope *= grad
        return (slope,)

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One number per element."""
        return itemsize * size(inputs[0])

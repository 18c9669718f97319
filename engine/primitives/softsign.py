"""The softsign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
class Softsign(Elementwise):
    """y = x / (1 + |x|); dy/dx = (1 - |y|)^2. Any shape. Bergstra et al. 2009; Glorot & Bengio 2010."""

    id: ClassVar[str] = "softsign"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise."""
        return inputs[0] / (1 + ctx.xp.abs(inputs[0])), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy (1 - |y|)^2."""
        rest = 1 - ctx.xp.abs(output)
        return (grad * rest * rest,)

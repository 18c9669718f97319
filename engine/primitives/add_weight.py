"""A learned offset for each place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise
from engine.primitives.sums import total


@primitive
class AddWeight(Elementwise):
    """y = x + w, w of one sample's shape. x, y (N, ...), w (...)."""

    id: ClassVar[str] = "add_weight"
    keeps_inputs: ClassVar[bool] = False

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise."""
        return inputs[0] + inputs[1], None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy, dw = sum of dy over the batch."""
        return grad, (total(grad, 0) if needs[1] else None)

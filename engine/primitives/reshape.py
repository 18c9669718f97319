"""Another view of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
@dataclass(frozen=True)
class Reshape(Primitive):
    """y = x in the shape ``target``, in C order, sample by sample. x (N, ...), y (N, *target). May share x's memory."""

    target: Shape = ()

    id: ClassVar[str] = "reshape"
    keeps_inputs: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """The target."""
        return self.target

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps the shape of x."""
        return inputs[0].reshape(len(inputs[0]), *self.target), inputs[0].shape

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy in the shape of x."""
        return (grad.reshape(saved),)

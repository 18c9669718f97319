"""A sine as an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class Sine(Elementwise):
    """y = sin(frequency x). Any shape. Sitzmann et al. 2020 (SIREN)."""

    frequency: float = 1.0

    id: ClassVar[str] = "sine"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Elementwise."""
        return ctx.xp.sin(inputs[0] * self.frequency), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = frequency cos(frequency x) dy."""
        slope = ctx.xp.cos(inputs[0] * self.frequency)
        slope *= self.frequency
        return (grad * slope,)

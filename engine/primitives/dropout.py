"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class Dropout(Elementwise):
    """y = x m / (1 - rate), each m 1 with probability 1 - rate, else 0; y = x outside training. Any shape.

    ``spatial``: one m for all cells of a channel, x (N, C, ...). Srivastava et al. 2014; Tompson et al. 2015.
    m = 1 where the element's random 32 bits >= rate 2^32, a pure function of (seed, stream, step, element).
    """

    rate: float = 0.5
    stream: int = 0
    spatial: bool = False

    id: ClassVar[str] = "dropout"
    keeps_inputs: ClassVar[bool] = False
    random: ClassVar[bool] = True

    @property
    def threshold(self) -> int:
        """The smallest random number that keeps its element."""
        return min(int(self.rate * 2.0**32), 2**32 - 1)

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps the mask. A dropped NaN stays NaN: it would come back in the next step."""
        if not ctx.training or self.rate == 0:
            return inputs[0], None
        shape = inputs[0].shape
        if self.spatial:
            shape = (*shape[:2], *(1 for _ in shape[2:]))
        keep = ctx.uniform_bits(self.stream, shape) >= ctx.xp.uint32(self.threshold)
        return self._apply(inputs[0], keep), keep

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy m / (1 - rate)."""
        return (grad if saved is None else self._apply(grad, saved),)

    def _apply(self, x: Array, keep: Array) -> Array:
        y = x * keep
        y *= 1 / (1 - self.rate)
        return y

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """One byte per element, or per channel."""
        return (inputs[0][0] if self.spatial else size(inputs[0])) if self.rate else 0

"""The softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise


@primitive
@dataclass(frozen=True)
class Softmax(Elementwise):
    """y_k = exp(x_k) / sum over j of exp(x_j) along ``axis``, counted per sample. Shape unchanged. Bridle 1990."""

    axis: int = -1

    id: ClassVar[str] = "softmax"
    keeps_inputs: ClassVar[bool] = False
    keeps_output: ClassVar[bool] = True

    def _axis(self) -> int:
        return self.axis + 1 if self.axis >= 0 else self.axis

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """The largest x is taken off first, so that exp never overflows; NaN spreads over its row."""
        x = inputs[0]
        e = ctx.xp.exp(x - x.max(self._axis(), keepdims=True))
        e /= e.sum(self._axis(), keepdims=True)
        return e, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx_k = y_k (dy_k - sum over j of dy_j y_j)."""
        inner = (grad * output).sum(self._axis(), keepdims=True)
        return ((grad - inner) * output,)

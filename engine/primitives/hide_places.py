"""A mask on attention scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.attention import NEVER
from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class HidePlaces(Primitive):
    """y_(h,t,u) = s_(h,t,u) where m_u is not 0, else a score that no softmax lets through. s (N, H, T, U), m (N, U).

    Vaswani et al. 2017.
    """

    id: ClassVar[str] = "hide_places"

    def shape(self, *inputs: Shape) -> Shape:
        """(H, T, U), (U,) -> (H, T, U)."""
        return inputs[0]

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """NaN in the mask hides nothing: it shows in the scores' own."""
        s, m = inputs
        return ctx.xp.where(m[:, None, None, :] != 0, s, s.dtype.type(NEVER)), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """ds = dy where m is not 0; a mask has no gradient."""
        seen = inputs[1][:, None, None, :] != 0
        return (grad * seen if needs[0] else None), None

"""Rows of a table, by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive


@primitive
class Embedding(Primitive):
    """y_t = w_(x_t): row x_t of the table. x (N, ...) whole numbers from 0 to V - 1, w (V, D), y (N, ..., D).

    Bengio et al. 2003.
    """

    id: ClassVar[str] = "embedding"

    def shape(self, *inputs: Shape) -> Shape:
        """(...), (V, D) -> (..., D)."""
        return (*inputs[0], inputs[1][1])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """IndexError names an id that the table does not have."""
        ids, w = inputs
        if ids.size and (int(ids.min()) < 0 or int(ids.max()) >= len(w)):
            worst = int(ids.min()) if int(ids.min()) < 0 else int(ids.max())
            raise IndexError(f"embedding: expected ids from 0 to {len(w) - 1}, got {worst}; enlarge the vocabulary")
        return w[ids], None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dw: each row the sum of dy where it was read. Ids have no gradient."""
        ids, w = inputs
        dw = ctx.xp.zeros_like(w)
        ctx.xp.add.at(dw, ids.ravel(), grad.reshape(-1, w.shape[1]))
        return None, dw

"""The affine map of a dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size
from engine.primitives.sums import total


@primitive
class Linear(Primitive):
    """y = x W^T (+ b) over the last axis. x (N, ..., I), W (O, I), b (O,), y (N, ..., O)."""

    id: ClassVar[str] = "linear"

    def shape(self, *inputs: Shape) -> Shape:
        """(..., I), (O, I)[, (O,)] -> (..., O)."""
        return (*inputs[0][:-1], inputs[1][0])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """One matrix product over the flattened leading axes."""
        x, w = inputs[0], inputs[1]
        y = x.reshape(-1, w.shape[1]) @ w.T
        if len(inputs) > 2:
            y += inputs[2]
        return y.reshape(*x.shape[:-1], w.shape[0]), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = dy W, dW = dy^T x, db = sum over rows of dy."""
        x, w = inputs[0], inputs[1]
        rows = grad.reshape(-1, w.shape[0])
        dx = (rows @ w).reshape(x.shape) if needs[0] else None
        dw = rows.T @ x.reshape(-1, w.shape[1]) if needs[1] else None
        if len(inputs) == 2:
            return dx, dw
        return dx, dw, (total(rows, 0) if needs[2] else None)

    def macs(self, *inputs: Shape) -> int:
        """I * O per row."""
        return size(inputs[0][:-1]) * inputs[1][0] * inputs[1][1]

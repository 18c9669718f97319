"""Huber's loss: squared near the target, absolute far from it."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.primitives import Array


@LOSSES.add
class Huber(Loss, id="huber", title="Huber loss"):
    """l = mean over outputs of h(y - t), h(d) = d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2).

    dl/dy = clip(y - t, -delta, delta) / K. y, t (N, ...), K outputs. Huber 1964.
    """

    delta: float = Float(
        1.0, low=0.0, low_open=True, help="Distance from the target beyond which the loss grows only linearly."
    )

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """With c = min(|d|, delta): c (|d| - c / 2), which is both branches in one."""
        distance = xp.abs(rows(y - like(y, t)))
        near = xp.minimum(distance, self.delta)
        return (near * (distance - near / 2)).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """clip(y - t, -delta, delta) / K."""
        return xp.clip(y - like(y, t), -self.delta, self.delta) / outputs(y)

    def torch_text(self) -> str:
        """huber_loss."""
        return f"F.huber_loss(y, t, delta={self.delta!r})"

    def keras_text(self) -> str:
        """With c = min(|d|, delta): mean of c (|d| - c / 2)."""
        near = f"ops.minimum(ops.abs(y - t), {self.delta!r})"
        return f"ops.mean({near} * (ops.abs(y - t) - {near} / 2))"

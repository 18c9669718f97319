"""Batch normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, primitive
from engine.primitives.elementwise import Elementwise
from engine.primitives.sums import average, total


@primitive
@dataclass(frozen=True)
class BatchNorm(Elementwise):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, per channel. x, y (N, C, ...), the other inputs (C,).

    In training: mean and biased variance over the batch and all axes but the channels'; the running statistics move by
    ``momentum`` towards the mean and the unbiased variance. Else: the running statistics. Ioffe & Szegedy 2015.
    Inputs: x, gamma, beta, running mean, running variance.
    """

    momentum: float = 0.1
    eps: float = 1e-5

    id: ClassVar[str] = "batch_norm"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps (mean, 1 / sqrt(var + eps)): two numbers per channel."""
        x, gamma, beta, running_mean, running_var = inputs
        rows = x.reshape(*x.shape[:2], -1)
        mean = average(rows, (0, 2)) if ctx.training else running_mean.copy()
        centred = rows - mean[:, None]
        var = average(centred * centred, (0, 2)) if ctx.training else running_var
        if ctx.training and ctx.update_state:
            count = rows.size // rows.shape[1]
            _move(running_mean, mean, self.momentum)
            _move(running_var, var * (count / max(count - 1, 1)), self.momentum)
        inverse = 1 / ctx.xp.sqrt(var + self.eps)
        centred *= (inverse * gamma)[:, None]
        centred += beta[:, None]
        return centred.reshape(x.shape), (mean, inverse)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = gamma / s (dy - mean(dy) - xhat mean(dy xhat)) in training, gamma / s dy else; dgamma, dbeta: sums.

        The two means over the batch are what the statistics themselves pass back.
        """
        mean, inverse = saved
        x, gamma = inputs[0], inputs[1]
        dy = grad.reshape(*x.shape[:2], -1)
        xhat = x.reshape(dy.shape) - mean[:, None]
        xhat *= inverse[:, None]
        dbeta, dgamma = total(dy, (0, 2)), total(dy * xhat, (0, 2))
        if ctx.training:
            count = dy.size // dy.shape[1]
            xhat *= (-dgamma / count)[:, None]
            xhat += dy - (dbeta / count)[:, None]
            dx = xhat
            dx *= (gamma * inverse)[:, None]
        else:
            dx = dy * (gamma * inverse)[:, None]
        return dx.reshape(x.shape), dgamma, dbeta, None, None


def _move(running: Array, batch: Array, momentum: float) -> None:
    running *= 1 - momentum
    running += momentum * batch

"""Group normalization, of which instance normalization is the case of one channel per group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive
from engine.primitives.elementwise import Elementwise
from engine.primitives.layer_norm import normalised, normalised_backward
from engine.primitives.sums import total


@primitive
@dataclass(frozen=True)
class GroupNorm(Elementwise):
    """y = gamma (x - mean) / sqrt(var + eps) + beta; mean and biased variance of each sample's group of channels.

    x, y (N, C, ...), gamma, beta (C,). Wu & He 2018; one group per channel: Ulyanov, Vedaldi & Lempitsky 2016.
    """

    groups: int = 1
    eps: float = 1e-5

    id: ClassVar[str] = "group_norm"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps (mean, 1 / sqrt(var + eps)) of each sample's groups."""
        x, gamma, beta = inputs
        xhat, mean, inverse = normalised(ctx.xp, x.reshape(len(x) * self.groups, -1), self.eps)
        y = xhat.reshape(*x.shape[:2], -1)
        y *= gamma[:, None]
        y += beta[:, None]
        return y.reshape(x.shape), (mean, inverse)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """As layer norm over each group; dgamma = sum dy xhat and dbeta = sum dy per channel."""
        x, gamma = inputs[0], inputs[1]
        mean, inverse = saved
        xhat = (x.reshape(len(mean), -1) - mean) * inverse
        dy = grad.reshape(*x.shape[:2], -1)
        dgamma, dbeta = total(dy * xhat.reshape(dy.shape), (0, 2)), total(dy, (0, 2))
        scaled = (dy * gamma[:, None]).reshape(xhat.shape)
        return normalised_backward(scaled, xhat, inverse).reshape(x.shape), dgamma, dbeta

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """Two numbers per group."""
        return 2 * itemsize * self.groups

"""Layer normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Shape, primitive, size
from engine.primitives.elementwise import Elementwise
from engine.primitives.sums import average, total


@primitive
@dataclass(frozen=True)
class LayerNorm(Elementwise):
    """y = gamma (x - mean) / sqrt(var + eps) + beta over the last axes, those of gamma.

    x, y (N, ..., D), gamma, beta (D).
    Mean and biased variance are those of one sample, so training and use are alike. Ba, Kiros & Hinton 2016.
    """

    eps: float = 1e-5

    id: ClassVar[str] = "layer_norm"

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """Keeps (mean, 1 / sqrt(var + eps)) of each row."""
        x, gamma, beta = inputs
        xhat, mean, inverse = normalised(ctx.xp, x.reshape(-1, gamma.size), self.eps)
        xhat *= gamma.ravel()
        xhat += beta.ravel()
        return xhat.reshape(x.shape), (mean, inverse)

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dx = (g - mean(g) - xhat mean(g xhat)) / s with g = gamma dy; dgamma = sum dy xhat, dbeta = sum dy."""
        x, gamma = inputs[0], inputs[1]
        rows = grad.reshape(-1, gamma.size)
        mean, inverse = saved
        xhat = (x.reshape(rows.shape) - mean) * inverse
        dgamma, dbeta = total(rows * xhat, 0).reshape(gamma.shape), total(rows, 0).reshape(gamma.shape)
        return normalised_backward(rows * gamma.ravel(), xhat, inverse).reshape(x.shape), dgamma, dbeta

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """Two numbers per row."""
        return 2 * itemsize * (size(inputs[0]) // size(inputs[1]))


def normalised(xp: Any, rows: Array, eps: float) -> tuple[Array, Array, Array]:
    """((x - mean) / s, mean, 1 / s) of each row of (R, D), s = sqrt(var + eps)."""
    mean = average(rows, 1, keepdims=True)
    centred = rows - mean
    inverse = 1 / xp.sqrt(average(centred * centred, 1, keepdims=True) + eps)
    centred *= inverse
    return centred, mean, inverse


def normalised_backward(grad: Array, xhat: Array, inverse: Array) -> Array:
    """What comes back through mean and deviation: (g - mean(g) - xhat mean(g xhat)) / s."""
    dx = grad - average(grad, 1, keepdims=True)
    dx -= xhat * average(grad * xhat, 1, keepdims=True)
    dx *= inverse
    return dx

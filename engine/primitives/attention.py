"""Scaled dot-product attention over several heads, in two halves: the softmax between them can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size

#: a score that no softmax lets through, yet finite, so that a search for infinities does not stop at it
NEVER = -1e30


@primitive
@dataclass(frozen=True)
class AttentionScores(Primitive):
    """s_(h,t,u) = q_(t,h) . k_(u,h) / sqrt(D / H), next to -inf where ``causal`` and u > t.

    q (N, T, D), k (N, U, D), s (N, H, T, U).
    Head h reads the h-th of H equal parts of the D features. Vaswani et al. 2017.
    """

    heads: int = 1
    causal: bool = False

    id: ClassVar[str] = "attention_scores"

    def shape(self, *inputs: Shape) -> Shape:
        """(T, D), (U, D) -> (H, T, U)."""
        return (self.heads, inputs[0][0], inputs[1][0])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """One product per head."""
        q, k = (_split(x, self.heads) for x in inputs)
        s = (q * self._scale(inputs[0])) @ k.swapaxes(2, 3)
        if self.causal:
            future = ctx.xp.triu(ctx.xp.ones(s.shape[2:], dtype=bool), 1)
            s[:, :, future] = NEVER
        return s, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dq = ds k / sqrt(D / H), dk = ds^T q / sqrt(D / H)."""
        q, k = (_split(x, self.heads) for x in inputs)
        ds = ctx.xp.tril(grad) if self.causal else grad
        ds = ds * self._scale(inputs[0])
        return _join(ds @ k) if needs[0] else None, _join(ds.swapaxes(2, 3) @ q) if needs[1] else None

    def _scale(self, q: Array) -> float:
        return math.sqrt(self.heads / q.shape[-1])

    def macs(self, *inputs: Shape) -> int:
        """T U D."""
        return size(inputs[0]) * inputs[1][0]


@primitive
class AttentionMix(Primitive):
    """y_(t,h) = sum over u of p_(h,t,u) v_(u,h). p (N, H, T, U), v (N, U, D), y (N, T, D). Vaswani et al. 2017."""

    id: ClassVar[str] = "attention_mix"

    def shape(self, *inputs: Shape) -> Shape:
        """(H, T, U), (U, D) -> (T, D)."""
        return (inputs[0][1], inputs[1][1])

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """One product per head."""
        p, v = inputs
        return _join(p @ _split(v, p.shape[1])), None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dp = dy v^T, dv = p^T dy."""
        p, v = inputs
        dy = _split(grad, p.shape[1])
        dp = dy @ _split(v, p.shape[1]).swapaxes(2, 3) if needs[0] else None
        return dp, _join(p.swapaxes(2, 3) @ dy) if needs[1] else None

    def macs(self, *inputs: Shape) -> int:
        """T U D."""
        return inputs[0][1] * size(inputs[1])


def _split(x: Array, heads: int) -> Array:
    """(N, T, D) -> (N, H, T, D / H)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _join(x: Array) -> Array:
    """(N, H, T, D / H) -> (N, T, D)."""
    return x.swapaxes(1, 2).reshape(len(x), x.shape[2], -1)

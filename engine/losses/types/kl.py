"""Kullback-Leibler divergence of a softmax from a target distribution."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.losses.base import LOSSES, Loss, like
from engine.losses.softmax import log_softmax, unfolded
from engine.primitives import Array, Shape


@LOSSES.add
class KullbackLeibler(Loss, id="kl", title="KL divergence"):
    """l = sum_c t_c (log t_c - log p_c), p = softmax(y); dl/dy = p sum_c t_c - t. 0 log 0 = 0.

    y logits, t probabilities, both (N, C), or (N, C, ...) and averaged over the positions. Kullback & Leibler 1951.
    """

    target: ClassVar[Literal["classes", "binary", "values"]] = "values"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    def check(self, y: Shape) -> str:
        """At least two outputs on the first axis."""
        if not y or y[0] < 2:
            came = y[0] if y else 1
            return f"{self.title} compares distributions over at least 2 outputs, but the prediction has {came}"
        return ""

    def check_target(self, y: Shape, t: Array) -> str:
        """Also: not below 0, where the logarithm ends."""
        reason = super().check_target(y, t)
        if not reason and t.size and float(t.min()) < 0:
            return f"{self.title} needs probabilities as targets, but the data goes down to {float(t.min()):g}"
        return reason

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Sum over the classes, mean over the positions."""
        p = unfolded(like(y, t))
        own = p * xp.log(xp.where(p == 0, 1, p))
        return (own - p * log_softmax(xp, unfolded(y))).sum(1).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """(p sum_c t_c - t) / P."""
        p = unfolded(like(y, t))
        gradient = xp.exp(log_softmax(xp, unfolded(y))) * p.sum(1, keepdims=True) - p
        return (gradient / p.shape[2]).reshape(y.shape)

    def torch_text(self) -> str:
        """kl_div, summed over the classes."""
        return "F.kl_div(F.log_softmax(y, 1), t, reduction='none').sum(1).mean()"

    def keras_text(self) -> str:
        """Sum over the classes, mean over the rest."""
        own = "t * ops.log(ops.where(t == 0, ops.ones_like(t), t))"
        return f"ops.mean(ops.sum({own} - t * ops.log_softmax(y, axis=1), axis=1))"

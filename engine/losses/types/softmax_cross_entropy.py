"""Softmax cross-entropy from logits."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.losses.base import LOSSES
from engine.losses.softmax import ClassLoss, cross_entropy, cross_entropy_gradient
from engine.primitives import Array


@LOSSES.add
class SoftmaxCrossEntropy(ClassLoss, id="softmax_cross_entropy", title="softmax cross-entropy"):
    """l = -sum_c q_c log p_c, p = softmax(y), q = (1 - s) onehot(t) + s / C; dl/dy = p - q.

    y logits (N, C) and t class numbers (N,); or y (N, C, ...) and t (N, ...), one class per position, averaged over
    the positions. s label smoothing. Bridle 1990; smoothing Szegedy et al. 2016.
    """

    label_smoothing: float = Float(
        0.0, low=0.0, high=1.0, help="Share of the target spread over all classes, against overconfidence."
    )

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """From the log of the softmax, never from its values."""
        return cross_entropy(xp, y, t, self.label_smoothing, None)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """p - q."""
        return cross_entropy_gradient(xp, y, t, self.label_smoothing, None)

    def torch_text(self) -> str:
        """cross_entropy."""
        s = self.label_smoothing
        return f"F.cross_entropy(y, t, label_smoothing={s!r})" if s else "F.cross_entropy(y, t)"

    def keras_text(self) -> str:
        """From the log of the softmax, with one-hot targets on axis 1."""
        s = self.label_smoothing
        log_p = "ops.log_softmax(y, axis=1)"
        picked = f"ops.sum(ops.one_hot(t, y.shape[1], axis=1) * {log_p}, axis=1)"
        return f"-ops.mean({1 - s!r} * {picked} + {s!r} * ops.mean({log_p}, axis=1))" if s else f"-ops.mean({picked})"

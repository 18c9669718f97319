"""Focal loss over classes."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.losses.base import LOSSES
from engine.losses.softmax import ClassLoss, log_softmax, target_index, unfolded
from engine.primitives import Array


@LOSSES.add
class Focal(ClassLoss, id="focal", title="focal loss"):
    """l = -(1 - p_t)^g log p_t, p = softmax(y).

    dl/dy_c = (g p_t (1 - p_t)^(g-1) log p_t - (1 - p_t)^g) ([c = t] - p_c). y logits (N, C) or (N, C, ...), t class
    numbers (N,) or (N, ...). Well-classified samples count little, so that rare and hard ones lead; g = 0 is
    cross-entropy. Lin et al. 2017.
    """

    gamma: float = Float(2.0, low=0.0, help="How strongly samples that are already right are played down.")

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over the positions."""
        logits = unfolded(y)
        log_p = log_softmax(xp, logits)[target_index(xp, logits, t)]
        return -((-xp.expm1(log_p)) ** self.gamma * log_p).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """As above, with (1 - p)^(g-1) log p as (1 - p)^g (log p / (1 - p)), whose limit at p = 1 is -1."""
        logits = unfolded(y)
        log_all = log_softmax(xp, logits)
        index = target_index(xp, logits, t)
        log_p = log_all[index]
        rest = -xp.expm1(log_p)
        ratio = xp.where(rest > 0, log_p / xp.where(rest > 0, rest, 1), -1)
        slope = rest**self.gamma * (self.gamma * xp.exp(log_p) * ratio - 1)
        gradient = -xp.exp(log_all) * slope[:, None]
        gradient[index] += slope
        return (gradient / logits.shape[2]).reshape(y.shape)

    def torch_text(self) -> str:
        """From cross_entropy per sample, which is -log p_t."""
        nll = "F.cross_entropy(y, t, reduction='none')"
        return f"((-torch.expm1(-{nll})) ** {self.gamma!r} * {nll}).mean()"

    def keras_text(self) -> str:
        """From the log of the softmax at the target."""
        log_p = "ops.sum(ops.one_hot(t, y.shape[1], axis=1) * ops.log_softmax(y, axis=1), axis=1)"
        return f"-ops.mean(ops.power(-ops.expm1({log_p}), {self.gamma!r}) * {log_p})"

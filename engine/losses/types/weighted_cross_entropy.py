"""Softmax cross-entropy with a weight per class, against class imbalance."""

from __future__ import annotations

from typing import Any

from engine.declare import Float, Floats
from engine.losses.base import LOSSES
from engine.losses.softmax import ClassLoss, cross_entropy, cross_entropy_gradient
from engine.primitives import Array, Shape


@LOSSES.add
class WeightedCrossEntropy(ClassLoss, id="weighted_cross_entropy", title="class-weighted cross-entropy"):
    """l = -sum_c q_c w_c log p_c, p = softmax(y), q = (1 - s) onehot(t) + s / C; dl/dy = p sum_k q_k w_k - q w.

    y logits (N, C) or (N, C, ...), t class numbers (N,) or (N, ...), w (C,), s label smoothing. The mean is over the
    samples; torch's default mean divides by the weights that occur in the batch instead. King & Zeng 2001.
    """

    weights: tuple[float, ...] | None = Floats(
        None, low=0.0, length=(2, 65536), optional=True, label="class weights",
        help="One factor per class, in class order; none counts every class the same.",
    )  # fmt: skip
    label_smoothing: float = Float(
        0.0, low=0.0, high=1.0, help="Share of the target spread over all classes, against overconfidence."
    )

    def check(self, y: Shape) -> str:
        """As many weights as outputs."""
        reason = super().check(y)
        if not reason and self.weights is not None and len(self.weights) != y[0]:
            return f"{self.title} has {len(self.weights)} class weights, but the prediction has {y[0]} classes"
        return reason

    def _factors(self, xp: Any, y: Array) -> Array | None:
        return None if self.weights is None else xp.asarray(self.weights, dtype=y.dtype)

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """From the log of the softmax, never from its values."""
        return cross_entropy(xp, y, t, self.label_smoothing, self._factors(xp, y))

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """p sum_k q_k w_k - q w."""
        return cross_entropy_gradient(xp, y, t, self.label_smoothing, self._factors(xp, y))

    def torch_text(self) -> str:
        """cross_entropy without its reduction, which would divide by the weights in the batch."""
        s = f", label_smoothing={self.label_smoothing!r}" if self.label_smoothing else ""
        if self.weights is None:
            return f"F.cross_entropy(y, t{s})"
        weights = f"torch.tensor({list(self.weights)!r}, dtype=y.dtype, device=y.device)"
        return f"F.cross_entropy(y, t, weight={weights}, reduction='none'{s}).mean()"

    def keras_text(self) -> str:
        """From the log of the softmax, with one-hot targets on axis 1."""
        s = self.label_smoothing
        log_p = "ops.log_softmax(y, axis=1)"
        if self.weights is not None:
            shape = "(-1,) + (1,) * (len(y.shape) - 2)"
            log_p = f"(ops.reshape(ops.cast({list(self.weights)!r}, y.dtype), {shape}) * {log_p})"
        picked = f"ops.sum(ops.one_hot(t, y.shape[1], axis=1) * {log_p}, axis=1)"
        return f"-ops.mean({1 - s!r} * {picked} + {s!r} * ops.mean({log_p}, axis=1))" if s else f"-ops.mean({picked})"

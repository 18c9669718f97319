"""Hinge loss over classes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.declare import Float
from engine.losses.base import LOSSES, Loss
from engine.losses.elementwise import step_up
from engine.losses.softmax import target_index, unfolded
from engine.primitives import Array, Shape


@LOSSES.add
class MulticlassHinge(Loss, id="multiclass_hinge", title="multi-class hinge loss"):
    """l = sum over c != t of max(0, m - y_t + y_c) / C; dl/dy_c = 1 / C inside the margin, dl/dy_t = -their sum.

    y raw scores (N, C), t class numbers (N,), m margin. Weston & Watkins 1999.
    """

    margin: float = Float(1.0, low=0.0, low_open=True, help="Lead of the right score from which it costs nothing.")

    target: ClassVar[Literal["classes", "binary", "values"]] = "classes"

    def check(self, y: Shape) -> str:
        """A vector of at least two scores."""
        if len(y) != 1 or y[0] < 2:
            came = " x ".join(map(str, y)) or "1"
            return f"{self.title} needs a vector of at least 2 scores, one per class, but the prediction is {came}"
        return ""

    def _missing(self, xp: Any, y: Array, t: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        scores = unfolded(y)
        index = target_index(xp, scores, t)
        missing = self.margin - scores[index][:, None] + scores
        missing[index] -= self.margin  # leaves y_t - y_t: 0, or NaN where the score is NaN
        return missing[:, :, 0], index

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Sum over the other classes."""
        missing, _ = self._missing(xp, y, t)
        return xp.maximum(missing, 0).sum(1) / y.shape[1]

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """1 / C inside the margin, and minus their sum at the target."""
        missing, (n_axis, classes, _) = self._missing(xp, y, t)
        gradient = step_up(xp, missing) / y.shape[1]
        gradient[n_axis, classes] = 0
        gradient[n_axis, classes] = -gradient.sum(1, keepdims=True)
        return gradient

    def torch_text(self) -> str:
        """multi_margin_loss."""
        return f"F.multi_margin_loss(y, t, margin={self.margin!r})"

    def keras_text(self) -> str:
        """relu of what is missing to the margin, the target's own m taken off."""
        right = "ops.sum(ops.one_hot(t, y.shape[1]) * y, axis=1, keepdims=True)"
        return f"ops.mean(ops.sum(ops.relu({self.margin!r} - {right} + y), axis=1) - {self.margin!r}) / y.shape[1]"

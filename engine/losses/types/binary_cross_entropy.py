"""Binary cross-entropy from logits."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.declare import Float
from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.losses.elementwise import sigmoid
from engine.primitives import Array


@LOSSES.add
class BinaryCrossEntropy(Loss, id="binary_cross_entropy", title="binary cross-entropy"):
    """l = mean over outputs of -(q log p + (1 - q) log(1 - p)), p = sigmoid(y), q = (1 - s) t + s / 2.

    y logits, t in {0, 1} (N, ...), s label smoothing; dl/dy = (p - q) / K. Computed as max(y, 0) - q y +
    log(1 + exp(-|y|)), which is exact for any logit. Good 1952; smoothing Szegedy et al. 2016.
    """

    label_smoothing: float = Float(
        0.0, low=0.0, high=1.0, help="Pulls the targets towards one half, against overconfidence."
    )

    target: ClassVar[Literal["classes", "binary", "values"]] = "binary"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"

    def _smoothed(self, y: Array, t: Array) -> Array:
        q = like(y, t)
        return q * (1 - self.label_smoothing) + self.label_smoothing / 2 if self.label_smoothing else q

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        loss = xp.maximum(y, 0) - self._smoothed(y, t) * y + xp.log1p(xp.exp(-xp.abs(y)))
        return rows(loss).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """(p - q) / K."""
        return (sigmoid(xp, y) - self._smoothed(y, t)) / outputs(y)

    def _target_text(self) -> str:
        s = self.label_smoothing
        return f"t * {1 - s!r} + {s / 2!r}" if s else "t"

    def torch_text(self) -> str:
        """binary_cross_entropy_with_logits."""
        return f"F.binary_cross_entropy_with_logits(y, {self._target_text()})"

    def keras_text(self) -> str:
        """binary_crossentropy from logits."""
        return f"ops.mean(ops.binary_crossentropy({self._target_text()}, y, from_logits=True))"

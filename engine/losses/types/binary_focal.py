"""Focal loss of one output per decision."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.declare import Float
from engine.losses.base import LOSSES, Loss, like, outputs, rows
from engine.losses.elementwise import log_sigmoid
from engine.primitives import Array


@LOSSES.add
class BinaryFocal(Loss, id="binary_focal", title="binary focal loss"):
    """l = mean over outputs of -a t (1 - p)^g log p - (1 - a) (1 - t) p^g log(1 - p), p = sigmoid(y).

    y logits, t in {0, 1} (N, ...). With f(y) = -(1 - p)^g log p: df/dy = (1 - p)^g (g p log p - (1 - p)), and the
    second term is f(-y). Lin et al. 2017.
    """

    gamma: float = Float(2.0, low=0.0, help="How strongly samples that are already right are played down.")
    alpha: float = Float(0.25, low=0.0, high=1.0, help="Weight of class 1; class 0 gets the rest.")

    target: ClassVar[Literal["classes", "binary", "values"]] = "binary"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """Mean over all axes but the first."""
        t = like(y, t)
        log_p, log_q = log_sigmoid(xp, y), log_sigmoid(xp, -y)
        one = self.alpha * t * xp.exp(self.gamma * log_q) * log_p
        zero = (1 - self.alpha) * (1 - t) * xp.exp(self.gamma * log_p) * log_q
        return -rows(one + zero).mean(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """a t f'(y) - (1 - a) (1 - t) f'(-y), over K."""
        t = like(y, t)
        log_p, log_q = log_sigmoid(xp, y), log_sigmoid(xp, -y)
        p, q = xp.exp(log_p), xp.exp(log_q)
        one = self.alpha * t * xp.exp(self.gamma * log_q) * (self.gamma * p * log_p - q)
        zero = (1 - self.alpha) * (1 - t) * xp.exp(self.gamma * log_p) * (self.gamma * q * log_q - p)
        return (one - zero) / outputs(y)

    def torch_text(self) -> str:
        """From logsigmoid of y and -y."""
        one = f"{self.alpha!r} * t * torch.exp({self.gamma!r} * F.logsigmoid(-y)) * F.logsigmoid(y)"
        zero = f"{1 - self.alpha!r} * (1 - t) * torch.exp({self.gamma!r} * F.logsigmoid(y)) * F.logsigmoid(-y)"
        return f"-({one} + {zero}).mean()"

    def keras_text(self) -> str:
        """From log_sigmoid of y and -y."""
        one = f"{self.alpha!r} * t * ops.exp({self.gamma!r} * ops.log_sigmoid(-y)) * ops.log_sigmoid(y)"
        zero = f"{1 - self.alpha!r} * (1 - t) * ops.exp({self.gamma!r} * ops.log_sigmoid(y)) * ops.log_sigmoid(-y)"
        return f"-ops.mean({one} + {zero})"

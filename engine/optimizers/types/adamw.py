"""Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.adaptive import AdamStep
from engine.optimizers.base import OPTIMIZERS
from engine.primitives import Array


@OPTIMIZERS.add
class AdamW(AdamStep, id="adamw", title="AdamW"):
    """w <- (1 - rate decay) w; then as Adam: w <- w - rate m^ / (sqrt(v^) + epsilon). Loshchilov & Hutter 2019."""

    weight_decay: float = Float(
        0.01, low=0.0, label="weight decay", group="regularization",
        help="Share of every weight and bias, times the rate, that each step takes away.",
    )  # fmt: skip

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Weight decay stays out of the means."""
        w *= 1 - rate * self.weight_decay
        self.move(xp, w, g, state, rate, step)

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return self.torch_call("AdamW", amsgrad=self.amsgrad)

"""Adam."""

from __future__ import annotations

from typing import Any

from engine.optimizers.adaptive import AdamStep
from engine.optimizers.base import OPTIMIZERS
from engine.primitives import Array


@OPTIMIZERS.add
class Adam(AdamStep, id="adam", title="Adam"):
    """w <- w - rate m^ / (sqrt(v^) + epsilon), m^ = m / (1 - beta1^step), v^ = v / (1 - beta2^step).

    m, v: running means of g and g^2. Kingma & Ba 2015; AMSGrad: Reddi, Kale & Kumar 2018.
    """

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Weight decay enters the gradient, and so both means."""
        self.move(xp, w, self.decayed(w, g), state, rate, step)

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return self.torch_call("Adam", amsgrad=self.amsgrad)

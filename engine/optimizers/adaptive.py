"""What Adam and AdamW share."""

from __future__ import annotations

from math import sqrt
from typing import Any

from engine.declare import Bool
from engine.optimizers.base import Betas, average, average_square
from engine.primitives import Array


class AdamStep(Betas):
    """w <- w - rate m^ / (sqrt(v^) + epsilon), m^ = m / (1 - beta1^step), v^ = v / (1 - beta2^step). Base class."""

    amsgrad: bool = Bool(
        False, label="AMSGrad", group="advanced", help="Divides by the largest mean square so far (Reddi et al. 2018)."
    )

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.slots = ("mean", "square", "largest") if self.amsgrad else ("mean", "square")

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate / (1 - beta1^step), sqrt(1 - beta2^step))."""
        first, second = self.corrections(step)
        return rate / first, sqrt(second)

    def move(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The step itself, in place."""
        pace, root = self.scalars(rate, step)
        square = state["square"]
        average(state["mean"], g, self.beta1)
        scratch = average_square(square, g, self.beta2)
        if self.amsgrad:
            square = xp.maximum(state["largest"], square, out=state["largest"])
        xp.sqrt(square, out=scratch)
        scratch /= root
        scratch += self.epsilon
        xp.divide(state["mean"], scratch, out=scratch)
        scratch *= pace
        w -= scratch

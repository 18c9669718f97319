"""RMSProp: divides by a running root mean square of the gradient."""

from __future__ import annotations

from typing import Any

from engine.declare import Bool, Float
from engine.optimizers.base import OPTIMIZERS, CoupledDecay, average, average_square, torch_call
from engine.primitives import Array


@OPTIMIZERS.add
class RMSProp(CoupledDecay, id="rmsprop", title="RMSProp"):
    """s <- a s + (1 - a) g^2; d = g / (sqrt(s - c^2) + epsilon), c the mean gradient or 0; w <- w - rate * d.

    With momentum mu: u <- mu u + d; w <- w - rate * u. Tieleman & Hinton 2012; centred: Graves 2013.
    """

    alpha: float = Float(0.99, low=0.0, high=0.99999, label="smoothing", help="Memory of the mean squared gradient.")
    momentum: float = Float(0.0, low=0.0, high=0.99999, help="Share of the last step's direction that is kept.")
    centered: bool = Bool(
        False, label="centred", group="advanced", help="Divides by the gradient's deviation rather than its size."
    )
    epsilon: float = Float(
        1e-8, low=0.0, low_open=True, group="advanced", help="Added to the divisor, against division by zero."
    )

    slots: tuple[str, ...] = ("square",)

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        extra = (("mean", self.centered), ("velocity", self.momentum > 0))
        self.slots = ("square", *(name for name, wanted in extra if wanted))

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The variance is held at 0 from below, where rounding would else make its root NaN."""
        g = self.decayed(w, g)
        divisor = average_square(state["square"], g, self.alpha)
        if self.centered:
            average(state["mean"], g, self.alpha)
            xp.multiply(state["mean"], state["mean"], out=divisor)
            xp.subtract(state["square"], divisor, out=divisor)
            xp.maximum(divisor, 0, out=divisor)
            xp.sqrt(divisor, out=divisor)
        else:
            xp.sqrt(state["square"], out=divisor)
        divisor += self.epsilon
        move = xp.divide(g, divisor, out=divisor)
        if self.momentum > 0:
            state["velocity"] *= self.momentum
            state["velocity"] += move
            move = xp.multiply(state["velocity"], rate, out=divisor)
        else:
            move *= rate
        w -= move

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return torch_call(
            "RMSprop", lr=self.rate, alpha=self.alpha, eps=self.epsilon, weight_decay=self.weight_decay,
            momentum=self.momentum, centered=self.centered,
        )  # fmt: skip

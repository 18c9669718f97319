"""Lion: only the sign of the momentum."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, Optimizer, average
from engine.primitives import Array


@OPTIMIZERS.add
class Lion(Optimizer, id="lion", title="Lion"):
    """w <- w - rate (sgn(beta1 m + (1 - beta1) g) + decay w); then m <- beta2 m + (1 - beta2) g. Chen et al. 2023."""

    rate: float = Float(0.0001, low=0.0, label="learning rate", help="Size of a step, the same for every weight.")
    beta1: float = Float(0.9, low=0.0, high=0.99999, label="beta 1", help="Share of the memory in the direction.")
    beta2: float = Float(0.99, low=0.0, high=0.99999, label="beta 2", help="Memory of the mean gradient.")
    weight_decay: float = Float(
        0.0, low=0.0, label="weight decay", group="regularization",
        help="Share of every weight and bias, times the rate, that each step takes away.",
    )  # fmt: skip

    slots: tuple[str, ...] = ("mean",)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The sign is taken so that NaN stays NaN on every device."""
        direction = self.beta1 * state["mean"]
        direction += (1 - self.beta1) * g
        average(state["mean"], g, self.beta2)
        direction = xp.where(direction == direction, xp.sign(direction), direction)
        direction *= rate
        if self.weight_decay:
            w *= 1 - rate * self.weight_decay
        w -= direction

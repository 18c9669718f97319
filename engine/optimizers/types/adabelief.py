"""AdaBelief: large steps where gradients come as expected."""

from __future__ import annotations

from math import sqrt
from typing import Any

from engine.declare import Bool, Float
from engine.optimizers.base import OPTIMIZERS, ChosenDecay, average
from engine.primitives import Array


@OPTIMIZERS.add
class AdaBelief(ChosenDecay, id="adabelief", title="AdaBelief"):
    """s <- beta2 s + (1 - beta2)(g - m)^2 + epsilon; w <- w - rate m^ / (sqrt(s^) + epsilon).

    m^ = m / (1 - beta1^step), s^ = s / (1 - beta2^step). Zhuang et al. 2020.
    """

    beta2: float = Float(0.999, low=0.0, high=0.99999, label="beta 2", help="Memory of the mean squared surprise.")
    epsilon: float = Float(
        1e-16, low=0.0, low_open=True, group="advanced", help="Added to the divisor, against division by zero."
    )
    decoupled: bool = Bool(
        True, label="decoupled decay", group="regularization",
        help="Takes the decay, times the rate, off the weight itself instead of adding it to the gradient.",
    )  # fmt: skip

    slots: tuple[str, ...] = ("mean", "surprise")

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate / (1 - beta1^step), sqrt(1 - beta2^step))."""
        first, second = self.corrections(step)
        return rate / first, sqrt(second)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Divides by how far gradients stray from their mean."""
        g = self.decay(w, g, rate)
        pace, root = self.scalars(rate, step)
        mean, surprise = state["mean"], state["surprise"]
        average(mean, g, self.beta1)
        scratch = g - mean
        scratch *= scratch
        scratch *= 1 - self.beta2
        surprise *= self.beta2
        surprise += scratch
        surprise += self.epsilon
        xp.sqrt(surprise, out=scratch)
        scratch /= root
        scratch += self.epsilon
        xp.divide(mean, scratch, out=scratch)
        scratch *= pace
        w -= scratch

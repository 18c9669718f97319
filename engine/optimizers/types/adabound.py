"""AdaBound: Adam that turns into gradient descent."""

from __future__ import annotations

from math import sqrt
from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, Betas, average, average_square
from engine.primitives import Array


@OPTIMIZERS.add
class AdaBound(Betas, id="adabound", title="AdaBound"):
    """w <- w - clip(rate c / (sqrt(v) + epsilon), low, high) m, c = sqrt(1 - beta2^step) / (1 - beta1^step).

    low = F (1 - 1 / (gamma step + 1)), high = F (1 + 1 / (gamma step)), both towards F = final * rate / base rate.
    Luo et al. 2019, as in the authors' code (the paper's algorithm has no bias correction).
    """

    final_rate: float = Float(0.1, low=0.0, label="final rate", help="Rate of the gradient descent that it turns into.")
    gamma: float = Float(0.001, low=0.0, low_open=True, label="convergence", help="How soon the bounds close in.")

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate c, low, high)."""
        first, second = self.corrections(step)
        final = self.final_rate * (rate / self.rate if self.rate else 1.0)
        low, high = final * (1 - 1 / (self.gamma * step + 1)), final * (1 + 1 / (self.gamma * step))
        return rate * sqrt(second) / first, low, high

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Every weight's own rate, held between the bounds."""
        g = self.decayed(w, g)
        pace, low, high = self.scalars(rate, step)
        average(state["mean"], g, self.beta1)
        scratch = average_square(state["square"], g, self.beta2)
        xp.sqrt(state["square"], out=scratch)
        scratch += self.epsilon
        xp.divide(pace, scratch, out=scratch)
        xp.clip(scratch, low, high, out=scratch)
        scratch *= state["mean"]
        w -= scratch

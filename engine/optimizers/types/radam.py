"""Rectified Adam."""

from __future__ import annotations

from math import sqrt
from typing import Any

from engine.optimizers.base import OPTIMIZERS, ChosenDecay, average, average_square
from engine.primitives import Array


@OPTIMIZERS.add
class RAdam(ChosenDecay, id="radam", title="RAdam"):
    """w <- w - rate r m^ sqrt(1 - beta2^step) / (sqrt(v) + epsilon) once rho > 5, before that w <- w - rate m^.

    m^ = m / (1 - beta1^step); r^2 = (rho - 4)(rho - 2) R / ((R - 4)(R - 2) rho), R = 2 / (1 - beta2) - 1,
    rho = R - 2 step beta2^step / (1 - beta2^step): a warm-up for as long as v is known from too few gradients.
    Liu et al. 2020.
    """

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate / (1 - beta1^step), r sqrt(1 - beta2^step)); the second is 0 while v is not to be used."""
        first, second = self.corrections(step)
        longest = 2 / (1 - self.beta2) - 1
        length = longest - 2 * step * self.beta2**step / second
        if length <= 5:
            return rate / first, 0.0
        r2 = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        return rate / first, sqrt(r2) * sqrt(second)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Momentum alone at first, Adam when v can be trusted."""
        g = self.decay(w, g, rate)
        pace, rectified = self.scalars(rate, step)
        average(state["mean"], g, self.beta1)
        scratch = average_square(state["square"], g, self.beta2)
        if rectified:
            xp.sqrt(state["square"], out=scratch)
            scratch += self.epsilon
            xp.divide(state["mean"], scratch, out=scratch)
            scratch *= pace * rectified
        else:
            xp.multiply(state["mean"], pace, out=scratch)
        w -= scratch

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return self.torch_call("RAdam", decoupled_weight_decay=self.decoupled)

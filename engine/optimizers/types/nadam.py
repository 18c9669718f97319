"""Adam with Nesterov's momentum."""

from __future__ import annotations

from math import sqrt
from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, ChosenDecay, average, average_square
from engine.primitives import Array


@OPTIMIZERS.add
class NAdam(ChosenDecay, id="nadam", title="NAdam"):
    """w <- w - rate ((1 - mu) g / (1 - P) + mu' m / (1 - P mu')) / (sqrt(v^) + epsilon), v^ = v / (1 - beta2^step).

    mu = beta1 (1 - 0.96^(step fall) / 2), mu' the same one step on, P the product of every mu so far. Dozat 2016.
    """

    rate: float = Float(0.002, low=0.0, label="learning rate", help="Size of a step.")
    momentum_fall: float = Float(
        0.004, low=0.0, label="momentum fall", group="advanced", help="How soon the momentum reaches beta 1."
    )

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self._products = [1.0]  # P by step, multiplied in the order of the steps: a resumed run has the same bits

    def _momentum(self, step: int) -> float:
        return float(self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_fall)))

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate (1 - mu) / (1 - P), rate mu' / (1 - P mu'), sqrt(1 - beta2^step))."""
        while len(self._products) <= step:
            self._products.append(self._products[-1] * self._momentum(len(self._products)))
        product, ahead = self._products[step], self._momentum(step + 1)
        now = rate * (1 - self._momentum(step)) / (1 - product)
        return now, rate * ahead / (1 - product * ahead), sqrt(self.corrections(step)[1])

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The gradient's share of the step, then the mean's."""
        g = self.decay(w, g, rate)
        now, ahead, root = self.scalars(rate, step)
        average(state["mean"], g, self.beta1)
        divisor = average_square(state["square"], g, self.beta2)
        xp.sqrt(state["square"], out=divisor)
        divisor /= root
        divisor += self.epsilon
        move = now * g
        move += ahead * state["mean"]
        move /= divisor
        w -= move

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return self.torch_call("NAdam", momentum_decay=self.momentum_fall, decoupled_weight_decay=self.decoupled)

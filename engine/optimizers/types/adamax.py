"""Adamax: Adam with the largest recent gradient as divisor."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, Betas, average
from engine.primitives import Array


@OPTIMIZERS.add
class Adamax(Betas, id="adamax", title="Adamax"):
    """u <- max(beta2 u, |g| + epsilon); w <- w - rate / (1 - beta1^step) * m / u. Kingma & Ba 2015, section 7.1."""

    rate: float = Float(0.002, low=0.0, label="learning rate", help="Size of a step.")
    beta2: float = Float(0.999, low=0.0, high=0.99999, label="beta 2", help="Memory of the largest gradient.")

    slots: tuple[str, ...] = ("mean", "largest")

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate / (1 - beta1^step),)."""
        return (rate / self.corrections(step)[0],)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The largest needs no correction: it does not start too small."""
        g = self.decayed(w, g)
        (pace,) = self.scalars(rate, step)
        average(state["mean"], g, self.beta1)
        scratch = xp.abs(g)
        scratch += self.epsilon
        state["largest"] *= self.beta2
        xp.maximum(state["largest"], scratch, out=state["largest"])
        xp.divide(state["mean"], state["largest"], out=scratch)
        scratch *= pace
        w -= scratch

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return self.torch_call("Adamax")

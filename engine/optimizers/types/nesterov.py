"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, CoupledDecay, torch_call
from engine.primitives import Array


@OPTIMIZERS.add
class Nesterov(CoupledDecay, id="nesterov", title="Nesterov momentum"):
    """v <- mu v + g; w <- w - rate * (g + mu v). Nesterov 1983, in the form of Sutskever et al. 2013."""

    momentum: float = Float(
        0.9, low=0.0, low_open=True, high=0.99999, help="Share of the last step's direction that is kept."
    )

    slots: tuple[str, ...] = ("velocity",)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Looks ahead by one share of the velocity."""
        velocity = state["velocity"]
        g = self.decayed(w, g)
        velocity *= self.momentum
        velocity += g
        ahead = self.momentum * velocity
        ahead += g
        ahead *= rate
        w -= ahead

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return torch_call("SGD", lr=self.rate, momentum=self.momentum, nesterov=True, weight_decay=self.weight_decay)

"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, CoupledDecay, torch_call
from engine.primitives import Array


@OPTIMIZERS.add
class Momentum(CoupledDecay, id="momentum", title="momentum"):
    """v <- mu v + g; w <- w - rate * v. Polyak 1964; as torch.optim.SGD, without dampening."""

    momentum: float = Float(0.9, low=0.0, high=0.99999, help="Share of the last step's direction that is kept.")

    slots: tuple[str, ...] = ("velocity",)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """The rate stays outside of the velocity, so that a new rate takes effect at once."""
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += self.decayed(w, g)
        w -= rate * velocity

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return torch_call("SGD", lr=self.rate, momentum=self.momentum, weight_decay=self.weight_decay)

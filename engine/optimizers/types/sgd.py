"""Plain stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from engine.optimizers.base import OPTIMIZERS, CoupledDecay, torch_call
from engine.primitives import Array


@OPTIMIZERS.add
class SGD(CoupledDecay, id="sgd", title="SGD"):
    """w <- w - rate * g. Robbins & Monro 1951."""

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """One subtraction."""
        w -= rate * self.decayed(w, g)

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return torch_call("SGD", lr=self.rate, weight_decay=self.weight_decay)

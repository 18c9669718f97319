"""Plain stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from engine.optimizers.base import OPTIMIZERS, Optimizer
from engine.primitives import Array


@OPTIMIZERS.add
class SGD(Optimizer, id="sgd", title="SGD"):
    """w <- w - rate * g. Robbins & Monro 1951."""

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """One subtraction."""
        w -= rate * g

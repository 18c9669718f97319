"""L1 by its subgradient."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.primitives import Array
from engine.regularizers.base import REGULARIZERS, Regularizer
from engine.regularizers.penalty import add_gradient, penalty


@REGULARIZERS.add
class L1(Regularizer, id="l1", title="L1"):
    """penalty = rate sum |w|; gradient rate sgn(w), 0 at w = 0. Tibshirani 1996.

    Weights come near zero, but jump about it by rate * learning rate; the proximal form reaches it.
    """

    rate: float = Float(0.001, low=0.0, help="Pull towards zero, the same for large and small weights.")

    def penalty(self, xp: Any, w: Array) -> float:
        """rate sum |w|."""
        return penalty(xp, w, self.rate, 0.0)

    def add_gradient(self, xp: Any, g: Array, w: Array) -> None:
        """rate sgn(w)."""
        add_gradient(xp, g, w, self.rate, 0.0)

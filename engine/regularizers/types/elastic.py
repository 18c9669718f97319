"""Elastic net: L1 and L2 together."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.primitives import Array
from engine.regularizers.base import REGULARIZERS, Regularizer
from engine.regularizers.penalty import add_gradient, penalty


@REGULARIZERS.add
class Elastic(Regularizer, id="elastic", title="elastic net"):
    """penalty = l1 sum |w| + l2 / 2 sum w^2; gradient l1 sgn(w) + l2 w. Zou & Hastie 2005."""

    l1: float = Float(0.001, low=0.0, label="L1 rate", help="Pull towards zero, the same for large and small weights.")
    l2: float = Float(0.001, low=0.0, label="L2 rate", help="Pull towards zero, in proportion to the weight.")

    def penalty(self, xp: Any, w: Array) -> float:
        """l1 sum |w| + l2 / 2 sum w^2."""
        return penalty(xp, w, self.l1, self.l2)

    def add_gradient(self, xp: Any, g: Array, w: Array) -> None:
        """l1 sgn(w) + l2 w."""
        add_gradient(xp, g, w, self.l1, self.l2)

"""L2."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.primitives import Array
from engine.regularizers.base import REGULARIZERS, Regularizer
from engine.regularizers.penalty import add_gradient, penalty


@REGULARIZERS.add
class L2(Regularizer, id="l2", title="L2"):
    """penalty = rate / 2 sum w^2; gradient rate w. Hoerl & Kennard 1970; Krogh & Hertz 1991."""

    rate: float = Float(0.001, low=0.0, help="Pull towards zero, in proportion to the weight.")

    def penalty(self, xp: Any, w: Array) -> float:
        """rate / 2 sum w^2."""
        return penalty(xp, w, 0.0, self.rate)

    def add_gradient(self, xp: Any, g: Array, w: Array) -> None:
        """rate w."""
        add_gradient(xp, g, w, 0.0, self.rate)

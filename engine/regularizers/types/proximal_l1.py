"""L1 by its proximal step."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.primitives import Array
from engine.regularizers.base import REGULARIZERS, Regularizer
from engine.regularizers.penalty import penalty, soft_threshold


@REGULARIZERS.add
class ProximalL1(Regularizer, id="proximal_l1", title="L1 (proximal)"):
    """penalty = rate sum |w|; after each step w <- sgn(w) max(|w| - learning rate * rate, 0): exact zeros.

    Tibshirani 1996; Daubechies, Defrise & De Mol 2004; Beck & Teboulle 2009.
    """

    rate: float = Float(0.001, low=0.0, help="Pull towards zero, the same for large and small weights.")

    def penalty(self, xp: Any, w: Array) -> float:
        """rate sum |w|."""
        return penalty(xp, w, self.rate, 0.0)

    def after_step(self, xp: Any, w: Array, rate: float) -> None:
        """Soft threshold by learning rate * rate."""
        soft_threshold(xp, w, rate * self.rate)

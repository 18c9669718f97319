"""Uniform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.declare import Float, ParamError
from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class Uniform(Initializer, id="uniform", title="uniform"):
    """W ~ U(low, high); Var W = (high - low)^2 / 12."""

    low: float = Float(-0.5, help="Smallest value.")
    high: float = Float(0.5, help="Largest value.")

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        if self.high < self.low:
            raise ParamError(self.id, "high", f"a number of at least low, which is {self.low:g}", self.high)

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Fans play no part."""
        return rng.uniform(self.low, self.high, shape)

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """(high - low)^2 / 12."""
        return (self.high - self.low) ** 2 / 12

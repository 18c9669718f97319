"""Normal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.declare import Float
from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class Normal(Initializer, id="normal", title="normal"):
    """W ~ N(mean, std^2), not truncated; Var W = std^2."""

    std: float = Float(0.05, low=0.0, label="standard deviation", help="Spread around the mean.")
    mean: float = Float(0.0, group="advanced", help="Centre.")

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Fans play no part."""
        return rng.normal(self.mean, self.std, shape)

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """std^2."""
        return self.std**2

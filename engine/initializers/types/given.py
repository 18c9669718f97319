"""Weights written out in the file, e.g. a lesson that must start exactly so."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.declare import Floats
from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class Given(Initializer, id="given", title="given values"):
    """W = the listed numbers, in C order; repeated from the start where the weight has more."""

    values: tuple[float, ...] = Floats((0.0,), length=(1, 65536), help="The numbers, row by row.")
    random: ClassVar[bool] = False

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The listed numbers."""
        return np.resize(np.array(self.values, dtype=np.float64), shape)

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """Mean square distance from the mean: of the weight, or without a shape of the list."""
        return float(np.var(np.resize(self.values, shape) if shape else self.values))

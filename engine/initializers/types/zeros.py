"""All zeros."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class Zeros(Initializer, id="zeros", title="zeros"):
    """W = 0. Right for biases; for a kernel it leaves all units the same for ever."""

    random: ClassVar[bool] = False

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Zeros."""
        return np.zeros(shape)

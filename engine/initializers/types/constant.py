"""One value everywhere."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.declare import Float
from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class Constant(Initializer, id="constant", title="constant"):
    """W = value. For biases (0.1 keeps ReLU units awake at the start); for a kernel it leaves all units the same."""

    value: float = Float(0.1, help="The value.")
    random: ClassVar[bool] = False

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The value."""
        return np.full(shape, self.value, dtype=np.float64)

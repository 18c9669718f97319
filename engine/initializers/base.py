"""What an initializer is: the starting values of one weight, drawn in float64 from a generator of its own."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.declare import Declared, Registry
from engine.primitives import Shape


class Initializer(Declared):
    """W ~ some law of (fan_in, fan_out). ``random`` is false for those that draw nothing."""

    random: ClassVar[bool] = True

    @abstractmethod
    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Starting values."""

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """Var W, for predictions before training; 0 where all values are the same.

        ``shape`` makes it exact for the few laws that need it (orthogonal, given values).
        """
        return 0.0


INITIALIZERS: Registry[Initializer] = Registry("initializer", "engine.initializers.types")

"""Xavier (Glorot) uniform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape


@INITIALIZERS.add
class XavierUniform(Initializer, id="xavier_uniform", title="Xavier uniform"):
    """W ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out)); Var W = 2 / (fan_in + fan_out). Glorot & Bengio 2010."""

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Keeps the variance of signals and gradients for units of slope one."""
        a = float(np.sqrt(3 * self.variance(fan_in, fan_out)))
        return rng.uniform(-a, a, shape)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """2 / (fan_in + fan_out)."""
        return 2 / max(fan_in + fan_out, 1)

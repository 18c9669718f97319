"""Xavier (Glorot) uniform."""

from __future__ import annotations

from engine.initializers.base import INITIALIZERS
from engine.initializers.scaled import ScaledUniform, xavier


@INITIALIZERS.add
class XavierUniform(ScaledUniform, id="xavier_uniform", title="Xavier uniform"):
    """W ~ U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)); Var W = 2 gain^2 / (fan_in + fan_out).

    Keeps the variance of signals and gradients for units of slope one. Glorot & Bengio 2010.
    """

    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """2 / (fan_in + fan_out)."""
        return xavier(fan_in, fan_out)

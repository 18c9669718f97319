"""Xavier (Glorot) normal."""

from __future__ import annotations

from engine.initializers.base import INITIALIZERS
from engine.initializers.scaled import ScaledNormal, xavier


@INITIALIZERS.add
class XavierNormal(ScaledNormal, id="xavier_normal", title="Xavier normal"):
    """W ~ N(0, s^2), s^2 = Var W = 2 gain^2 / (fan_in + fan_out).

    Keeps the variance of signals and gradients for units of slope one. Glorot & Bengio 2010.
    """

    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """2 / (fan_in + fan_out)."""
        return xavier(fan_in, fan_out)

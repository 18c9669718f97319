"""LeCun uniform."""

from __future__ import annotations

from engine.initializers.base import INITIALIZERS
from engine.initializers.scaled import ScaledUniform, lecun


@INITIALIZERS.add
class LeCunUniform(ScaledUniform, id="lecun_uniform", title="LeCun uniform"):
    """W ~ U(-a, a), a = gain sqrt(3 / fan_in); Var W = gain^2 / fan_in.

    Keeps the variance of signals for units of slope one, and of SELU nets. LeCun, Bottou, Orr & Müller 1998.
    """

    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """1 / fan_in."""
        return lecun(fan_in)

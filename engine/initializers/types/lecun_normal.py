"""LeCun normal."""

from __future__ import annotations

from engine.initializers.base import INITIALIZERS
from engine.initializers.scaled import ScaledNormal, lecun


@INITIALIZERS.add
class LeCunNormal(ScaledNormal, id="lecun_normal", title="LeCun normal"):
    """W ~ N(0, s^2), s^2 = Var W = gain^2 / fan_in.

    Keeps the variance of signals for units of slope one, and of SELU nets. LeCun, Bottou, Orr & Müller 1998;
    SELU: Klambauer et al. 2017.
    """

    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """1 / fan_in."""
        return lecun(fan_in)

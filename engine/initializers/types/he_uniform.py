"""He (Kaiming) uniform."""

from __future__ import annotations

from engine.declare import Choice, Float
from engine.initializers.base import INITIALIZERS
from engine.initializers.scaled import ScaledUniform, he


@INITIALIZERS.add
class HeUniform(ScaledUniform, id="he_uniform", title="He uniform"):
    """W ~ U(-a, a), a = gain sqrt(6 / ((1 + slope^2) fan)); Var W = 2 gain^2 / ((1 + slope^2) fan).

    Keeps the variance of signals (fan "in") or of gradients (fan "out") through ReLU, or leaky ReLU of that slope.
    He, Zhang, Ren & Sun 2015.
    """

    slope: float = Float(0.0, group="advanced", help="Negative slope of the leaky ReLU that follows; 0 for ReLU.")
    fan: str = Choice("in", "in", "out", group="advanced", help="Whether signals or gradients keep their variance.")

    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """2 / ((1 + slope^2) fan)."""
        return he(fan_in if self.fan == "in" else fan_out, self.slope)

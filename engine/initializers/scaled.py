"""Initializers whose variance follows from the fans: what Xavier's, He's and LeCun's share."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from engine.declare import Float
from engine.initializers.base import Initializer
from engine.primitives import Shape


class Scaled(Initializer):
    """Var W = gain^2 * unit_variance(fan_in, fan_out). Base class; not an initializer itself."""

    gain: float = Float(
        1.0, low=0.0, low_open=True, group="advanced",
        help="Factor on every weight: 5/3 suits tanh, 0.01 on the last layer starts at even odds.",
    )  # fmt: skip

    @abstractmethod
    def unit_variance(self, fan_in: int, fan_out: int) -> float:
        """Var W at gain 1. A fan of 0 counts as 1."""

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """gain^2 * unit_variance."""
        return self.gain**2 * self.unit_variance(fan_in, fan_out)


class ScaledUniform(Scaled):
    """W ~ U(-a, a), a = sqrt(3 Var W). Base class."""

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Uniform, with the variance of the fans."""
        a = float(np.sqrt(3 * self.variance(fan_in, fan_out)))
        return rng.uniform(-a, a, shape)


class ScaledNormal(Scaled):
    """W ~ N(0, Var W), not truncated. Base class."""

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Normal, with the variance of the fans."""
        return rng.normal(0.0, float(np.sqrt(self.variance(fan_in, fan_out))), shape)


def xavier(fan_in: int, fan_out: int) -> float:
    """2 / (fan_in + fan_out)."""
    return 2 / max(fan_in + fan_out, 1)


def he(fan: int, slope: float) -> float:
    """2 / ((1 + slope^2) fan)."""
    return 2 / ((1 + slope**2) * max(fan, 1))


def lecun(fan_in: int) -> float:
    """1 / fan_in."""
    return 1 / max(fan_in, 1)

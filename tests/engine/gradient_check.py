"""Gradients by central differences along random directions, in float64, away from kinks.

(f(x + h v) - f(x - h v)) / 2h is compared with <df/dx, v>. Two step sizes are taken: where they disagree, a kink lies
in between and another direction is drawn. A wrong gradient shows at both sizes alike, so it is not mistaken for a kink.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEP = 1e-5


class WrongGradientError(AssertionError):
    """A directional derivative that the gradient does not give."""


def check_gradient(
    f: Callable[[Floats], float],
    at: Floats,
    gradient: Floats,
    rng: np.random.Generator,
    *,
    directions: int = 4,
    tolerance: float = 1e-6,
) -> None:
    """WrongGradientError unless ``directions`` smooth directions agree; ValueError if too few smooth ones are found."""
    assert gradient.shape == at.shape, f"gradient of shape {gradient.shape} for a value of shape {at.shape}"
    agreed = 0
    for _ in range(8 * directions):
        v = rng.normal(size=at.shape)
        v /= np.linalg.norm(v)
        coarse, fine = (_slope(f, at, v, h) for h in (2 * STEP, STEP))
        scale = max(float(np.linalg.norm(gradient)), abs(fine), 1e-3)
        if abs(coarse - fine) > tolerance * scale:
            continue
        given = float((gradient * v).sum())
        if abs(given - fine) > tolerance * scale:
            raise WrongGradientError(f"slope {fine:.9g} by differences, {given:.9g} by the gradient")
        agreed += 1
        if agreed == directions:
            return
    raise ValueError(f"only {agreed} of {directions} smooth directions found")


def _slope(f: Callable[[Floats], float], at: Floats, v: Floats, h: float) -> float:
    return (f(at + h * v) - f(at - h * v)) / (2 * h)

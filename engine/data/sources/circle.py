"""Circle: a disc inside a ring."""

from __future__ import annotations

import numpy as np

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, TwoClassPoints


@SOURCES.add
class Circle(TwoClassPoints, id="circle", title="Circle"):
    """label = +1 if |p + d| < R/2, else -1; with R = 5 and d uniform in [-R, R]^2 times the noise.

    Half of the points p lie at a radius uniform in [0, R/2), half in [0.7 R, R), at a uniform angle. The noise moves
    labels, not points. (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and labels (n,)."""
        size = 5.0
        inner = n - n // 2
        radius = np.concatenate([draw.uniform(0.0, size / 2, inner), draw.uniform(0.7 * size, size, n - inner)])
        angle = draw.uniform(0.0, 2 * np.pi, n)
        xy = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
        moved = xy + noise * draw.uniform(-size, size, 2 * n).reshape(n, 2)
        label = np.where(np.hypot(moved[:, 0], moved[:, 1]) < size / 2, 1.0, -1.0)
        return xy, label

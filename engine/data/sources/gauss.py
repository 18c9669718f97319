"""Two Gaussian clouds, the linearly separable case."""

from __future__ import annotations

import numpy as np

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, TwoClassPoints


@SOURCES.add
class Gauss(TwoClassPoints, id="gauss", title="Two Gaussians"):
    """p ~ N(label (2, 2), v I), v = 0.5 + 7 noise: variance 0.5 without noise, 4 at 50 %.

    Half of the points have the label +1, half -1. (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and labels (n,)."""
        label = np.where(np.arange(n) < n - n // 2, 1.0, -1.0)
        deviation = float(np.sqrt(0.5 + 7.0 * noise))
        xy = 2.0 * label[:, None] + draw.normal(0.0, deviation, 2 * n).reshape(n, 2)
        return xy, label

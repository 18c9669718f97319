"""Two interleaved spirals."""

from __future__ import annotations

import numpy as np

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, TwoClassPoints


@SOURCES.add
class Spiral(TwoClassPoints, id="spiral", title="Spiral"):
    """p = r (sin t, cos t) + u, r = 5 i/n, t = 1.75 (i/n) 2 pi + phase, i = 0 .. n-1.

    n points have the label +1 and phase 0, n have -1 and phase pi; u is uniform in [-1, 1]^2 times the noise.
    (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and labels (n,)."""
        label = np.where(np.arange(n) < n - n // 2, 1.0, -1.0)
        share = np.concatenate([np.arange(k) / k for k in (n - n // 2, n // 2)])
        t = 1.75 * share * 2 * np.pi + np.where(label > 0, 0.0, np.pi)
        xy = 5.0 * share[:, None] * np.stack([np.sin(t), np.cos(t)], axis=1)
        return xy + noise * draw.uniform(-1.0, 1.0, 2 * n).reshape(n, 2), label

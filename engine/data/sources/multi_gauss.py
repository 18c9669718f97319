"""Six cones of alternating sign to regress."""

from __future__ import annotations

import numpy as np

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, ValuePoints

CENTRES = np.array([(-4.0, 2.5), (0.0, 2.5), (4.0, 2.5), (-4.0, -2.5), (0.0, -2.5), (4.0, -2.5)])
SIGNS = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])


@SOURCES.add
class MultiGauss(ValuePoints, id="multi_gauss", title="Multi-Gauss"):
    """value = the s_k max(0, 1 - |p + d - c_k| / 2) of largest magnitude over six centres c_k of sign s_k.

    Points are uniform in [-6, 6]^2, d uniform there too, times the noise, which moves values, not points.
    (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and values (n,)."""
        xy = draw.uniform(-6.0, 6.0, 2 * n).reshape(n, 2)
        moved = xy + noise * draw.uniform(-6.0, 6.0, 2 * n).reshape(n, 2)
        distance = np.linalg.norm(moved[:, None, :] - CENTRES, axis=2)
        height = SIGNS * np.clip(1.0 - distance / 2.0, 0.0, 1.0)
        return xy, height[np.arange(n), np.abs(height).argmax(axis=1)]

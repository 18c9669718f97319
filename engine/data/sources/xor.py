"""Exclusive or: opposite quadrants belong together."""

from __future__ import annotations

import numpy as np

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, TwoClassPoints


@SOURCES.add
class Xor(TwoClassPoints, id="xor", title="Exclusive or"):
    """label = +1 if (x1 + d1)(x2 + d2) >= 0, else -1; with d uniform in [-5, 5]^2 times the noise.

    Coordinates are uniform in [-5, 5) and then moved 0.3 away from the axis. The noise moves labels, not points.
    (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and labels (n,)."""
        xy = draw.uniform(-5.0, 5.0, 2 * n).reshape(n, 2)
        xy += np.where(xy > 0, 0.3, -0.3)
        moved = xy + noise * draw.uniform(-5.0, 5.0, 2 * n).reshape(n, 2)
        return xy, np.where(moved[:, 0] * moved[:, 1] >= 0, 1.0, -1.0)

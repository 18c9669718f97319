"""A tilted plane to regress."""

from __future__ import annotations

from engine.data.draw import Draw
from engine.data.source import SOURCES
from engine.data.sources._points import Floats, ValuePoints


@SOURCES.add
class Plane(ValuePoints, id="plane", title="Plane"):
    """value = (x1 + d1 + x2 + d2) / 10, with points uniform in [-6, 6]^2 and d uniform there too, times the noise.

    The noise moves values, not points. (Smilkov et al., 2016)
    """

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and values (n,)."""
        xy = draw.uniform(-6.0, 6.0, 2 * n).reshape(n, 2)
        moved = xy + noise * draw.uniform(-6.0, 6.0, 2 * n).reshape(n, 2)
        return xy, moved.sum(axis=1) / 10.0

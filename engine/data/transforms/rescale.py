"""A fixed range to another fixed range."""

from __future__ import annotations

import numpy as np

from engine.data.errors import DataError
from engine.data.preparation import Preparation
from engine.data.transform import TRANSFORMS, Array, Transform
from engine.declare import Floats


@TRANSFORMS.add
class Rescale(Transform, id="rescale", title="Rescale"):
    """x' = (x - a) / (b - a) (d - c) + c: maps [a, b] to [c, d], the same for all features and channels."""

    source: tuple[float, ...] = Floats((0.0, 255.0), length=(2, 2), help="The range [a, b] that the values lie in.")
    target: tuple[float, ...] = Floats((0.0, 1.0), length=(2, 2), help="The range [c, d] that they are mapped to.")

    def fit(self, x: Array, image: bool) -> Preparation:
        """The map, whatever the values are."""
        (a, b), (c, d) = self.source, self.target
        if a == b or c == d:
            raise DataError(self.title, "a range needs two ends", got=f"[{a:g}, {b:g}] to [{c:g}, {d:g}]")
        scale = (b - a) / (d - c)
        shape = (x.shape[1],) + (1,) * (x.ndim - 2) if image else x.shape[1:]
        return Preparation(shift=np.full(shape, a - c * scale), scale=np.full(shape, scale))

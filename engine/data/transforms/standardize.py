"""Mean 0 and standard deviation 1."""

from __future__ import annotations

import numpy as np

from engine.data.preparation import Preparation
from engine.data.transform import TRANSFORMS, Array, Transform


@TRANSFORMS.add
class Standardize(Transform, id="standardize", title="Standardize"):
    """x' = (x - mean) / sd, per feature of a table (F,) or per channel of images (C, 1, 1).

    The deviation is the population's (divided by N). Where it is zero, or lost in the rounding of the mean, it counts
    as 1, so that a constant feature becomes 0. Missing values (NaN) count for neither.
    """

    learns = True

    def fit(self, x: Array, image: bool) -> Preparation:
        """Mean and deviation of training inputs."""
        axes = (0, *range(2, x.ndim)) if image else (0,)
        known = ~np.isnan(x)
        count = np.maximum(known.sum(axis=axes, keepdims=True), 1)
        mean = np.where(known, x, 0).sum(axis=axes, keepdims=True, dtype=np.float64) / count
        square = np.where(known, x - mean, 0.0) ** 2
        deviation = np.sqrt(square.sum(axis=axes, keepdims=True, dtype=np.float64) / count)
        noise = np.finfo(x.dtype).eps * np.abs(mean)
        return Preparation(shift=mean[0], scale=np.where(deviation > noise, deviation, 1.0)[0])

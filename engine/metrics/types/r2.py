"""Coefficient of determination."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, Floats, Metric


@METRICS.add
class RSquared(Metric, id="r2", title="R²"):
    """R^2 = 1 - sum (y - t)^2 / sum (t - mean t)^2 per output, then the mean over outputs. Wright 1921.

    1 is perfect, 0 is as good as always answering the mean. Fewer than two samples give nan; an output whose target
    is constant counts 1 if met exactly, else 0, as in scikit-learn.
    """

    tasks: ClassVar[tuple[Literal["classes", "binary", "values"], ...]] = ("values",)

    def compute(self, shown: Floats, target: NDArray[np.generic]) -> float:
        """nan for fewer than two samples."""
        if len(target) < 2:
            return float("nan")
        t = target.astype(np.float64).reshape(len(target), -1)
        y = shown.astype(np.float64).reshape(t.shape)
        left, whole = ((y - t) ** 2).sum(0), ((t - t.mean(0)) ** 2).sum(0)
        constant = whole == 0
        score = 1 - left / np.where(constant, 1, whole)
        return float(np.where(constant & ~np.isnan(left), left == 0, score).mean())

"""F1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, ClassMetric, macro, ratio


@METRICS.add
class F1(ClassMetric, id="f1", title="F1"):
    """F1 = 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall. van Rijsbergen 1979.

    Of class 1 where there are two, else the mean over the classes that occur; 0 where a class is never right.
    """

    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """Twice the diagonal over rows plus columns."""
        return macro(ratio(2 * matrix.diagonal(), matrix.sum(0) + matrix.sum(1)), matrix)

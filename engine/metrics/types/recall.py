"""Recall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, ClassMetric, macro, ratio


@METRICS.add
class Recall(ClassMetric, id="recall", title="recall"):
    """recall = TP / (TP + FN): of the samples of a class, the share that was found. van Rijsbergen 1979.

    Of class 1 where there are two, else the mean over the classes that occur; 0 where a class has no sample.
    """

    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """Diagonal over rows."""
        return macro(ratio(matrix.diagonal(), matrix.sum(1)), matrix)

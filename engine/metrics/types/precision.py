"""Precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, ClassMetric, macro, ratio


@METRICS.add
class Precision(ClassMetric, id="precision", title="precision"):
    """precision = TP / (TP + FP): of the answers "this class", the share that was right. van Rijsbergen 1979.

    Of class 1 where there are two, else the mean over the classes that occur; 0 where a class was never predicted.
    """

    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """Diagonal over columns."""
        return macro(ratio(matrix.diagonal(), matrix.sum(0)), matrix)

"""Balanced accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, ClassMetric


@METRICS.add
class BalancedAccuracy(ClassMetric, id="balanced_accuracy", title="balanced accuracy"):
    """balanced accuracy = mean over the classes with samples of TP / (TP + FN). Brodersen et al. 2010.

    What accuracy would be if every class had the same number of samples; always guessing one class gives 1 / C.
    """

    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """Mean recall, classes without samples left out."""
        samples = matrix.sum(1)
        return float((matrix.diagonal()[samples > 0] / samples[samples > 0]).mean())

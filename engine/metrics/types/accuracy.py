"""Accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, ClassMetric


@METRICS.add
class Accuracy(ClassMetric, id="accuracy", title="accuracy"):
    """accuracy = right answers / all answers."""

    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """Diagonal over all."""
        return float(matrix.trace() / matrix.sum())

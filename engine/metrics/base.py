"""What a metric is: one or more numbers from all predictions and targets of a split."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.declare import Declared, Registry

Floats = NDArray[np.floating]


class Metric(Declared):
    """m = m(predictions, targets).

    ``shown`` (N, K) are probabilities or values as displayed; ``target`` class indices (N,) for tasks "classes" and
    "binary", values (N, K) for "values".
    """

    tasks: ClassVar[tuple[Literal["classes", "binary", "values"], ...]] = ()
    #: larger is better
    rises: ClassVar[bool] = True

    @abstractmethod
    def compute(self, shown: Floats, target: NDArray[np.generic]) -> float:
        """The number; nan where it is undefined."""


METRICS: Registry[Metric] = Registry("metric", "engine.metrics.types")


def predicted_classes(shown: Floats, threshold: float = 0.5) -> NDArray[np.int64]:
    """Class per sample: argmax over K outputs, or for one output whether it exceeds ``threshold``."""
    flat = shown.reshape(len(shown), -1)
    if flat.shape[1] == 1:
        return (flat[:, 0] > threshold).astype(np.int64)
    return flat.argmax(1).astype(np.int64)

"""What a metric is: one or more numbers from all predictions and targets of a split."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.declare import Declared, Float, Registry
from engine.metrics.confusion import confusion_matrix

Floats = NDArray[np.floating]


class Metric(Declared):
    """m = m(predictions, targets).

    ``shown`` (N, K) are probabilities or values as displayed; ``target`` class indices (N,) for tasks "classes" and
    "binary", values (N, K) for "values". Images of classes are (N, K, H, W) and (N, H, W).
    """

    tasks: ClassVar[tuple[Literal["classes", "binary", "values"], ...]] = ()
    #: larger is better
    rises: ClassVar[bool] = True

    @abstractmethod
    def compute(self, shown: Floats, target: NDArray[np.generic]) -> float:
        """The number; nan where it is undefined."""


class ClassMetric(Metric):
    """m = m(confusion matrix). One output means two classes, decided at ``threshold``. Base class; not a metric itself.

    An empty split gives nan. A ratio without any case (no sample of a class, or none predicted) counts as 0, as
    scikit-learn's zero_division=0. With two classes it is that of class 1; with more, the plain mean ("macro") over
    the classes that occur among targets or predictions.
    """

    threshold: float = Float(0.5, group="advanced", help="A single output above this means class 1.")

    tasks: ClassVar[tuple[Literal["classes", "binary", "values"], ...]] = ("classes", "binary")

    def compute(self, shown: Floats, target: NDArray[np.generic]) -> float:
        """From the confusion matrix."""
        if not target.size:
            return float("nan")
        outputs = shown.shape[1] if shown.ndim > 1 else 1
        predicted = predicted_classes(shown, self.threshold)
        return self.from_matrix(confusion_matrix(predicted, target, max(outputs, 2)))

    @abstractmethod
    def from_matrix(self, matrix: NDArray[np.int64]) -> float:
        """The number, from counts with a row per true class and a column per predicted class; not all are 0."""


def macro(values: Floats, matrix: NDArray[np.int64]) -> float:
    """That of class 1 of two; else the mean over the classes that occur."""
    if len(values) == 2:
        return float(values[1])
    return float(values[matrix.sum(0) + matrix.sum(1) > 0].mean())


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """part / whole, 0 where whole is 0."""
    result: NDArray[np.float64] = part / np.maximum(whole, 1)
    return result


METRICS: Registry[Metric] = Registry("metric", "engine.metrics.types")


def predicted_classes(shown: Floats, threshold: float = 0.5) -> NDArray[np.int64]:
    """Class per sample: argmax over K outputs, or for one output whether it exceeds ``threshold``.

    (N, K, H, W) gives N H W classes, position by position.
    """
    outputs = shown.shape[1] if shown.ndim > 1 else 1
    chosen: NDArray[np.int64] = ((shown > threshold) if outputs == 1 else shown.argmax(1)).astype(np.int64)
    return chosen.ravel()

"""The confusion matrix, from which all metrics of classes follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def confusion_matrix(predicted: NDArray[np.integer], target: NDArray[np.generic], classes: int) -> NDArray[np.int64]:
    """M[t, p] = number of samples of true class t that were taken for class p; shape (C, C).

    ValueError where a class number lies outside 0 to C - 1, or where there are not as many predictions as targets.
    """
    p, t = np.ravel(predicted).astype(np.int64), np.ravel(target).astype(np.int64)
    if p.size != t.size:
        raise ValueError(f"{p.size} predictions do not fit {t.size} targets")
    for name, numbers in (("predicted", p), ("true", t)):
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
            span = f"{numbers.min()} to {numbers.max()}"
            raise ValueError(f"{name} classes must lie between 0 and {classes - 1}, but go from {span}")
    return np.bincount(t * classes + p, minlength=classes * classes).reshape(classes, classes).astype(np.int64)

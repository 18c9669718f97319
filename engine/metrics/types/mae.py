"""Mean absolute error."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import METRICS, Floats, Metric


@METRICS.add
class MeanAbsoluteError(Metric, id="mae", title="mean absolute error"):
    """MAE = mean over samples and outputs of |y - t|, in the unit of the target."""

    tasks: ClassVar[tuple[Literal["classes", "binary", "values"], ...]] = ("values",)
    rises: ClassVar[bool] = False

    def compute(self, shown: Floats, target: NDArray[np.generic]) -> float:
        """nan for an empty split."""
        if not target.size:
            return float("nan")
        y, t = shown.astype(np.float64), target.astype(np.float64)
        return float(np.abs(y - t.reshape(y.shape)).mean())

"""The loss along one step: is it too long, or could it be longer? Santurkar et al. 2018."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.probes.measurements.objective import Objective, Vector
from engine.probes.measurements.watch import Watch

REACH, POINTS = 4.0, 33

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class StepSlice:
    """Losses at w + m s for ``multiples`` m; m = 0 is before the step, m = 1 after it.

    ``along_step``: s is the optimizer's step, on the batch that it was made from; ``along_gradient``: s points down the
    batch's gradient and is as long as the step; ``elsewhere``: along the step, on other samples (no values if none).
    ``length``: |s|. ``cosine`` between the step and the way down.
    """

    multiples: Curve
    along_step: Curve
    along_gradient: Curve
    elsewhere: Curve
    length: float
    cosine: float

    @property
    def best(self) -> float:
        """The multiple with the lowest loss on the step's own batch."""
        return float(self.multiples[np.nanargmin(np.where(np.isfinite(self.along_step), self.along_step, np.inf))])


def step_slice(
    batch: Objective, step: Vector, others: Objective | None = None, *, watch: Watch | None = None
) -> StepSlice:
    """Slices from ``batch.start``, the weights before ``step`` (P,)."""
    multiples = np.linspace(0.0, REACH, POINTS)
    gradient = batch.gradient(batch.start)
    length, slope = float(np.linalg.norm(step)), float(np.linalg.norm(gradient))
    down = -gradient * (length / slope) if slope > 0 else np.zeros_like(gradient)
    ways = [(batch, step), (batch, down)] + ([(others, step)] if others is not None else [])
    total, curves = len(ways) * POINTS, []
    for k, (objective, way) in enumerate(ways):
        curve = np.empty(POINTS)
        for i, m in enumerate(multiples):
            if watch is not None:
                watch.tell(k * POINTS + i, total)
            curve[i] = objective.loss(objective.start + m * way)
        curves.append(curve)
    cosine = float(step @ down) / length**2 if length > 0 and slope > 0 else 0.0
    return StepSlice(multiples, curves[0], curves[1], curves[2] if len(curves) > 2 else np.zeros(0), length, cosine)

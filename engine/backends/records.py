"""Collecting the per-step figures of a chunk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import StepRecords
from engine.backends.interpreter import Pass
from engine.plan import Plan


class Recorder:
    """Fills arrays for up to ``steps`` steps; ``records`` returns what was filled."""

    def __init__(self, plan: Plan, steps: int) -> None:
        self._head = next((h for h in plan.heads if h.loss.target != "values"), None)
        self._count = 0
        self._loss = np.zeros(steps)
        self._penalty = np.zeros(steps)
        self._hits = np.zeros(steps, np.int64)
        self._samples = np.zeros(steps, np.int64)
        self._norms = np.zeros((steps, len(plan.weights)))

    def add(self, loss: float, penalty: float, run: Pass, y: dict[str, NDArray[Any]], norms: list[float]) -> None:
        """One step's figures."""
        k = self._count
        self._loss[k], self._penalty[k], self._norms[k] = loss, penalty, norms
        self._samples[k] = len(next(iter(y.values())))
        if self._head is not None:
            self._hits[k] = hits(run.values[self._head.prediction], y[self._head.field])
        self._count = k + 1

    def records(self) -> StepRecords:
        """The steps so far."""
        n = self._count
        return StepRecords(self._loss[:n], self._penalty[:n], self._hits[:n], self._samples[:n], self._norms[:n])


def hits(logits: NDArray[Any], targets: NDArray[Any]) -> int:
    """Correct predictions from logits: argmax over classes (axis 1), or sign for a single output of 0/1 targets."""
    if targets.ndim == logits.ndim - 1:
        return int((logits.argmax(1) == targets).sum())
    return int(((logits > 0) == (targets > 0.5)).all(axis=tuple(range(1, logits.ndim))).sum())

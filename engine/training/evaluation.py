"""Evaluating a split slice by slice, so that a command never waits for a whole test set."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.backends import Evaluation, Executable
from engine.data.dataset import Dataset, SplitName
from engine.losses import Loss
from engine.metrics import METRICS, Metric
from engine.training.targets import encode_split

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

#: seconds that a training which is ended may take for the validation that it was at
LAST_WORDS = 2.0


@dataclass(frozen=True)
class SplitResult:
    """Loss, metrics by id, and the shown values of every head, of one split."""

    split: SplitName
    loss: float
    metrics: Mapping[str, float]
    evaluation: Evaluation


class SlicedEvaluation:
    """``advance`` evaluates one slice; ``result`` is there once ``done``. Of an empty split: NaN and no metrics.

    ``averaged``: by the running mean of the weights, where one is kept.
    """

    def __init__(
        self, executable: Executable, dataset: Dataset, split: SplitName, batch: int = 64, *, averaged: bool = False
    ) -> None:
        self._averaged = averaged
        self._executable, self._dataset, self.split, self._batch = executable, dataset, split, batch
        part = dataset.split(split)
        self._x: dict[str, NDArray[Any]] = {s.field: part.x[s.field] for s in executable.plan.inputs}
        self._count, self._at = len(part), 0
        self._parts: list[Evaluation] = []
        self.result: SplitResult | None = None
        if not self._count:
            self.result = SplitResult(split, math.nan, {}, Evaluation(math.nan, np.zeros(0), {}))
            return
        self._y = encode_split(executable.plan, dataset, part)

    @property
    def done(self) -> bool:
        """Whether all slices are evaluated."""
        return self.result is not None

    def advance(self) -> None:
        """One slice more."""
        rows = slice(self._at, self._at + self._batch)
        x, y = {k: v[rows] for k, v in self._x.items()}, {k: v[rows] for k, v in self._y.items()}
        with self._executable.averaged() if self._averaged else nullcontext():
            self._parts.append(self._executable.evaluate(x, y, self._batch))
        self._at += self._batch
        if self._at >= self._count:
            self.result = self._finish()

    def run(self) -> SplitResult:
        """All slices at once."""
        while self.result is None:
            self.advance()
        return self.result

    def _finish(self) -> SplitResult:
        per_sample = np.concatenate([p.per_sample for p in self._parts])
        shown = {k: np.concatenate([p.shown[k] for p in self._parts]) for k in self._parts[0].shown}
        loss = float(per_sample.mean(dtype=np.float64))
        metrics = task_metrics(self._executable, self._dataset, self.split, shown)
        return SplitResult(self.split, loss, metrics, Evaluation(loss, per_sample, shown))


def task_metrics(
    executable: Executable, dataset: Dataset, split: SplitName, shown: Mapping[str, NDArray[Any]]
) -> dict[str, float]:
    """Every registered metric that suits the data's task, for the first head whose field is a target."""
    head = next((h for h in executable.plan.heads if h.source in dataset.split(split).y), None)
    if head is None:
        return {}
    target = dataset.split(split).y[head.source]
    prediction = shown[head.node]
    if dataset.task == "binary" and head.loss.target == "values" and prediction.size == len(prediction):
        prediction = (prediction + 1) / 2  # trained towards -1 and +1
    made = {m.id: m(**_threshold(m, head.loss)) for m in METRICS.classes() if dataset.task in m.tasks}
    return {name: float(metric.compute(prediction, target)) for name, metric in made.items()}


def _threshold(metric: type[Metric], loss: Loss) -> dict[str, float]:
    """Where the loss puts the border between two classes; a hinge has it at 0."""
    return {"threshold": loss.threshold} if "threshold" in metric.params else {}


def close_epoch(trainer: Trainer) -> bool:
    """An epoch whose validation is under way is finished before its training ends, unless that would take long."""
    before, started = trainer.epoch, time.monotonic()
    while trainer.busy_evaluating and not trainer.stopped and time.monotonic() - started < LAST_WORDS:
        trainer.advance()
    return trainer.epoch > before

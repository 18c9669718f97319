"""Making snapshots of a trainer: what is cheap every time, the autopsy only as often as its cost allows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.analysis import infer
from engine.backends import LastStep
from engine.probes import ProbeRequest, Snapshot, capture
from engine.probes.autopsy import autopsy, trace
from engine.probes.snapshot import LayerAutopsy
from engine.training.budget import Budget
from engine.training.trainer import Trainer

#: samples of the last batch that an autopsy runs on, at most and at least, and multiply-adds that they may cost
#: forward, some 0.2 s in all, in float64
AUTOPSY_SAMPLES, AUTOPSY_LEAST, AUTOPSY_MACS = 64, 8, 1e8
#: samples over which the gradient is shown before the first step, at most and at least, and multiply-adds that they may
#: cost forward, some 0.2 s in all: who presses Run waits for it
STANDING_SAMPLES, STANDING_LEAST, STANDING_MACS = 500, 16, 2e8
#: of the run's time: what looks may cost, and what autopsies may beside them: 4 % together
LOOK_SHARE, AUTOPSY_SHARE = 0.03, 0.01
#: seconds between two of each at the least
LOOK_EVERY, AUTOPSY_EVERY = 1 / 30, 0.4


def standing_samples(macs: float) -> int:
    """Over how many samples a network of so many multiply-adds a sample shows its gradient before the first step."""
    return int(min(max(STANDING_MACS / max(macs, 1.0), STANDING_LEAST), STANDING_SAMPLES))


def autopsy_samples(macs: float) -> int:
    """Over how many samples of the batch a network of so many multiply-adds a sample is taken apart."""
    return int(min(max(AUTOPSY_MACS / max(macs, 1.0), AUTOPSY_LEAST), AUTOPSY_SAMPLES))


class Looker:
    """Remembers the last autopsy, what looks cost, and when the next one may be."""

    def __init__(self) -> None:
        self._autopsy: tuple[LayerAutopsy, ...] = ()
        self._looks, self._autopsies = Budget(LOOK_SHARE, LOOK_EVERY), Budget(AUTOPSY_SHARE, AUTOPSY_EVERY)

    def rested(self) -> bool:
        """Whether a look now keeps within its share of the time; what nobody waits for is on a budget."""
        return self._looks.due()

    def forget(self) -> None:
        """After a reset: what was seen is of other weights."""
        self._autopsy = ()
        self._looks.forget()
        self._autopsies.forget()

    def snapshot(self, trainer: Trainer, request: ProbeRequest, *, at_once: bool = False) -> Snapshot:
        """What ``request`` wants. ``at_once``: while paused nothing else waits, so the autopsy is always fresh."""
        started = time.perf_counter()
        last = trainer.executable.last() or (self._standing(trainer) if "layers" in request.wants else None)
        made = capture(trainer.executable, request, last, trainer.step, trainer.epoch)
        cost = time.perf_counter() - started + trainer.keeping
        if at_once:
            self._looks.free()
        else:
            self._looks.spent(cost)
        if "autopsy" in request.wants:
            cost += self._look(trainer, last, at_once)
            made = replace(made, autopsy=self._autopsy)
        return replace(made, cost=cost)

    def _standing(self, trainer: Trainer) -> LastStep:
        """Where no step was made yet: the gradient over the training set (its first samples) as it stands."""
        rows = np.arange(min(len(trainer.dataset.train), standing_samples(infer(trainer.project.graph).macs)))
        x, y = self._batch(trainer, rows)
        return replace(trainer.executable.gradients(x, y, training=True), step=trainer.step, rows=rows)

    @staticmethod
    def _batch(trainer: Trainer, rows: NDArray[np.int64]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        x = {s.field: trainer.dataset.train.x[s.field][rows] for s in trainer.plan.inputs}
        return x, {k: v[rows] for k, v in trainer.targets.items()}

    def _look(self, trainer: Trainer, last: LastStep | None, at_once: bool) -> float:
        """The autopsy anew if it may be; the seconds that it took."""
        if last is None or not (at_once or self._autopsies.due()):
            return 0.0
        started = time.perf_counter()
        x, y = self._batch(trainer, last.rows[: autopsy_samples(infer(trainer.project.graph).macs)])
        traced = trace(trainer.plan, trainer.executable.weights(), x, y, like=trainer.executable, step=last.step)
        self._autopsy = autopsy(traced)
        cost = time.perf_counter() - started
        if at_once:
            self._autopsies.free()
        else:
            self._autopsies.spent(cost)
        return cost

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
from engine.training.trainer import Trainer

#: samples of the last batch that an autopsy runs on
AUTOPSY_SAMPLES = 64
#: samples over which the gradient is shown before the first step, at most and at least, and multiply-adds that they may
#: cost forward, some 0.2 s in all: who presses Run waits for it
STANDING_SAMPLES, STANDING_LEAST, STANDING_MACS = 500, 16, 2e8
#: seconds between two autopsies, and how many times its own cost it waits at least
AUTOPSY_EVERY, AUTOPSY_REST = 0.4, 60.0
#: seconds between two looks at the least, and how many times its own cost one waits: some 3 % of the training
LOOK_EVERY, LOOK_REST = 1 / 30, 35.0
#: seconds that a picture may be old all the same: one dear look (the first, or beside another program) would still it
LOOK_WITHIN, AUTOPSY_WITHIN = 1.0, 4.0


def standing_samples(macs: float) -> int:
    """Over how many samples a network of so many multiply-adds a sample shows its gradient before the first step."""
    return int(min(max(STANDING_MACS / max(macs, 1.0), STANDING_LEAST), STANDING_SAMPLES))


class Looker:
    """Remembers the last autopsy, what looks cost, and when the next one may be."""

    def __init__(self) -> None:
        self._autopsy: tuple[LayerAutopsy, ...] = ()
        self._next = self._rested = 0.0

    def rested(self) -> bool:
        """Whether a look now keeps within its share of the time; what nobody waits for is on a budget."""
        return time.perf_counter() >= self._rested

    def forget(self) -> None:
        """After a reset: what was seen is of other weights."""
        self._autopsy, self._next, self._rested = (), 0.0, 0.0

    def snapshot(self, trainer: Trainer, request: ProbeRequest, *, at_once: bool = False) -> Snapshot:
        """What ``request`` wants. ``at_once``: while paused nothing else waits, so the autopsy is always fresh."""
        started = time.perf_counter()
        made = self._made(trainer, request, at_once)
        cost = time.perf_counter() - started + trainer.keeping
        self._rested = time.perf_counter() + (0.0 if at_once else min(max(LOOK_EVERY, LOOK_REST * cost), LOOK_WITHIN))
        return replace(made, cost=cost)

    def _made(self, trainer: Trainer, request: ProbeRequest, at_once: bool) -> Snapshot:
        last = trainer.executable.last() or (self._standing(trainer) if "layers" in request.wants else None)
        made = capture(trainer.executable, request, last, trainer.step, trainer.epoch)
        if "autopsy" not in request.wants:
            return made
        if at_once or time.perf_counter() >= self._next:
            self._look(trainer, last)
        return replace(made, autopsy=self._autopsy)

    def _standing(self, trainer: Trainer) -> LastStep:
        """Where no step was made yet: the gradient over the training set (its first samples) as it stands."""
        rows = np.arange(min(len(trainer.dataset.train), standing_samples(infer(trainer.project.graph).macs)))
        x, y = self._batch(trainer, rows)
        return replace(trainer.executable.gradients(x, y, training=True), step=trainer.step, rows=rows)

    @staticmethod
    def _batch(trainer: Trainer, rows: NDArray[np.int64]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        x = {s.field: trainer.dataset.train.x[s.field][rows] for s in trainer.plan.inputs}
        return x, {k: v[rows] for k, v in trainer.targets.items()}

    def _look(self, trainer: Trainer, last: LastStep | None) -> None:
        if last is None:
            return
        started = time.perf_counter()
        x, y = self._batch(trainer, last.rows[:AUTOPSY_SAMPLES])
        traced = trace(trainer.plan, trainer.executable.weights(), x, y, like=trainer.executable, step=last.step)
        self._autopsy = autopsy(traced)
        cost = time.perf_counter() - started
        self._next = time.perf_counter() + min(max(AUTOPSY_EVERY, AUTOPSY_REST * cost), AUTOPSY_WITHIN)

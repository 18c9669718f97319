"""Making snapshots of a trainer: what is cheap every time, the autopsy only as often as its cost allows."""

from __future__ import annotations

import time
from dataclasses import replace

from engine.probes import ProbeRequest, Snapshot, capture
from engine.probes.autopsy import autopsy, trace
from engine.probes.snapshot import LayerAutopsy
from engine.training.trainer import Trainer

#: samples of the last batch that an autopsy runs on
AUTOPSY_SAMPLES = 64
#: seconds between two autopsies, and how many times its own cost it waits at least
AUTOPSY_EVERY, AUTOPSY_REST = 0.4, 40.0


class Looker:
    """Remembers the last autopsy and what it cost."""

    def __init__(self) -> None:
        self._autopsy: tuple[LayerAutopsy, ...] = ()
        self._next = 0.0

    def forget(self) -> None:
        """After a reset: what was seen is of other weights."""
        self._autopsy, self._next = (), 0.0

    def snapshot(self, trainer: Trainer, request: ProbeRequest, *, at_once: bool = False) -> Snapshot:
        """What ``request`` wants. ``at_once``: while paused nothing else waits, so the autopsy is always fresh."""
        made = capture(trainer.executable, request, trainer.executable.last(), trainer.step, trainer.epoch)
        if "autopsy" not in request.wants:
            return made
        if at_once or time.perf_counter() >= self._next:
            self._look(trainer)
        return replace(made, autopsy=self._autopsy)

    def _look(self, trainer: Trainer) -> None:
        last = trainer.executable.last()
        if last is None:
            return
        started = time.perf_counter()
        rows = last.rows[:AUTOPSY_SAMPLES]
        x = {s.field: trainer.dataset.train.x[s.field][rows] for s in trainer.plan.inputs}
        y = {k: v[rows] for k, v in trainer.targets.items()}
        traced = trace(trainer.plan, trainer.executable.weights(), x, y, like=trainer.executable, step=last.step)
        self._autopsy = autopsy(traced)
        cost = time.perf_counter() - started
        self._next = time.perf_counter() + max(AUTOPSY_EVERY, AUTOPSY_REST * cost)

"""Time travel: keyframes of the whole training state in a memory budget, and exact replay between them.

Keyframes are thinned as the run grows: when the budget is full every second one goes and the distance doubles. A visit
loads the nearest one before the step and trains on from there with the same batches, masks and logged commands, so it
meets the very bits of the first time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from engine.training.resume import ResumeState, resume_state
from engine.training.trainer import Trainer

BUDGET = 64 << 20
FEWEST, MOST = 8, 256
#: seconds between two keyframes at the least, and how many times its own cost one waits: a per cent of the training
REST, TIMES = 0.1, 100.0


class Timeline:
    """Belongs to the worker. ``note`` after each piece of work; ``visit`` gives a trainer of its own at a step."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._frames: list[ResumeState] = []
        self._stride, self._next_time = 1, 0.0
        self._visitor: Trainer | None = None

    def clear(self) -> None:
        """Forget everything: the run was reset or replaced."""
        self._frames, self._stride, self._next_time, self._visitor = [], 1, 0.0, None

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps of the keyframes."""
        return tuple(int(f.scalars["step"]) for f in self._frames)

    @property
    def nbytes(self) -> int:
        """Memory that the keyframes hold."""
        return sum(_bytes(f) for f in self._frames)

    def note(self, trainer: Trainer, now: float | None = None) -> None:
        """Keep a keyframe if it is due; never in the middle of an evaluation or after the end."""
        clock = time.perf_counter() if now is None else now
        if trainer.busy_evaluating or trainer.stopped or (self._frames and clock < self._next_time):
            return
        if self._frames and trainer.step < self.steps[-1] + self._stride:
            return
        started = time.perf_counter()
        # Past epochs are the head's to know: writing thousands of them down at every keyframe cost more than training.
        self._frames.append(resume_state(trainer, history=False))
        self._next_time = clock + max(REST, TIMES * (time.perf_counter() - started))
        most = min(max(self._budget // max(_bytes(self._frames[-1]), 1), FEWEST), MOST)
        if len(self._frames) > most:
            self._frames = self._frames[::2]
            self._stride = max(2 * self._stride, (self.steps[-1] - self.steps[0]) // max(len(self._frames), 1))

    def visit(self, head: Trainer, step: int) -> Trainer:
        """A trainer that stands exactly after ``step`` steps of ``head``'s run, its last step kept for the probes."""
        before = [f for f in self._frames if f.scalars["step"] <= step]
        if not 0 <= step <= head.step or not before:
            raise ValueError(f"step {step} is not in the record (from {self.steps[:1]} to {head.step})")
        frame = before[-1]
        visitor = self._visitor_of(head)
        visitor.setup = replace(visitor.setup, epochs=int(frame.scalars["epochs_asked"]))
        visitor.load_resume_state(replace(frame, scalars={**frame.scalars, "epochs": [], "stopped": ""}))
        for change in head.command_log[len(frame.scalars["command_log"]) :]:
            if int(change["step"]) >= step:
                break
            visitor.run_steps(int(change["step"]) - visitor.step)
            visitor.redo(change)
        left = step - visitor.step
        # What was commanded at this very step takes effect after it; state_at redoes that.
        if left > 1:
            visitor.run_steps(left - 1)
        if left:
            visitor.advance(0.0, 1, keep=True)
        return visitor

    def with_last_step(self, head: Trainer) -> Trainer:
        """``head`` itself where its last step was kept for the probes; else a visitor that made that step once more.

        While training runs only some steps are kept: figures of another step beside these weights would be untrue.
        """
        if _stands_at(head, head.step) or head.executable.last() is None or head.divergence is not None:
            return head
        if self._visitor is not None and _stands_at(self._visitor, head.step):
            return self._visitor
        return self.visit(head, head.step) if self._frames and self.steps[0] < head.step else head

    def state_at(self, head: Trainer, step: int) -> ResumeState:
        """What a training that goes on from ``step`` starts with; the epochs before it keep their figures."""
        kept = head.resume_state()
        epochs = [e for e in kept.scalars["epochs"] if e["step"] <= step]
        best_loss, place = _best(epochs, head.setup.min_change)
        best = self._weights_of(head, epochs[place], kept) if place >= 0 else {}
        visitor = self.visit(head, step)
        for change in head.command_log[len(visitor.command_log) :]:
            if int(change["step"]) > step:
                break
            visitor.redo(change)
        state = visitor.resume_state()
        scalars = {
            **state.scalars,
            "epochs": epochs,
            "best_loss": best_loss,
            "best_epoch": place + 1 if place >= 0 else -1,
            "bad_epochs": len(epochs) - 1 - place if place >= 0 else 0,
            "seconds": kept.scalars["seconds"] * step / max(head.step, 1),
        }
        return ResumeState({**state.arrays, **best}, scalars)

    def before(self, step: int) -> tuple[ResumeState, ...]:
        """The keyframes up to ``step``: what a training that goes on from there knows of its past."""
        return tuple(f for f in self._frames if f.scalars["step"] <= step)

    def remember(self, frames: tuple[ResumeState, ...]) -> None:
        """Start from the keyframes of a training that this one goes on with."""
        self._frames = list(frames)

    def _weights_of(self, head: Trainer, epoch: Mapping[str, Any], kept: ResumeState) -> dict[str, NDArray[Any]]:
        """The weights at a best epoch's end, where they would be put back; met again unless the head still has them."""
        if head.setup.patience is None or not head.setup.restore_best:
            return {}
        if head.best_epoch == epoch["epoch"]:
            return {k: a for k, a in kept.arrays.items() if k.startswith("best|")}
        if not self._frames or epoch["step"] < self.steps[0]:
            return {}
        found = self.visit(head, int(epoch["step"])).executable.weights()
        return {f"best|{node}|{name}": a for (node, name), a in found.items()}

    def _visitor_of(self, head: Trainer) -> Trainer:
        if self._visitor is None:
            project = replace(head.project, training=head.setup)
            backend, threads = head.executable.name, head.executable.threads
            self._visitor = Trainer(project, head.dataset, backend=backend, plan=head.plan, threads=threads)
            self._visitor.endless = True
        return self._visitor


def _best(epochs: Sequence[Mapping[str, Any]], min_change: float) -> tuple[float | None, int]:
    """(Least watched loss, its place) by the rule of early stopping: what betters by less is no better."""
    best, place = math.inf, -1
    for k, epoch in enumerate(epochs):
        watched = epoch["validation_loss"] if epoch["validation_loss"] is not None else epoch["train_loss"]
        if watched is not None and watched < best - min_change:
            best, place = watched, k
    return (best, place) if place >= 0 else (None, -1)


def _stands_at(trainer: Trainer, step: int) -> bool:
    """Whether it is after ``step`` steps and has kept the last of them."""
    last = trainer.executable.last()
    return trainer.step == step and last is not None and last.step + 1 == step


def _bytes(frame: ResumeState) -> int:
    return sum(a.nbytes for a in frame.arrays.values())

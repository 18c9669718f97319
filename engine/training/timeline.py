"""Time travel: keyframes of the whole training state in a memory budget, and exact replay between them.

Keyframes are thinned as the run grows: when the budget is full every second one goes and the distance doubles. A visit
loads the nearest one before the step and trains on from there with the same batches, masks and logged commands, so it
meets the very bits of the first time.
"""

from __future__ import annotations

import time
from dataclasses import replace

from engine.training.resume import ResumeState
from engine.training.trainer import Trainer

BUDGET = 64 << 20
FEWEST, MOST = 8, 256
#: seconds between two keyframes at the least, so that copying never costs more than a per cent or so
REST = 0.1


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
        self._frames.append(trainer.resume_state())
        self._next_time = clock + REST
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
        if left > 1:
            visitor.run_steps(left - 1)
        if left:
            visitor.advance(0.0, 1, keep=True)
        return visitor

    def state_at(self, head: Trainer, step: int) -> ResumeState:
        """What a training that goes on from ``step`` starts with; the epochs before it keep their figures."""
        visitor = self.visit(head, step)
        state, kept = visitor.resume_state(), head.resume_state()
        epochs = [e for e in kept.scalars["epochs"] if e["step"] <= step]
        watched = [e["validation_loss"] if e["validation_loss"] is not None else e["train_loss"] for e in epochs]
        best = min(watched, default=None)
        place = watched.index(best) if best is not None else -1
        scalars = {
            **state.scalars,
            "epochs": epochs,
            "best_loss": best,
            "best_epoch": place + 1 if place >= 0 else -1,
            "bad_epochs": len(watched) - 1 - place if place >= 0 else 0,
            "seconds": kept.scalars["seconds"] * step / max(head.step, 1),
        }
        return ResumeState(state.arrays, scalars)

    def _visitor_of(self, head: Trainer) -> Trainer:
        if self._visitor is None:
            project = replace(head.project, training=head.setup)
            self._visitor = Trainer(project, head.dataset, backend=head.executable.name, plan=head.plan)
            self._visitor.endless = True
        return self._visitor


def _bytes(frame: ResumeState) -> int:
    return sum(a.nbytes for a in frame.arrays.values())

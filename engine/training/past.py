"""What a session knows of the steps before the one that it goes on from."""

from __future__ import annotations

from dataclasses import dataclass

from engine.probes import Snapshot
from engine.training.columns import ColumnView
from engine.training.moments import Moments
from engine.training.resume import ResumeState
from engine.training.timeline import Timeline
from engine.training.trainer import Trainer


@dataclass(frozen=True)
class Past:
    """``columns``: the record of every step; ``frames``: keyframes, of the same network only; ``moments``: the layers'
    figures over time."""

    columns: ColumnView | None = None
    frames: tuple[ResumeState, ...] = ()
    moments: tuple[Snapshot, ...] = ()

    @staticmethod
    def of(trainer: Trainer, timeline: Timeline, moments: Moments, step: int) -> Past:
        """That of a training up to ``step``."""
        earlier = tuple(m for m in moments.kept if m.step <= step)
        return Past(trainer.columns.view, timeline.before(step), earlier)

    def hand_to(self, trainer: Trainer, timeline: Timeline, moments: Moments) -> None:
        """Where a session goes on from the trainer's step."""
        if self.columns is not None:
            trainer.columns.seed(self.columns, trainer.step)
        if self.frames:
            timeline.remember(self.frames)
        moments.kept = tuple(m for m in self.moments if m.step <= trainer.step)

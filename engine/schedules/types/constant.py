"""No change."""

from __future__ import annotations

from engine.schedules.base import SCHEDULES, Schedule


@SCHEDULES.add
class Constant(Schedule, id="constant", title="constant"):
    """factor = 1."""

    def proper(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """Always 1."""
        return 1.0

    def proper_text(self) -> str:
        """1."""
        return "1.0"

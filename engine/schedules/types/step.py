"""Down by a factor every few epochs."""

from __future__ import annotations

from engine.declare import Float, Int
from engine.schedules.base import SCHEDULES, Schedule


@SCHEDULES.add
class StepDecay(Schedule, id="step", title="step"):
    """factor = gamma^floor(epoch / every), epoch = floor(step / steps per epoch). As torch's StepLR."""

    every: int = Int(10, low=1, unit="epochs", help="Epochs between two falls.")
    gamma: float = Float(0.1, low=0.0, high=1.0, label="factor", help="What each fall multiplies the rate by.")

    def proper(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """A staircase."""
        return float(self.gamma ** (step // steps_per_epoch // self.every))

    def proper_text(self) -> str:
        """A staircase."""
        return f"{self.gamma!r} ** (step // steps_per_epoch // {self.every})"

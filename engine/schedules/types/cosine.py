"""Down along half a cosine."""

from __future__ import annotations

import math

from engine.declare import Float
from engine.schedules.base import SCHEDULES, Schedule


@SCHEDULES.add
class CosineDecay(Schedule, id="cosine", title="cosine"):
    """factor = floor + (1 - floor) (1 + cos(pi step / total)) / 2, the floor beyond. Loshchilov & Hutter 2017."""

    floor: float = Float(0.0, low=0.0, high=1.0, help="Share of the base rate that the last steps come down to.")

    def proper(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """From 1 at the first step to the floor after the last; training on beyond it does not rise again."""
        done = min(step, total_steps) / total_steps
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2

    def proper_text(self) -> str:
        """Half a cosine."""
        wave = "(1 + math.cos(math.pi * min(step, total_steps) / total_steps)) / 2"
        return f"{self.floor!r} + {1 - self.floor!r} * {wave}" if self.floor else wave

"""Down by a factor every epoch."""

from __future__ import annotations

from engine.declare import Bool, Float
from engine.schedules.base import SCHEDULES, Schedule


@SCHEDULES.add
class ExponentialDecay(Schedule, id="exponential", title="exponential"):
    """factor = gamma^epoch, epoch = floor(step / steps per epoch); smooth: without floor. As torch's ExponentialLR."""

    gamma: float = Float(
        0.95, low=0.0, low_open=True, high=1.0, label="factor", help="What each epoch multiplies the rate by."
    )
    smooth: bool = Bool(False, help="Falls a little in every step instead of at the end of each epoch.")

    def proper(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """Falls by the same share each epoch."""
        return float(self.gamma ** (step / steps_per_epoch if self.smooth else step // steps_per_epoch))

    def proper_text(self) -> str:
        """Falls by the same share each epoch."""
        return f"{self.gamma!r} ** (step {'/' if self.smooth else '//'} steps_per_epoch)"

"""What a schedule is: a factor on the base learning rate, by step."""

from __future__ import annotations

from abc import abstractmethod

from engine.declare import Declared, Int, Registry


class Schedule(Declared):
    """rate(step) = base rate * factor(step). Step counts from 0.

    ``warm_up`` steps rise linearly from 1 / warm_up to 1 before the schedule proper begins (Goyal et al. 2017).
    Epochs of a schedule count from the end of the warm-up.
    """

    warm_up: int = Int(0, low=0, unit="steps", label="warm-up", help="Steps of linear rise before the schedule begins.")

    def factor(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """The factor at a step, warm-up included."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        return self.proper(step - self.warm_up, steps_per_epoch, max(total_steps - self.warm_up, 1))

    @abstractmethod
    def proper(self, step: int, steps_per_epoch: int, total_steps: int) -> float:
        """The factor after the warm-up; ``step`` counts from its end."""

    @abstractmethod
    def proper_text(self) -> str:
        """``proper`` as a Python expression of its arguments, for exported programs; may use the module ``math``."""

    def torch_text(self) -> str:
        """The schedule as a PyTorch expression of ``optimizer``, ``steps_per_epoch`` and ``total_steps``.

        It is to be stepped after every update; names ``torch`` and ``math``.
        """
        factor = self.proper_text()
        if self.warm_up:
            left = f"step - {self.warm_up}, max(total_steps - {self.warm_up}, 1)"
            after = f"(lambda step, total_steps: {factor})({left})"
            factor = f"(step + 1) / {self.warm_up} if step < {self.warm_up} else {after}"
        return f"torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: {factor})"


SCHEDULES: Registry[Schedule] = Registry("schedule", "engine.schedules.types")

"""What is done around an optimizer's update: clipping, gathering gradients, proximal L1, a mean of the weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepRules:
    """g -> gathered over ``gather`` steps -> + penalties -> clipped by value -> by norm -> optimizer -> proximal L1.

    ``gather`` (at least 1): steps whose gradients are averaged, sample by sample, into one update; a group ends with
    its epoch of ``steps_per_epoch`` steps (0: never), so that k batches of B are one batch of k B. ``mean_decay``:
    after each update m <- decay m + (1 - decay) w, m starting as the w of the first one (Polyak & Juditsky 1992; as
    torch.optim.swa_utils). ``proximal``: L1 acts after the update and reaches zero, else by its subgradient.
    ``decay_biases``: the optimizer's weight decay takes biases, gains and offsets (one axis) too, as torch's does.
    """

    clip_value: float | None = None
    clip_norm: float | None = None
    gather: int = 1
    steps_per_epoch: int = 0
    mean_decay: float | None = None
    proximal: bool = False
    decay_biases: bool = True

    def update_of(self, step: int) -> int:
        """Which update a step (from 0) belongs to, from 0: the optimizer's own count of steps."""
        if self.gather == 1:
            return step
        epoch, within = divmod(step, self.steps_per_epoch) if self.steps_per_epoch else (0, step)
        return epoch * self.updates(self.steps_per_epoch) + within // self.gather

    def updates(self, steps: int) -> int:
        """Updates in so many steps from the start of an epoch."""
        return -(-steps // self.gather)

    def applies(self, step: int) -> bool:
        """Whether the weights move at the end of this step: it is the last of its group."""
        within = step % self.steps_per_epoch if self.steps_per_epoch else step
        return (within + 1) % self.gather == 0 or (self.steps_per_epoch > 0 and within + 1 == self.steps_per_epoch)

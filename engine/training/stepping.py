"""The set-up's choices around an optimizer's update, as rules of a step."""

from __future__ import annotations

from engine.graph import TrainingSetup
from engine.optimizers import StepRules


def step_rules(setup: TrainingSetup, steps_per_epoch: int) -> StepRules:
    """The rules that a backend follows."""
    return StepRules(
        clip_value=setup.clip_value,
        clip_norm=setup.clip_norm,
        gather=setup.accumulate,
        steps_per_epoch=steps_per_epoch,
        mean_decay=setup.ema_decay,
        proximal=setup.l1_step == "proximal",
        decay_biases=setup.decay_biases,
    )


def extra_tensors(setup: TrainingSetup) -> int:
    """Arrays per trained weight that the rules need besides the optimizer's own."""
    clipped = setup.clip_value is not None or setup.clip_norm is not None
    return int(clipped) + 2 * int(setup.accumulate > 1) + int(setup.ema_decay is not None)

"""What a diagnosis is made from: plain numbers of one training, gathered between two steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.layers import Fix
from engine.probes.snapshot import LayerAutopsy, LayerStats

Curve = NDArray[np.float64]

#: how far a sound first loss may lie above guessing: He's logits of unit inputs give 0.9, of inputs of size 3 up to 2.4
EXCESS = 2.5


def loudest(guess: float) -> float:
    """The first loss above which logits start too large: twice what guessing gives, or EXCESS above it for few classes.

    Twice alone would blame sound nets of two classes, whose guess is but 0.69.
    """
    return max(2 * guess, guess + EXCESS)


@dataclass(frozen=True)
class InputFigures:
    """Of one input field's training samples: spread of the features and where their centres lie."""

    sd_low: float
    sd_high: float
    offset: float
    rms: float


@dataclass(frozen=True)
class Evidence:
    """``start``, ``now``: layer statistics over the first training samples, before any step and at this one.

    ``activations``: node -> id of the activation that its weighted sum feeds. ``step_losses``: every step's loss.
    Curves have one value per epoch. ``expected_first``: the loss at the start if labels said nothing, ``guess``: that
    of logits of zero; nan without classes. ``sharpness``: the Hessian's largest eigenvalue, at the start or now,
    whichever is greater, and ``stable_limit``, above which steps at this rate overshoot; nan where nobody looked, which
    is done only for plain gradient steps that do not learn.
    """

    step: int
    batch: int
    samples: int
    rate: float
    optimizer: str
    task: Literal["binary", "classes", "values"]
    class_counts: tuple[int, ...]
    names: Mapping[str, str]
    activations: Mapping[str, str]
    norms: tuple[str, ...]
    loss: str
    ends_with: str
    start: tuple[LayerStats, ...]
    now: tuple[LayerStats, ...]
    updates: tuple[float, ...]
    autopsy: tuple[LayerAutopsy, ...]
    first_loss: float
    expected_first: float
    baseline: float
    step_losses: Curve
    train_loss: Curve
    validation_loss: Curve
    train_metric: Curve
    validation_metric: Curve
    inputs: tuple[InputFigures, ...]
    diverged: str = ""
    guess: float = math.nan
    sharpness: float = math.nan
    stable_limit: float = math.nan


@dataclass(frozen=True)
class Card:
    """One finding. Texts are templates with values, so that they can be translated; ``layers`` are lit.

    ``evidence`` names the numbers, ``cause`` the mechanism, ``source`` who described it, ``fixes`` what to try.
    """

    rule: str
    severity: Literal["warning", "alarm"]
    title: str
    evidence: str
    cause: str
    source: str
    values: Mapping[str, object] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def text(self) -> str:
        """Evidence and cause in English."""
        return f"{self.evidence.format(**self.values)} {self.cause.format(**self.values)}"

"""What a trainer keeps of its epochs, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: the rule that ended a training; "hand": somebody stopped it
Stopped = Literal["", "epochs", "target", "patience", "hand", "diverged"]


@dataclass(frozen=True)
class EpochRecord:
    """Figures at the end of an epoch. ``train_loss`` is the whole training set's where ``train_is_full``."""

    epoch: int
    step: int
    train_loss: float
    train_metric: float
    validation_loss: float
    validation_metric: float
    rate: float
    seconds: float
    train_is_full: bool


@dataclass
class EpochSums:
    """Running sums over the batches of the current epoch."""

    loss: float = 0.0
    hits: int = 0
    samples: int = 0

"""What a session tells: few events that must not be lost, each with all that a listener needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.backends import Slowed
from engine.plan import Plan
from engine.training.adoption import Adopted
from engine.training.evaluation import SplitResult
from engine.training.trainer import EpochRecord, Stopped

State = Literal["preparing", "paused", "running", "finished", "diverged", "failed", "closed"]


@dataclass(frozen=True)
class Status:
    """Where training stands; replaced as a whole, so a reader sees one moment. ``stopped``: the rule that ended it."""

    state: State = "preparing"
    step: int = 0
    epoch: int = 0
    epochs: int = 0
    steps_per_epoch: int = 1
    steps_per_second: float = 0.0
    seconds_left: float = 0.0
    rate: float = 0.0
    backend: str = ""
    stopped: Stopped = ""
    threads: int = 1


@dataclass(frozen=True)
class Prepared:
    """The plan stands and weights are in place. ``fresh``: weights that could not be carried over; ``adopted``: more of
    that, where a changed training goes on; ``data_changed``: the data are others than those that were trained on.
    ``instead``: why it is not the backend that the project asks for; ``slowed``: why "auto" did not take the fast
    kernels."""

    plan: Plan
    backend: str
    fresh: tuple[tuple[str, str], ...] = ()
    adopted: Adopted | None = None
    data_changed: bool = False
    instead: str = ""
    slowed: Slowed = field(default_factory=Slowed)


@dataclass(frozen=True)
class StateChanged:
    """Running, paused, ..."""

    state: State


@dataclass(frozen=True)
class EpochEnded:
    """Figures of one epoch."""

    record: EpochRecord


@dataclass(frozen=True)
class Evaluated:
    """A split was evaluated; the test set at the end, or whatever was asked for."""

    result: SplitResult


@dataclass(frozen=True)
class Finished:
    """A stop rule fired: "epochs", "target" or "patience". ``best_epoch`` whose weights were restored, or -1."""

    reason: Stopped
    best_epoch: int = -1


@dataclass(frozen=True)
class Diverged:
    """The first value that is not finite; weights are the last good ones."""

    step: int
    node: str
    tensor: str
    count: int


@dataclass(frozen=True)
class Failed:
    """The worker met an error that is not the user's. ``node`` where it is known; the last good weights are kept."""

    message: str
    node: str = ""
    traceback: str = ""
    problems: tuple[Any, ...] = field(default_factory=tuple)


Event = Prepared | StateChanged | EpochEnded | Evaluated | Finished | Diverged | Failed

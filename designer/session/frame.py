"""What live views are fed with: one moment of a training, as values and arrays that nobody writes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from engine.backends import Slowed
from engine.data.dataset import Dataset

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.probes import Snapshot
    from engine.training import ColumnView, EpochRecord
    from engine.training.evaluation import SplitResult
    from engine.training.session import Status

NOT_SLOWED = Slowed()


@dataclass(frozen=True)
class Frame:
    """Parts are compared by identity: ``new.snapshot is not old.snapshot``. ``run`` counts the trainings of a window,
    ``document`` the documents that it showed.

    ``names``: node id -> the name that the person gave it. ``earlier``: snapshots before the latest, thinned, oldest
    first. ``results``: what was evaluated, by split.
    """

    run: int = 0
    document: int = 0
    status: Status | None = None
    plan: Plan | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    columns: ColumnView | None = None
    epochs: tuple[EpochRecord, ...] = ()
    snapshot: Snapshot | None = None
    earlier: tuple[Snapshot, ...] = ()
    results: Mapping[str, SplitResult] = field(default_factory=dict)
    dataset: Dataset | None = None
    #: why this training runs without the fast kernels
    slowed: Slowed = NOT_SLOWED
    #: during a fork: which side this is ("A" as it was, "B" with the change), and the other one's frame
    side: Literal["", "A", "B"] = ""
    other: Frame | None = None

    def name(self, node: str) -> str:
        """The node's name, or its id once it is gone."""
        return self.names.get(node, node)


def begun_again(new: Frame, old: Frame) -> bool:
    """Whether the same training started anew in between, from its initial weights."""
    if new.run != old.run or old.columns is None or not old.columns.count:
        return False
    return new.columns is None or new.columns.count < old.columns.count

"""The ledger of dead units: which ReLU units are zero on the whole probe set, and between which steps they died.

A look cannot say by which single update a unit died, only that it fired at one look and no longer at the next; both
steps are kept, so that the interval is exact and as short as looks are frequent (Lu et al. 2019 on dying ReLUs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends import LastStep
from engine.plan import Plan
from engine.probes import statistics as st

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Death:
    """Unit (or channel) ``unit`` fired at step ``alive_at`` and is silent since the look at ``dead_at``.

    ``alive_at`` is -1 for one that was silent at the first look.
    """

    unit: int
    alive_at: int
    dead_at: int


@dataclass(frozen=True)
class LayerLedger:
    """``deaths``: the units that are dead now, earliest first. ``revived``: how often a dead one fired again."""

    node: str
    units: int
    deaths: tuple[Death, ...]
    revived: int

    @property
    def share(self) -> float:
        """Dead units over all."""
        return len(self.deaths) / self.units if self.units else 0.0


@dataclass
class _Record:
    dead: Mask
    alive_at: NDArray[np.int64]
    dead_at: NDArray[np.int64]
    revived: int = 0


class Ledger:
    """Takes one mask per layer and look; steps rise. A lower one means that the training was reset: the book starts
    again from its first look, which was of the initial weights."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._first: tuple[int, Mapping[str, Mask]] | None = None
        self._step = -1

    def record(self, step: int, masks: Mapping[str, Mask]) -> None:
        """One look. ``masks``: node -> (K,), True where the unit is zero on all samples."""
        if self._first is None:
            self._first = (step, {n: m.copy() for n, m in masks.items()})
        elif step < self._step:
            self._records.clear()
            self._step = -1
            self.record(*self._first)
        self._step = step
        for node, dead in masks.items():
            known = self._records.get(node)
            if known is None or len(known.dead) != len(dead):
                never = np.full(len(dead), -1, np.int64)
                self._records[node] = _Record(dead.copy(), np.where(dead, -1, step), np.where(dead, step, never))
                continue
            died = dead & ~known.dead
            known.revived += int(np.sum(known.dead & ~dead))
            known.dead_at[died] = step
            known.alive_at[~dead] = step
            known.dead = dead.copy()

    def layers(self) -> tuple[LayerLedger, ...]:
        """The book as it stands, in the order of the first look."""
        return tuple(_summed(node, r) for node, r in self._records.items())


def _summed(node: str, r: _Record) -> LayerLedger:
    deaths = [Death(int(k), int(r.alive_at[k]), int(r.dead_at[k])) for k in np.flatnonzero(r.dead)]
    return LayerLedger(node, len(r.dead), tuple(sorted(deaths, key=lambda d: (d.dead_at, d.unit))), r.revived)


def dead_masks(plan: Plan, last: LastStep) -> dict[str, Mask]:
    """Every ReLU of the plan by the node that it belongs to: units zero for each sample and position of the step."""
    found: dict[str, Mask] = {}
    for k in plan.loss_steps:
        step = plan.steps[k]
        if step.primitive.id == "relu" and step.output in last.values:
            found[step.node] = st.dead_units(last.values[step.output])
    return found

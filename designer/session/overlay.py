"""What plots lay over each other: the other side of a fork and runs of the table, each with a colour of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.document.run_columns import Measured, measured
from designer.document.runs import RunRecord
from designer.session.frame import Frame
from engine.probes import LayerStats, Snapshot
from widgets.i18n import tr
from widgets.tokens import theme

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overlay:
    """One run beside the one on show. ``epochs`` and ``curves`` as in a RunRecord; ``measured``: columns and layers
    over time; ``latest``: the moment that its profile shows."""

    name: str
    hue: str
    epochs: Sequence[int] = ()
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    measured: Measured | None = None
    latest: Snapshot | None = None
    earlier: Sequence[Snapshot] = ()

    def layer(self, node: str) -> LayerStats | None:
        """A layer's figures at the latest moment."""
        return next((s for s in self.latest.layers if s.node == node), None) if self.latest is not None else None

    def columns(self, name: str) -> tuple[Values, Values]:
        """(epochs, values) of a column of every step."""
        if self.measured is None:
            return np.zeros(0), np.zeros(0)
        view = self.measured.view
        return self.measured.epochs, np.asarray(getattr(view, name)[: view.count], np.float64)


CURVES = ("train_loss", "validation_loss", "train_metric", "validation_metric")


def run_name(run: RunRecord) -> str:
    """Its own name, or its number."""
    return run.name or tr("run {number}", number=run.number)


def run_hue(number: int) -> str:
    """A run keeps its colour as long as it is there."""
    return theme().class_color(number - 1)


def of_run(run: RunRecord) -> Overlay:
    """A run of the table."""
    moments = run.measured.moments if run.measured is not None else ()
    latest = moments[-1] if moments else None
    return Overlay(run_name(run), run_hue(run.number), run.epochs, run.curves, run.measured, latest, moments)


def of_frame(frame: Frame) -> Overlay:
    """The other side of a fork, as it stands now."""
    hue = theme().run_a if frame.side == "A" else theme().run_b
    kept: Measured | None = None
    if frame.plan is not None and frame.columns is not None and frame.columns.count and frame.status is not None:
        kept = measured(frame.plan, frame.columns, (), frame.status.steps_per_epoch)
    curves: dict[str, Any] = {c: [getattr(e, c) for e in frame.epochs] for c in CURVES}
    epochs = [e.epoch for e in frame.epochs]
    return Overlay(frame.side, hue, epochs, curves, kept, frame.snapshot, frame.earlier)


class Overlays:
    """What is laid over a live plot: of a fork the other side, else the runs that the table says. Made anew only when
    something of it is new."""

    def __init__(self) -> None:
        self.runs: tuple[RunRecord, ...] = ()
        self._made: dict[int, tuple[object, str, Overlay]] = {}
        self._other: tuple[Frame, str, Overlay] | None = None

    def of(self, frame: Frame) -> tuple[Overlay, ...]:
        """Those to be drawn beside this frame."""
        if frame.other is not None:
            if self._other is None or self._other[0] is not frame.other or self._other[1] != theme().name:
                self._other = (frame.other, theme().name, of_frame(frame.other))
            return (self._other[2],)
        found = []
        for run in self.runs:
            known = self._made.get(run.number)
            if known is None or known[0] is not run or known[1] != theme().name:
                known = self._made[run.number] = (run, theme().name, of_run(run))
            found.append(known[2])
        return tuple(found)

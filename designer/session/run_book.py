"""Keeps a record of every training of the document: begun with its first epoch, renewed whenever it rests."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from designer.document.runs import CURVES, MOST_RUNS, RunRecord, thinned, trained_project
from designer.session.bridge import Bridge
from designer.session.frame import Frame
from engine.graph import Project


class RunBook(QObject):
    """``runs``, oldest first. ``changed`` after every record, note and removal."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.runs: tuple[RunRecord, ...] = ()
        self._number = 0
        self._run = -1
        self._epochs = 0
        self._started = ""
        self._last: tuple[Frame, Project] | None = None
        bridge.framed.connect(self._framed)
        bridge.state_changed.connect(lambda _: self._rested())

    def open(self, runs: Iterable[RunRecord]) -> None:
        """Those of another document; what trains from now on is a run of its own."""
        self.runs, self._last = tuple(runs), None
        self._run, self._epochs = self.bridge.frame.run, 0
        self.changed.emit()

    def annotate(self, number: int, note: str) -> None:
        """A person's words about a run."""
        self.runs = tuple(replace(r, note=note) if r.number == number else r for r in self.runs)
        self.changed.emit()

    def remove(self, numbers: Iterable[int]) -> None:
        """Forgets these runs."""
        gone = set(numbers)
        self.runs = tuple(r for r in self.runs if r.number not in gone)
        self.changed.emit()

    def _framed(self, frame: Frame) -> None:
        """A new training, or one that was reset, is a new run; time travel within one is not."""
        if frame.run != self._run or (self._epochs and not frame.epochs and frame.columns is None):
            self._finish()
            self._run, self._epochs = frame.run, 0
        session = self.bridge.session
        if session is None or not frame.epochs or len(frame.epochs) <= self._epochs:
            return
        if not self._epochs:
            going_on = self._resumed(frame)
            self._number = max((r.number for r in self.runs), default=0) + 1 if going_on is None else going_on.number
            self._started = time.strftime("%Y-%m-%d %H:%M:%S") if going_on is None else going_on.started
            if going_on is not None and going_on.last_epoch == len(frame.epochs):
                self._epochs = len(frame.epochs)
                return
        self._epochs = len(frame.epochs)
        self._last = (frame, session.project)
        if self.bridge.state.name != "running":
            self._rested()

    def _resumed(self, frame: Frame) -> RunRecord | None:
        """The record that a training from a file goes on with: the same loss in its last epoch."""
        for run in reversed(self.runs):
            if 0 < run.last_epoch <= len(frame.epochs):
                there = frame.epochs[run.last_epoch - 1].train_loss
                if run.final("train_loss") == float(f"{there:.7g}"):
                    return run
        return None

    def _finish(self) -> None:
        """A run that was ended while it ran, by an edit or another document, is kept as far as it came."""
        last, self._last = self._last, None
        known = next((r for r in self.runs if r.number == self._number), None)
        if last is not None and (known is None or known.last_epoch < len(last[0].epochs)):
            self._keep(*last, "stopped")

    def _rested(self) -> None:
        frame, session, name = self.bridge.frame, self.bridge.session, self.bridge.state.name
        if session is None or name not in ("paused", "finished", "diverged", "failed"):
            return
        if self._epochs and frame.run == self._run and len(frame.epochs) >= self._epochs:
            self._keep(frame, session.project, name)

    def _keep(self, frame: Frame, project: Project, outcome: str) -> None:
        if frame.status is None:
            return
        epochs, curves = thinned(
            [e.epoch for e in frame.epochs], {c: [getattr(e, c) for e in frame.epochs] for c in CURVES}
        )
        known = next((r for r in self.runs if r.number == self._number), None)
        record = RunRecord(
            self._number, self._started, frame.epochs[-1].seconds, frame.status.step, frame.status.backend, outcome,
            trained_project(project), epochs, curves, known.note if known is not None else "",
        )  # fmt: skip
        others = [r for r in self.runs if r.number != self._number]
        self.runs = tuple(sorted((*others, record), key=lambda r: r.number))[-MOST_RUNS:]
        self.changed.emit()

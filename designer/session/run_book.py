"""Keeps a record of every training of the document: begun with its first epoch, renewed whenever it rests."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand

from designer.document.run_columns import measured
from designer.document.runs import CURVES, MOST_RUNS, RunRecord, thinned, trained_project
from designer.session.bridge import Bridge
from designer.session.frame import Frame
from engine.graph import Project
from engine.training import Session

#: entries of one run's log
MOST_LOGGED = 400


@dataclass
class Tracker:
    """What is known of a training while it goes: its number, what happened, and its last frame."""

    number: int
    started: str
    parent: tuple[int, int] | None = None
    epochs: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)
    last: tuple[Frame, Project, Session] | None = None


class Change(QUndoCommand):
    """One undo step of the table: records by number before and after it, None where there is none."""

    def __init__(self, text: str, book: RunBook, before: Mapping[int, RunRecord | None],
                 after: Mapping[int, RunRecord | None]) -> None:  # fmt: skip
        super().__init__(text)
        self.book, self.before, self.after = book, before, after

    def redo(self) -> None:
        self.book.put(self.after)

    def undo(self) -> None:
        self.book.put(self.before)


class RunBook(QObject):
    """``runs``, oldest first. ``changed`` after every record and edit. ``overlaid``: numbers of the runs that every
    plot shows beside the training; ``overlay_changed`` tells."""

    changed = Signal()
    overlay_changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.runs: tuple[RunRecord, ...] = ()
        self.overlaid: tuple[int, ...] = ()
        self._trackers: dict[int, Tracker] = {}
        self._stored: frozenset[int] = frozenset()
        #: after which training the next ones go on from an earlier one: (frame's run, number of that run, step)
        self._parting = (-3, 0, 0)
        #: the session that they go on from: its last epoch is theirs to tell
        self._left: Session | None = None
        bridge.fork.parted.connect(self._parted)
        bridge.framed.connect(self._framed)
        bridge.state_changed.connect(lambda _: self.rest())
        bridge.ended.connect(self._ended)

    def open(self, runs: Iterable[RunRecord]) -> None:
        """Those of another document; what trains from now on is a run of its own."""
        self.runs, self._trackers = tuple(runs), {}
        self._stored = frozenset(r.number for r in self.runs)
        self.overlay(())
        self.changed.emit()

    # edits of a person, each one undo step --------------------------------------------------------------------------

    def annotate(self, number: int, note: str, text: str = "Note") -> None:
        """A person's words about a run."""
        self._edit(text, number, note=note)

    def rename(self, number: int, name: str, text: str = "Rename") -> None:
        """A name instead of the number."""
        self._edit(text, number, name=name)

    def remove(self, numbers: Iterable[int], text: str = "Forget") -> None:
        """Forgets these runs; undo brings them back."""
        gone = {r.number: r for r in self.runs if r.number in set(numbers)}
        if gone:
            self.bridge.store.undo_stack.push(Change(text, self, gone, dict.fromkeys(gone)))

    def _edit(self, text: str, number: int, **values: str) -> None:
        known = self.record(number)
        if known is not None and any(getattr(known, k) != v for k, v in values.items()):
            after = replace(known, **values)  # type: ignore[arg-type]
            self.bridge.store.undo_stack.push(Change(text, self, {number: known}, {number: after}))

    def put(self, records: Mapping[int, RunRecord | None]) -> None:
        """These records in place of those of the same numbers; words only, where the run went on meanwhile."""
        kept = {r.number: r for r in self.runs}
        for number, record in records.items():
            now = kept.pop(number, None)
            if record is not None:
                newer = now is not None and now.steps > record.steps
                kept[number] = replace(now, name=record.name, note=record.note) if newer and now else record
        self._show(kept.values())

    def overlay(self, numbers: Iterable[int]) -> None:
        """The runs that every plot shows beside the training."""
        wanted = tuple(numbers)
        if wanted != self.overlaid:
            self.overlaid = wanted
            self.overlay_changed.emit()

    # what is known ---------------------------------------------------------------------------------------------------

    def record(self, number: int) -> RunRecord | None:
        """The run of that number."""
        return next((r for r in self.runs if r.number == number), None)

    def number_of(self, session: Session) -> int | None:
        """The number of the run that a session trains; None before its first epoch."""
        found = [t for t in self._trackers.values() if t.last is not None and t.last[2] is session]
        return found[-1].number if found else None

    def known_before(self, number: int) -> bool:
        """Whether the file that was opened held this run already."""
        return number in self._stored

    @property
    def chosen(self) -> tuple[RunRecord, ...]:
        """The runs that every plot shows; the one that trains now is there anyway."""
        found = (self.record(n) for n in self.overlaid if n != self.current)
        return tuple(r for r in found if r is not None)

    @property
    def current(self) -> int | None:
        """The number of the run on show."""
        tracker = self._trackers.get(self.bridge.frame.run)
        return tracker.number if tracker is not None else None

    # what happens ----------------------------------------------------------------------------------------------------

    def _framed(self, frame: Frame) -> None:
        """A new training, or one that was reset, is a new run; time travel within one is not."""
        fork = self.bridge.fork
        self._follow(frame, self.bridge.session)
        if frame.other is not None:
            self._follow(frame.other, fork.twin)
        for run in [r for r in self._trackers if r < frame.run - 4]:
            del self._trackers[run]

    def _follow(self, frame: Frame, session: Session | None) -> None:
        tracker = self._trackers.get(frame.run)
        if tracker is not None and tracker.epochs and not frame.epochs:
            self._finish(self._trackers.pop(frame.run))
            tracker = None
        if session is None or not frame.epochs or (tracker is not None and len(frame.epochs) <= tracker.epochs):
            return
        for run, other in list(self._trackers.items()):
            if other.last is not None and other.last[2] is not session and run < frame.run and not frame.side:
                self._finish(other)
        if tracker is None:
            tracker = self._trackers[frame.run] = self._begin(frame)
            known = self.record(tracker.number)
            if known is not None and known.last_epoch == len(frame.epochs):
                tracker.epochs, tracker.last = len(frame.epochs), (frame, session.project, session)
                return
        tracker.epochs, tracker.last = len(frame.epochs), (frame, session.project, session)
        if self.bridge.state.name != "running":
            self.rest()

    def _begin(self, frame: Frame) -> Tracker:
        """A run of its own, unless a training from a file goes on: the same loss in its last epoch."""
        going_on = None if frame.side == "B" else self._resumed(frame)
        taken = [t.number for t in self._trackers.values()]
        if going_on is not None:
            return Tracker(going_on.number, going_on.started, going_on.parent, log=[dict(e) for e in going_on.log])
        number = max([*(r.number for r in self.runs), *taken], default=0) + 1
        after, number_before, step = self._parting
        parent = (number_before, step) if after < frame.run <= after + 2 and step else None
        start = parent[1] if parent is not None else 0
        ran = frame.status is not None and frame.status.step > start
        log: list[dict[str, Any]] = [{"step": start, "command": "run"}] if ran else []
        return Tracker(number, time.strftime("%Y-%m-%d %H:%M:%S"), parent, log=log)

    def _parted(self, session: Session | None, step: int) -> None:
        number = self.number_of(session) if session is not None else None
        self._parting, self._left = (self.bridge.frame.run, number or 0, step), session

    def _resumed(self, frame: Frame) -> RunRecord | None:
        # The other side of a fork has the same past, and may be written down already.
        others = {t.number for run, t in self._trackers.items() if run > self._parting[0]}
        for run in reversed(self.runs):
            if run.number not in others and 0 < run.last_epoch <= len(frame.epochs):
                there = frame.epochs[run.last_epoch - 1].train_loss
                if run.final("train_loss") == float(f"{there:.7g}"):
                    return run
        return None

    def _finish(self, tracker: Tracker) -> None:
        """A run that was ended while it ran, by an edit or another document, is kept as far as it came."""
        last = tracker.last
        known = self.record(tracker.number)
        if last is not None and (known is None or known.last_epoch < len(last[0].epochs)):
            self._keep(tracker, last[0], "stopped")

    def _ended(self, session: Session) -> None:
        """The epoch that a run was at when it was stopped is told last, unless another session goes on with it."""
        if session is self._left:
            self._left = None
            return
        for tracker in self._trackers.values():
            if tracker.last is not None and tracker.last[2] is session and len(session.epochs) > tracker.epochs:
                frame = replace(
                    tracker.last[0], epochs=session.epochs, columns=session.columns, status=session.status
                )
                tracker.epochs, tracker.last = len(session.epochs), (frame, tracker.last[1], session)
                self._keep(tracker, frame, "stopped")

    def rest(self) -> None:
        """What rests is written down."""
        bridge = self.bridge
        for frame, session, name in (
            (bridge.frame, bridge.session, bridge.state.name),
            (bridge.frame.other, bridge.fork.twin, bridge.fork.state.name),
        ):
            tracker = self._trackers.get(frame.run) if frame is not None else None
            if frame is None or tracker is None or session is None or len(frame.epochs) < tracker.epochs:
                continue
            self._log(tracker, frame, name)
            if name in ("paused", "finished", "diverged", "failed"):
                tracker.last = (frame, session.project, session)
                by_hand = name == "finished" and session.status.stopped == "hand"
                self._keep(tracker, frame, "stopped" if by_hand else name)

    def note_check(self, command: str, found: Mapping[str, Any]) -> None:
        """What a check on demand found, in the log of the run that trains or rests; none without one."""
        frame = self.bridge.frame
        tracker = self._trackers.get(frame.run)
        if tracker is not None and frame.status is not None:
            tracker.log.append({"step": frame.status.step, "command": command, "found": dict(found)})
            self.rest()

    def note_measured(self, entry: dict[str, Any]) -> None:
        """A measurement of the run on show. Of each kind and option the latest one stays."""
        tracker = self._trackers.get(self.bridge.frame.run)
        if tracker is not None:
            key = _measured_key(entry)
            tracker.log[:] = [e for e in tracker.log if _measured_key(e) != key] + [entry]
            self.rest()

    def kept_measurements(self) -> list[dict[str, Any]]:
        """The log entries of what was measured on the run on show."""
        tracker = self._trackers.get(self.bridge.frame.run)
        return [e for e in tracker.log if _measured_key(e) is not None] if tracker is not None else []

    def _log(self, tracker: Tracker, frame: Frame, name: str) -> None:
        """Pauses and goings-on; the trainer itself logs what changes the mathematics."""
        step = frame.status.step if frame.status is not None else 0
        entry = {"step": step, "command": {"running": "run", "paused": "pause"}.get(name, name)}
        own = [e for e in tracker.log if "value" not in e and "found" not in e]
        if name != "preparing" and (not own or own[-1]["command"] != entry["command"]):
            tracker.log.append(entry)

    def _keep(self, tracker: Tracker, frame: Frame, outcome: str) -> None:
        if frame.status is None or tracker.last is None:
            return
        _, project, session = tracker.last
        epochs, curves = thinned(
            [e.epoch for e in frame.epochs], {c: [getattr(e, c) for e in frame.epochs] for c in CURVES}
        )
        known = self.record(tracker.number)
        record = RunRecord(
            tracker.number, tracker.started, frame.epochs[-1].seconds, frame.status.step, frame.status.backend, outcome,
            trained_project(project), epochs, curves, known.note if known is not None else "",
            known.name if known is not None else "", _log_of(tracker, session), tracker.parent, _finals(frame),
        )  # fmt: skip
        if frame.plan is not None and frame.columns is not None and frame.columns.count:
            kept = measured(frame.plan, frame.columns, session.moments, frame.status.steps_per_epoch)
            record = replace(record, measured=kept)
        elif known is not None:
            record = replace(record, measured=known.measured)
        if known != record or known is None or known.measured is not record.measured:
            self._show([*(r for r in self.runs if r.number != tracker.number), record])

    def _show(self, runs: Iterable[RunRecord]) -> None:
        self.runs = tuple(sorted(runs, key=lambda r: r.number))[-MOST_RUNS:]
        self.changed.emit()


def _measured_key(entry: Mapping[str, Any]) -> tuple[object, object] | None:
    found = entry.get("found")
    return (found.get("kind"), found.get("option")) if isinstance(found, Mapping) and "kind" in found else None


def _log_of(tracker: Tracker, session: Session) -> tuple[dict[str, Any], ...]:
    own = [e for e in tracker.log if "value" not in e]
    return tuple(sorted((*own, *session.commands), key=lambda e: int(e["step"])))[-MOST_LOGGED:]


def _finals(frame: Frame) -> dict[str, float]:
    found = frame.results.get("test")
    if found is None:
        return {}
    values = {"test_loss": found.loss, **{f"test_{k}": v for k, v in found.metrics.items()}}
    return {k: float(v) for k, v in values.items() if isinstance(v, int | float) and math.isfinite(v)}

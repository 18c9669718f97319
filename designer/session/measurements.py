"""Measurements of the document's training: asked for by a person or by a schedule, made in the background one by one.

The training hands over a copy of its state between two steps and goes on; what comes back is kept with its step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from designer.session.analyst import Analyst
from designer.session.background import Background
from designer.session.bridge import Bridge
from designer.session.data_loader import DataLoader
from designer.session.frame import Frame
from designer.session.store import Store
from engine.training import ResumeState, Session
from engine.training.measuring import LOOK_BACK, Kind, Measured, Moment, NotPossibleError, StoppedError, Watch, measure
from widgets.i18n import tr, tr_error

Unit = Literal["steps", "epochs"]
#: results kept of each kind; the oldest go
KEPT = 400
PROGRESS_MS = 100
#: a schedule waits at least so many times what the last measurement took
REST = 3.0


@dataclass
class Entry:
    """What is known of one kind. ``every`` 0: only on demand. ``problem``: why the last try gave nothing."""

    every: int = 0
    unit: Unit = "steps"
    option: str = ""
    results: list[Measured] = field(default_factory=list)
    problem: str = ""
    #: the step of the last try, with or without a result
    tried: int = -1

    @property
    def latest(self) -> Measured | None:
        """The last result for the option that is chosen now."""
        return next((r for r in reversed(self.results) if r.option == self.option), None)


class Measurements(QObject):
    """``changed(kind)``: a result, a problem or a schedule is new. ``progressed``: ``busy`` or its share is another.
    ``visited``: the earlier step that time travel shows, None in the present; measurements are of that step then."""

    changed = Signal(str)
    progressed = Signal()
    travelled = Signal()
    #: a Measured, as soon as it is there
    made = Signal(object)

    def __init__(
        self, store: Store, analyst: Analyst, loader: DataLoader, bridge: Bridge, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.store, self.analyst, self.loader, self.bridge = store, analyst, loader, bridge
        self._entries: dict[Kind, Entry] = {}
        self.busy: Kind | None = None
        self.visited: int | None = None
        self._ended = False
        self.watch = Watch()
        self._waiting: list[Kind] = []
        self._run, self._document = bridge.frame.run, bridge.frame.document
        self.job = Background(self)
        self.job.done.connect(self._done)
        self.job.failed.connect(self._failed)
        self._pulse = QTimer(self)
        self._pulse.setInterval(PROGRESS_MS)
        self._pulse.timeout.connect(self.progressed)
        bridge.framed.connect(self._framed)

    def entry(self, kind: Kind) -> Entry:
        """What is known of a kind."""
        return self._entries.setdefault(kind, Entry())

    def schedule(self, kind: Kind, every: int, unit: Unit) -> None:
        """Measure again after every so many steps or epochs; 0 = on demand only. The first comes at once."""
        entry = self.entry(kind)
        entry.every, entry.unit = every, unit
        self.changed.emit(kind)
        self._consider(self.bridge.frame)

    def choose(self, kind: Kind, option: str) -> None:
        """Another plane or layer; measured at the next asking."""
        self.entry(kind).option = option
        self.changed.emit(kind)

    def waiting(self, kind: Kind) -> bool:
        """Whether it is asked for and another is being made."""
        return kind in self._waiting

    def ask(self, kind: Kind) -> None:
        """Measure as soon as what is being measured is through."""
        if kind != self.busy and kind not in self._waiting:
            self._waiting.append(kind)
            self._next()
            self.progressed.emit()

    def cancel(self, kind: Kind) -> None:
        """It is not wanted any more."""
        if kind in self._waiting:
            self._waiting.remove(kind)
        if kind == self.busy:
            self._drop()
            self._next()
        self.progressed.emit()

    def stop(self) -> None:
        """Nothing is wanted any more: the document is closed."""
        self._ended = True
        self._waiting.clear()
        for entry in self._entries.values():
            entry.every = 0
        self._drop()

    def visit(self, step: int) -> None:
        """Time travel shows that step; the last one is the present."""
        status = self.bridge.frame.status
        if self._ended or status is None:
            return
        self.visited = step if step < status.step else None
        self.travelled.emit()

    def _drop(self) -> None:
        self.watch.stop()
        self.job.cancel()
        self.busy = None
        self._pulse.stop()

    # one measurement ----------------------------------------------------------------------------------------------

    def _next(self) -> None:
        if self.busy is not None or not self._waiting:
            return
        self.busy, self.watch = self._waiting.pop(0), Watch()
        self._pulse.start()
        self._moment(self.busy, self.watch)

    def _moment(self, kind: Kind, watch: Watch) -> None:
        """Gets what to measure: the training's state, or the drawing with its initial weights."""
        problems, dataset = self.analyst.analysis.errors, self.loader.dataset
        session = self.bridge.session
        if session is not None and session.alive and session.columns is not None and not self.bridge.stale:
            self._ask(session, kind, watch)
        elif problems or not self.store.state.graph.nodes:
            self._refuse(problems[0].text if problems else tr("Draw a network first."))
        elif dataset is None:
            self._refuse(self.loader.problem or tr("The data are still loading."))
        else:
            project = self.store.state.project()
            self._start(kind, watch, lambda: Moment.drawn(project, dataset))

    def _ask(self, session: Session, kind: Kind, watch: Watch) -> None:
        when, visited = self.bridge.when, self.visited

        def use(moment: Moment) -> None:
            self._with_past(kind, watch, moment)

        def lost() -> None:
            self._lost(watch)

        def at(state: ResumeState) -> None:
            when(session.ask(lambda t: Moment.at(t, state)), use, lost)

        if visited is None:
            when(session.ask(Moment.of), use, lost)
        else:
            when(session.state_at(visited), at, lost)

    def _with_past(self, kind: Kind, watch: Watch, moment: Moment) -> None:
        session = self.bridge.session
        if kind not in LOOK_BACK or session is None:
            self._start(kind, watch, lambda: moment)
            return

        def start(past: Any) -> None:
            self._start(kind, watch, lambda: replace(moment, frames=past.frames))

        self.bridge.when(session.past(moment.step), start, lambda: self._lost(watch))

    def _start(self, kind: Kind, watch: Watch, moment: Callable[[], Moment]) -> None:
        if watch is not self.watch or watch.stopped:
            return
        option = self.entry(kind).option
        self.job.start(lambda: quietly(kind, moment, option, watch))

    def _lost(self, watch: Watch) -> None:
        """The training ended before it answered."""
        if watch is self.watch and not watch.stopped:
            self._refuse(tr("The training has ended; run it again."))

    def _done(self, made: Measured) -> None:
        entry = self.entry(made.kind)
        entry.problem, entry.tried = "", max(entry.tried, made.step)
        others = [m for m in entry.results if (m.step, m.option) != (made.step, made.option)]
        entry.results = sorted([*others, made], key=lambda m: m.step)[-KEPT:]
        self.made.emit(made)
        self._through(made.kind)

    def recall(self, results: Sequence[Measured]) -> None:
        """What was measured when this run was open before; what is known already stays."""
        for made in results:
            entry = self.entry(made.kind)
            if all((m.step, m.option) != (made.step, made.option) for m in entry.results):
                entry.results = sorted([*entry.results, made], key=lambda m: m.step)[-KEPT:]
                self.changed.emit(made.kind)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        self._refuse(reason_of(error) if isinstance(error, NotPossibleError) else tr_error(error))

    def _refuse(self, why: str) -> None:
        kind = self.busy
        if kind is not None:
            status = self.bridge.frame.status
            self.entry(kind).problem, self.entry(kind).tried = why, status.step if status is not None else 0
            self._through(kind)

    def _through(self, kind: Kind) -> None:
        self.busy = None
        self._pulse.stop()
        self.changed.emit(kind)
        self.progressed.emit()
        self._next()

    # the schedule -------------------------------------------------------------------------------------------------

    def _framed(self, frame: Frame) -> None:
        status = frame.status
        fresh = frame.run != self._run or frame.document != self._document
        reset = status is not None and any(e.tried > status.step for e in self._entries.values())
        if fresh or reset:
            self._forget(frame)
        if self.visited is not None and self.bridge.state.name == "running":
            self.visited = None
            self.travelled.emit()
        self._consider(frame)

    def _forget(self, frame: Frame) -> None:
        """Results belong to one run."""
        self._run, self._document, self.visited = frame.run, frame.document, None
        self._waiting.clear()
        self._drop()
        for kind, entry in self._entries.items():
            entry.results, entry.problem, entry.tried = [], "", -1
            self.changed.emit(kind)
        self.progressed.emit()

    def _consider(self, frame: Frame) -> None:
        """Asks for what is due; while paused only what was never measured."""
        if frame.status is None or self.bridge.session is None or self.bridge.stale or self.visited is not None:
            return
        for kind, entry in self._entries.items():
            if entry.every and self._due(entry, frame):
                self.ask(kind)

    def _due(self, entry: Entry, frame: Frame) -> bool:
        status = frame.status
        assert status is not None
        if entry.tried < 0:
            return True
        stride = entry.every * (status.steps_per_epoch if entry.unit == "epochs" else 1)
        rest = entry.latest.cost * REST * status.steps_per_second if entry.latest is not None else 0.0
        return status.step >= (entry.tried // stride + 1) * stride and status.step - entry.tried >= rest


def quietly(kind: Kind, moment: Callable[[], Moment], option: str, watch: Watch) -> Measured:
    """In the background: behind the window and the training."""
    from engine.training.politeness import be_polite, one_blas_thread

    be_polite()
    with one_blas_thread(True):
        return measure(kind, moment(), option, watch)


def reason_of(error: NotPossibleError) -> str:
    """Why a network does not allow a measurement, in a sentence."""
    return {
        "no weights": tr("This network has no trainable weights, so there is nothing to vary."),
        "no numbers": tr("This network takes whole numbers only; nothing can be changed a little."),
        "few samples": tr("There are too few samples for this; more data or smaller batches would allow it."),
        "no convolution": tr("This network has no convolution with two-dimensional kernels."),
        "no path": tr("Nothing has moved yet. Press Run or Step, then measure again."),
        "no step": tr("The next steps move no weight: the learning rate is 0 or no gradient arrives."),
        "diverged": tr("The training has diverged: some weights are not finite."),
    }[error.reason]

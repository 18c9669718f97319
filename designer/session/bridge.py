"""The only place where engine threads and Qt meet.

A timer asks the training thirty times a second: events, status, columns, snapshot. What is new becomes one Frame, which
goes to visible views only. Commands go the other way by the session's queue. The worker never touches a QObject.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document import DocState
from designer.session.data_loader import DataLoader
from designer.session.feeding import Feeder
from designer.session.frame import Frame
from designer.session.history import SnapshotHistory
from designer.session.staleness import stale, take_over
from designer.session.store import Store
from designer.session.switching import QuickSwitching
from engine.graph import Project
from engine.probes import ProbeRequest
from engine.training import ResumeState, Session
from engine.training.events import Diverged, EpochEnded, Evaluated, Failed, Finished, Prepared, StateChanged
from widgets.i18n import tr

POLL_MS = 33
RunName = Literal["idle", "preparing", "paused", "running", "finished", "diverged", "failed"]


@dataclass(frozen=True)
class RunState:
    """Where the run stands, for buttons and words. ``cause``: the event that tells more (Diverged, Failed, ...)."""

    name: RunName = "idle"
    cause: object = None

    @property
    def busy(self) -> bool:
        """Whether something is under way that Pause would end."""
        return self.name in ("preparing", "running")


Follow = Literal["wait", "run", "step", "epoch"]


class Bridge(QObject):
    """Owns the session of one document. ``run`` makes one when there is none, or when the document was edited."""

    state_changed = Signal(object)
    #: every Frame, at most 30 a second; views are better attached to ``feeder``
    framed = Signal(object)
    #: a sentence for the status bar
    message = Signal(str)
    #: whether the document was edited in a way that the running training does not follow
    stale_changed = Signal(bool)
    #: ((node id, weight name), ...) that had to start anew although the trained weights were kept
    fresh_weights = Signal(object)

    def __init__(self, store: Store, loader: DataLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store, self.loader = store, loader
        self.session: Session | None = None
        self.state = RunState()
        self.frame = Frame()
        self.history = SnapshotHistory()
        self.feeder = Feeder(self)
        self.stale = False
        self._closing: list[Session] = []
        self._waiting: list[tuple[Future[Any], Callable[[Any], None], Callable[[], None]]] = []
        self._resume: ResumeState | None = None
        self._opened: Project | None = None
        self._starting: tuple[Follow, Any] | None = None
        self._request: ProbeRequest | None = None
        self._switching = QuickSwitching()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        store.changed.connect(self._follow_document)
        loader.changed.connect(self._follow_data)

    # commands -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Train; after an edit from the initial weights or from the kept ones, as the set-up says."""
        self._go("run")

    def step(self) -> None:
        """One step."""
        self._go("step")

    def epoch(self) -> None:
        """To the end of the epoch."""
        self._go("epoch")

    def toggle(self) -> None:
        """Run, or pause what runs."""
        if self.state.busy:
            self.pause()
        else:
            self.run()

    def pause(self) -> None:
        """Stop after the current piece of work; Run goes on from there."""
        if self._starting is not None:
            self._starting = None
            self._show_state(RunState())
        if self.session is not None:
            self.session.pause()

    def reset(self) -> None:
        """Back to the initial weights of the same seed, nothing trained."""
        self._resume = None
        if self.session is None:
            self._starting = None
            self._show_state(RunState())
            return
        if self.stale or self.state.name in ("failed", "preparing"):
            self._end_session()
            self._show_state(RunState())
            self._clear_frame()
        else:
            self.session.reset()
            self._clear_frame()

    def resume_from(self, state: ResumeState | None, weights: Any = None) -> None:
        """A file was opened: goes on from its stored state or weights; without either there is no training yet."""
        self._end_session()
        self._waiting.clear()
        self._resume, self._opened = state, self.store.state.project()
        self._show_stale(False)
        self._show_state(RunState())
        self.frame = Frame(run=self.frame.run + 1, document=self.frame.document + 1)
        self._clear_frame()
        if state is not None or weights:
            self._start("wait", weights if state is None else None)

    def evaluate(self, split: str) -> None:
        """Looks at a split with the weights of this moment; the answer comes in a frame. An empty one has none."""
        if self.session is not None and self.holds(split):
            self.session.evaluate(split)  # type: ignore[arg-type]

    def holds(self, split: str) -> bool:
        """Whether there are samples in a split of the data that are trained on."""
        dataset = self.session.dataset if self.session is not None else None
        return dataset is not None and len(dataset.split(split)) > 0  # type: ignore[arg-type]

    def visit(self, step: int) -> None:
        """Shows how things stood after ``step`` steps; what runs is paused."""
        if self.session is not None:
            self.session.visit(step)

    def go_on_from(self, step: int) -> None:
        """A new run that starts where this one was after ``step`` steps, with the same batches to come."""
        if self.session is None:
            return
        told = tr("Goes on from step {step}", step=step)
        self.when(self.session.state_at(step), lambda state: (self._fork(state), self.message.emit(told)))

    def _fork(self, state: ResumeState) -> None:
        self._resume = state
        self._start("wait", None)

    def when(
        self, answer: Future[Any], use: Callable[[Any], None], otherwise: Callable[[], None] = lambda: None
    ) -> None:
        """``use(result)`` on the GUI thread once the worker has answered; ``otherwise()`` where no answer will come."""
        self._waiting.append((answer, use, otherwise))
        self._timer.start()

    @property
    def stored(self) -> ResumeState | None:
        """The training that the opened file held, as long as no session has taken it up: it must not be lost."""
        if self.session is None:
            same = self._opened is not None and not stale(self._opened, self.store.state.project())
            return self._resume if same else None
        return self.session.resume if self.session.columns is None and not self.stale else None

    @property
    def trained(self) -> bool:
        """Whether weights would be lost by starting anew."""
        return self.session is not None and self.session.status.step > 0

    def _go(self, follow: Follow) -> None:
        session = self.session
        if session is None or self.stale or self.state.name == "failed":
            self._restart(follow)
            return
        if self.state.name in ("finished", "diverged") and not self._extended(session):
            self.message.emit(
                tr("Starts again from the initial weights (seed {seed})", seed=self.store.state.training.seed)
            )
            session.reset()
            self._clear_frame()
        self._command(session, follow)

    def _extended(self, session: Session) -> bool:
        """A run whose epochs were through goes on when more are asked for; one that stopped early starts again."""
        return (
            self.state.name == "finished"
            and session.status.stopped in ("", "epochs")
            and self.store.state.training.epochs > session.status.epoch
        )

    @staticmethod
    def _command(session: Session, follow: Follow) -> None:
        if follow != "wait":
            {"run": session.run, "step": session.step, "epoch": session.epoch}[follow]()

    # sessions -----------------------------------------------------------------------------------------------------

    def _restart(self, follow: Follow) -> None:
        old = self.session
        keep = self.store.state.training.start_from == "keep"
        if old is not None and keep and self.trained and old.alive:
            self._show_state(RunState("preparing"))
            self.when(old.weights(), lambda weights: self._start(follow, weights), lambda: self._start(follow, None))
            return
        self._start(follow, None)

    def _start(self, follow: Follow, weights: Any) -> None:
        """A new session as soon as the data are there."""
        self._end_session()
        self._starting = (follow, weights)
        self._show_state(RunState("preparing"))
        self.loader.load()
        self._start_with_data()

    def _start_with_data(self) -> None:
        if self._starting is None or self.loader.job.busy:
            return
        (follow, weights), self._starting = self._starting, None
        if self.loader.dataset is None:
            self._show_state(RunState("failed", Failed(self.loader.problem)))
            return
        resume, self._resume = self._resume, None
        session = Session(self.store.state.project(), self.loader.dataset, weights=weights, resume=resume)
        self.session = session
        self._show_stale(False)
        self._clear_frame(self.frame.run + 1)
        session.start()
        # Before the first command: what it leaves behind is to be looked at.
        self._request = self.feeder.request(self.loader.dataset)
        if self._request is not None:
            session.request(self._request)
        self._command(session, follow)
        self._timer.start()

    def _end_session(self) -> None:
        self._starting = None
        if self.session is not None:
            # Not waited for: a step of a large network takes its time, and the window must not.
            self.session.close(timeout=0.0)
            self._closing.append(self.session)
            self.session = None
        self._switching.show(False)

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Ends every worker and waits for it; True if all ended in time."""
        self._timer.stop()
        self._end_session()
        ended = all([s.close(timeout) for s in self._closing])
        self._closing = [s for s in self._closing if s.alive]
        self._waiting.clear()
        return ended

    # the way back -------------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Takes what is new."""
        self._answer_waiting()
        self._closing = [s for s in self._closing if s.alive]
        session = self.session
        if session is None:
            self.feeder.feed(self.frame)
            if not self._waiting and not self._closing and not self.feeder.pending(self.frame):
                self._timer.stop()
            return
        self._ask_for_probes(session)
        before = self.frame
        changes = self._changes(session)
        if changes:
            self.frame = replace(self.frame, **changes)
        while not session.events.empty():
            # One by one: who hears of the end of a run finds the test's result in the frame already.
            self._event(session.events.get(), session)
            if self.session is not session:
                return
        if self.frame is not before:
            self.framed.emit(self.frame)
        self.feeder.feed(self.frame)

    def _changes(self, session: Session) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in (("status", session.status), ("columns", session.columns), ("epochs", session.epochs)):
            if value is not getattr(self.frame, name):
                found[name] = value
        if session.dataset is not None and session.dataset is not self.frame.dataset:
            found["dataset"] = session.dataset
        snapshot = session.mailbox.take()
        if snapshot is not None:
            self.history.add(snapshot)
            found["snapshot"], found["earlier"] = snapshot, self.history.kept
        return found

    def _ask_for_probes(self, session: Session) -> None:
        request = self.feeder.request(self.frame.dataset)
        if request is not None and request is not self._request:
            self._request = request
            session.request(request)

    def _answer_waiting(self) -> None:
        ready = [w for w in self._waiting if w[0].done()]
        self._waiting = [w for w in self._waiting if not w[0].done()]
        for answer, use, otherwise in ready:
            if answer.cancelled() or answer.exception() is not None:
                otherwise()
            else:
                use(answer.result())

    def _event(self, event: object, session: Session) -> None:
        if isinstance(event, Prepared):
            self._switching.show(event.backend == "numpy")
            self.frame = replace(self.frame, plan=event.plan)
            self.fresh_weights.emit(event.fresh)
        elif isinstance(event, StateChanged):
            if event.state != "closed" and not _is_told_otherwise(event.state, self.state):
                self._show_state(RunState(event.state))
        elif isinstance(event, Diverged | Failed | Finished):
            name: RunName = {Diverged: "diverged", Failed: "failed", Finished: "finished"}[type(event)]  # type: ignore[assignment]
            self._show_state(RunState(name, event))
        elif isinstance(event, Evaluated):
            self.frame = replace(self.frame, results={**self.frame.results, event.result.split: event.result})
        elif isinstance(event, EpochEnded):
            self.frame = replace(self.frame, epochs=session.epochs)

    def _show_state(self, state: RunState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _clear_frame(self, run: int | None = None) -> None:
        self.history.clear()
        plan = self.frame.plan if run is None else None
        dataset = self.frame.dataset or self.loader.dataset
        number, document = (self.frame.run if run is None else run), self.frame.document
        self.frame = Frame(run=number, document=document, plan=plan, names=self._names(), dataset=dataset)
        self.framed.emit(self.frame)
        self.feeder.feed(self.frame)

    def _names(self) -> dict[str, str]:
        return {k: n.name for k, n in self.store.state.graph.nodes.items()}

    # the document -------------------------------------------------------------------------------------------------

    def _follow_document(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph:
            self.frame = replace(self.frame, names=self._names())
        if self.session is None:
            return
        if old.graph is not new.graph or old.data is not new.data or old.training is not new.training:
            self._show_stale(stale(self.session.project, new.project()))
            if not self.stale and old.training is not new.training:
                take_over(self.session, new.training)

    def _follow_data(self) -> None:
        self._start_with_data()
        if self.session is None and self.loader.dataset is not self.frame.dataset:
            self.frame = replace(self.frame, dataset=self.loader.dataset)
            self.framed.emit(self.frame)
            self.feeder.feed(self.frame)
            # A feeding has its limits; whoever was passed over is fed by the timer.
            self._timer.start()

    def _show_stale(self, now: bool) -> None:
        if now != self.stale:
            self.stale = now
            self.stale_changed.emit(now)


def _is_told_otherwise(name: str, shown: RunState) -> bool:
    """The bare state comes beside the event that says more; the one with the cause stays."""
    return shown.name == name and shown.cause is not None

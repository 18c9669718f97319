"""The only place where engine threads and Qt meet.

A timer asks the training thirty times a second: events, status, columns, snapshot. What is new becomes one Frame, which
goes to visible views only. Commands go the other way by the session's queue. The worker never touches a QObject.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer

from designer.document import DocState
from designer.session.breath import Breath
from designer.session.closing import Closing
from designer.session.data_loader import DataLoader
from designer.session.feeding import Feeder
from designer.session.fork import Fork
from designer.session.frame import Frame
from designer.session.history import SnapshotHistory
from designer.session.questions import Questions
from designer.session.reading import news, told
from designer.session.restart import Restart
from designer.session.run_state import Follow, RunState, send, state_after
from designer.session.staleness import extended, stale
from designer.session.store import Store
from designer.session.switching import QuickSwitching, instead_note, slowed_note
from designer.session.waiting import Otherwise, Use, Waiting
from engine.graph import Project
from engine.probes import ProbeRequest
from engine.training import ResumeState, Session
from engine.training.events import Failed, Prepared
from engine.training.past import Past
from widgets.i18n import tr

POLL_MS = 33
PROBES_EVERY = 0.09


class Bridge(Questions):
    """Owns the session of one document. ``run`` makes one when there is none, or when the document was edited."""

    def __init__(self, store: Store, loader: DataLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store, self.loader = store, loader
        self.session: Session | None = None
        self.state = RunState()
        self.frame = Frame()
        self.history = SnapshotHistory()
        self.feeder = Feeder(self)
        self.stale = False
        self._closing = Closing()
        self._waiting = Waiting()
        self.resume: ResumeState | None = None
        self._past: Past | None = None
        self._opened: Project | None = None
        self._starting: tuple[Follow, Any] | None = None
        self._renewal = Restart(self)
        self._request: ProbeRequest | None = None
        self._asked = 0.0
        self._switching, self._breath = QuickSwitching(), Breath(self)
        self.fork = Fork(self)
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
            self.show_state(RunState())
        if self._renewal.forget():
            self.show_state(RunState("paused"))
        if self.fork.on:
            self.fork.pacer.hold()
        elif self.session is not None:
            self.session.pause()

    def stop(self) -> None:
        """End the run here as at its last epoch: best weights back, validation and test set judged. Run begins anew."""
        if self.fork.on or self.state.name == "preparing":
            self.pause()
        elif self.session is not None:
            self.session.finish()

    def reset(self) -> None:
        """Back to the initial weights of the same seed, nothing trained."""
        self.resume = None
        self.fork.end()
        if self.session is None or self.stale or self.state.name in ("failed", "preparing"):
            none = self.session is None
            self.end_session()
            self.show_state(RunState())
            if none:
                return
        else:
            self.session.reset()
        self._clear_frame()

    def resume_from(self, state: ResumeState | None, weights: Any = None, past: Past | None = None) -> None:
        """A file was opened: goes on from its stored state or weights; without either there is no training yet."""
        self.end_session()
        self._waiting.clear()
        self.resume, self._past, self._opened = state, past, self.store.state.project()
        self._show_stale(False)
        self.show_state(RunState())
        self.frame = Frame(run=self.frame.run + 1, document=self.frame.document + 1)
        self._clear_frame()
        if state is not None or weights:
            self.start("wait", weights if state is None else None)

    def start_from(self, state: ResumeState, past: Past) -> None:
        """A new session that goes on from there and knows what came before."""
        self.resume, self._past = state, past
        self.start("wait", None)

    def when(self, answer: Future[Any], use: Use, otherwise: Otherwise = lambda: None) -> None:
        """``use(result)`` on the GUI thread once the worker has answered; ``otherwise()`` where no answer will come."""
        self._waiting.add(answer, use, otherwise)
        self._timer.start()

    @property
    def stored(self) -> ResumeState | None:
        """The training that the opened file held, as long as no session has taken it up: it must not be lost."""
        if self.session is None:
            same = self._opened is not None and not stale(self._opened, self.store.state.project())
            return self.resume if same else None
        return self.session.resume if self.session.columns is None and not self.stale else None

    def _go(self, follow: Follow) -> None:
        if self.fork.stage == "chosen":
            self.fork.launch(follow)
            return
        session = self.session
        if session is None or self.stale or self.state.name == "failed":
            self._renewal.begin(follow)
            return
        if self.fork.on:
            self.fork.command(follow)
            return
        if self.state.name in ("finished", "diverged") and not extended(session, self.store.state.training):
            seed = self.store.state.training.seed
            self.message.emit(tr("Starts again from the initial weights (seed {seed})", seed=seed))
            session.reset()
            self._clear_frame()
        send(session, follow)

    # sessions -----------------------------------------------------------------------------------------------------

    def start(self, follow: Follow, weights: Any) -> None:
        """A new session as soon as the data are there."""
        self.end_session()
        self._starting = (follow, weights)
        self.show_state(RunState("preparing"))
        self.loader.load()
        self._start_with_data()

    def _start_with_data(self) -> None:
        if self._starting is None or self.loader.job.busy:
            return
        (follow, weights), self._starting = self._starting, None
        if self.loader.dataset is None:
            self.show_state(RunState("failed", Failed(self.loader.problem)))
            return
        (resume, self.resume), (past, self._past) = (self.resume, None), (self._past, None)
        session = Session(self.store.state.project(), self.loader.dataset, weights=weights, resume=resume, past=past)
        self.take_session(session, self.frame.run + 1, follow)

    def take_session(self, session: Session, run: int, follow: Follow = "wait") -> None:
        """Shows this session from now on, and starts it. It is preparing until it has answered what is asked here."""
        self.session = session
        self._show_stale(False)
        self.show_state(RunState("preparing"))
        self._clear_frame(run)
        self._send_request()
        send(session, follow)
        session.start()
        self._timer.start()

    def _send_request(self) -> None:
        """Before the first command: what it leaves behind is to be looked at."""
        self._request = self.feeder.request(self.frame.dataset or self.loader.dataset)
        if self._request is not None:
            for session in (self.session, self.fork.twin):
                if session is not None:
                    session.request(self._request)

    def show_side(self, frame: Frame, state: RunState) -> None:
        """The other side of a fork is the one on show now."""
        self.frame = frame
        self._show_stale(False)
        self.show_state(state)
        self.framed.emit(frame)
        self.feeder.feed(frame)

    def show_alone(self) -> None:
        """A fork is over; what was on show goes on."""
        self.frame = replace(self.frame, side="", other=None)
        self.framed.emit(self.frame)

    def close_session(self, session: Session) -> None:
        """Its last epoch is told by ``ended`` once it is through; that is not waited for."""
        self._closing.take(session)
        self._timer.start()

    def end_session(self) -> None:
        """No training from now on."""
        self._starting = None
        self._renewal.forget()
        self.fork.end()
        if self.session is not None:
            self.close_session(self.session)
            self.session = None
        self._switching.show(False)

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Ends every worker and waits for it; True if all ended in time."""
        self._timer.stop()
        self.end_session()
        self._waiting.clear()
        return self._closing.wait(timeout)

    def leave(self) -> list[Session]:
        """Ends every worker and waits for none; those that are still at their last step."""
        self._timer.stop()
        self.end_session()
        self._waiting.clear()
        return self._closing.sessions

    def show_pace(self, milliseconds: int) -> None:
        """How often it asks: seldom while nobody can see the document."""
        self._timer.setInterval(milliseconds)

    # the way back -------------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Takes what is new."""
        self._waiting.answer()
        for gone in self._closing.gone():
            self.ended.emit(gone)
        session = self.session
        if session is None:
            self.feeder.feed(self.frame)
            if not self._waiting and not self._closing and not self.feeder.pending(self.frame):
                self._timer.stop()
            return
        self._breath.hold(session)
        self._ask_for_probes()
        before, stood = self.frame, self.state
        changes = news(session, before, self.history)
        other = self.fork.poll()
        if other is not before.other:
            changes["other"] = other
        if changes:
            self.frame = replace(self.frame, **changes)
        while not session.events.empty():
            # One by one: who hears of the end of a run finds the test's result in the frame already.
            self._event(session.events.get(), session)
            if self.session is not session:
                return
        if self.frame is not before:
            self.framed.emit(self.frame)
        # Who hears of another state has enough to do in this turn: plots follow in the next.
        if self.state is stood:
            self.feeder.feed(self.frame)

    def _ask_for_probes(self) -> None:
        """Views that were opened or left; several times a second is soon enough."""
        now = time.perf_counter()
        if now - self._asked < PROBES_EVERY:
            return
        self._asked = now
        request = self.feeder.request(self.frame.dataset)
        if request is not None and request is not self._request:
            self._send_request()

    def _event(self, event: object, session: Session) -> None:
        state = state_after(event, self.state)
        if state is not None:
            self.show_state(state)
        if isinstance(event, Prepared):
            self._prepared(event)
        elif changes := told(event, session, self.frame):
            self.frame = replace(self.frame, **changes)

    def _prepared(self, event: Prepared) -> None:
        self._switching.show(True)
        self.frame = replace(self.frame, plan=event.plan, slowed=event.slowed)
        if event.instead:
            self.message.emit(instead_note(event.instead, event.backend))
        elif event.slowed.lacks:
            self.message.emit(slowed_note(event.slowed))
        self.fork.hear(event)
        if event.data_changed:
            self.data_changed.emit()
        if not self.fork.on:
            self.fresh_weights.emit(event.fresh)

    def show_state(self, state: RunState) -> None:
        """What buttons and badges say from now on."""
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _clear_frame(self, run: int | None = None) -> None:
        self.history.clear()
        plan, number = (self.frame.plan, self.frame.run) if run is None else (None, run)
        dataset, document = self.frame.dataset or self.loader.dataset, self.frame.document
        side = self.fork.side if self.fork.on else ""
        self.frame = Frame(
            run=number, document=document, plan=plan, names=self._names(), dataset=dataset, side=side,
            other=self.fork.frame if self.fork.on else None,
        )  # fmt: skip
        self.framed.emit(self.frame)
        self.feeder.feed(self.frame)

    def _names(self) -> dict[str, str]:
        return {k: n.name for k, n in self.store.state.graph.nodes.items()}

    # the document -------------------------------------------------------------------------------------------------

    def _follow_document(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph:
            self.frame = replace(self.frame, names=self._names())
        touched = old.graph is not new.graph or old.data is not new.data or old.training is not new.training
        if self.session is None or not touched or self.fork.follows(new):
            return
        self.judge_document()
        if not self.stale and old.training is not new.training:
            self.fork.take_over(old.training, new.training)

    def judge_document(self) -> None:
        """Whether the training still is of what is drawn."""
        if self.session is not None:
            self._show_stale(stale(self.session.project, self.store.state.project()))

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

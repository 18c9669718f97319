"""A training in a thread of its own: commands in by a queue, telemetry out by three channels.

Columns hold every step, the mailbox the latest snapshot, the event queue what must not be lost. Weights belong to the
worker; nobody else holds a live array. Commands are answered between chunks of about 10 ms.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends import DivergedError, possible, slowed
from engine.backends.initial import carry_over
from engine.data.dataset import Dataset, SplitName
from engine.graph import Project
from engine.plan.memory import MemoryRefusal
from engine.probes import Mailbox, ProbeRequest
from engine.training.adoption import Adopted, adopt
from engine.training.evaluation import SplitResult, close_epoch
from engine.training.events import (
    Diverged,
    EpochEnded,
    Evaluated,
    Event,
    Failed,
    Finished,
    Prepared,
    State,
    StateChanged,
    Status,
)  # fmt: skip
from engine.training.examination import Doctor, Report
from engine.training.looking import Looker
from engine.training.moments import Moments
from engine.training.pacer import Pacer, Side, Turns
from engine.training.past import Past
from engine.training.politeness import be_polite, live_threads, one_blas_thread
from engine.training.published import Asked
from engine.training.resume import ResumeState, backend_for, threads_for
from engine.training.timeline import Timeline
from engine.training.trainer import EpochRecord, Trainer
from engine.training.waiting import wait_for

__all__ = ["Session", "Status", "wait_for"]

Weights = Mapping[tuple[str, str], NDArray[np.floating]]

CHUNK = 0.010
#: seconds that a window may hold the worker at a time
PATIENCE = 0.03


class Session(Asked):
    """Owns the worker. Methods return at once; what comes of them shows in ``status``, ``events`` and futures.

    ``data``: the data set, or a function that loads it (called in the worker). ``weights`` to keep are carried over by
    (node, name, shape); ``resume`` continues a stored training bit for bit, or, with the ``origin`` that it is of, goes
    on with a changed project. ``past``: the record up to there. ``pacer``: in lockstep with another session.
    """

    def __init__(
        self,
        project: Project,
        data: Dataset | Callable[[], Dataset],
        *,
        backend: str | None = None,
        weights: Weights | None = None,
        resume: ResumeState | None = None,
        origin: Project | None = None,
        past: Past | None = None,
        pacer: tuple[Pacer, Side] | None = None,
        polite: bool = True,
    ) -> None:
        self.project, self.status, self.mailbox = project, Status(), Mailbox()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.epochs: tuple[EpochRecord, ...] = ()
        self.dataset: Dataset | None = None
        self._data, self._backend, self._weights, self.resume = data, backend, weights, resume
        self._polite, self._origin, self._past, self._turns = polite, origin, past, Turns(pacer)
        self._commands: queue.SimpleQueue[tuple[Callable[[Trainer], Any], Future[Any]]] = queue.SimpleQueue()
        self._request, self.free = ProbeRequest(), threading.Event()  # a window may hold it while it draws
        self.free.set()
        self._looker, self._doctor = Looker(), Doctor()
        self._timeline, self._moments = Timeline(), Moments()
        self._trainer: Trainer | None = None
        self._running = self._closing = self._ended = False
        self._gate, self._hurry = threading.Lock(), threading.Event()  # a command waits that a step is left for
        self._until_step = self._until_epoch = -1
        self._thread = threading.Thread(target=self._work, name="gradloom-training", daemon=True)

    # commands, from any thread ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the worker: it prepares and then waits, paused."""
        self._thread.start()

    def run(self) -> None:
        """Train until paused, stopped or through."""
        self._send(lambda t: self._go(-1, -1))

    def pause(self) -> None:
        """Stop after the current chunk; a step that may be left in its midst is, and is made anew on ``run``."""
        self._send(self._pause, hurry=True)

    def step(self) -> None:
        """Train one step."""
        self._send(lambda t: self._go(t.step + 1, -1))

    def epoch(self) -> None:
        """Train to the end of the current epoch."""
        self._send(lambda t: self._go(-1, t.epoch + 1))

    def finish(self) -> None:
        """End the run here as at its last epoch: best weights in place, validation and test set judged."""
        self._send(self._finish, hurry=True)

    def reset(self) -> Future[Any]:
        """Back to the initial weights of the same seed."""
        return self._send(self._reset, hurry=True)

    def request(self, request: ProbeRequest) -> None:
        """What the visible views need from now on. Also makes one snapshot while paused."""
        self._request = request
        self._send(self._look)

    def evaluate(self, split: SplitName) -> Future[SplitResult]:
        """Evaluate a split now; also told as an Evaluated event."""
        return self._send(lambda t: self._told(t.evaluate(split)))

    def examine(self) -> Future[Report]:
        """What the doctor finds now; the first time costs a little more."""
        return self._send(self._doctor.report)

    def visit(self, step: int) -> Future[int]:
        """Show how things stood after ``step`` steps: a snapshot of that moment comes by the mailbox.

        A run that was resumed is known from there on; an earlier step shows its first moment. Of one that was through
        already only the end is known.
        """
        return self._send(lambda t: self._visit(t, step))

    def state_at(self, step: int) -> Future[ResumeState]:
        """Everything needed to go on from an earlier step: a fork."""
        return self._send(lambda t: self._state_at(t, step))

    def close(self, timeout: float = 5.0) -> bool:
        """End the worker; whether it ended in time. Pending futures are cancelled."""
        self._closing = True
        self._send(lambda t: None, hurry=True)
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def past(self, step: int) -> Future[Past]:
        """The record up to ``step``, for a session that goes on from there."""
        return self._send(lambda t: Past.of(t, self._timeline, self._moments, step))

    def _send(self, command: Callable[[Trainer], Any], *, hurry: bool = False) -> Future[Any]:
        """The answer to come; cancelled where the worker has ended."""
        answer: Future[Any] = Future()
        with self._gate:
            if self._ended:
                answer.cancel()
            else:
                if hurry:  # before the command, whose answer clears it
                    self._hurry.set()
                self._commands.put((command, answer))
        return answer

    # the worker ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        if self._polite:
            be_polite()
        try:
            self._live()
        finally:
            self._cancel_pending()

    def _live(self) -> None:
        with one_blas_thread(self._polite):
            try:
                trainer = self._prepare()
            except Exception as error:  # whatever it is, the person must hear of it
                self._fail(error)
                return
            while not self._closing:
                try:
                    self._turn(trainer)
                except Exception as error:
                    self._running = False
                    self._fail(error)
                    self._publish(trainer, "failed")
            if close_epoch(trainer):
                self._tell_epoch(trainer)
            trainer.executable.close()
        self._change("closed")

    def _prepare(self) -> Trainer:
        self.dataset = self._data if isinstance(self._data, Dataset) else self._data()
        wanted, instead = (self._backend, "") if self._backend else possible(self.project.training.backend)
        backend = backend_for(wanted, self.resume)
        threads = threads_for(live_threads() if self._polite else 0, self.resume)
        trainer = Trainer(self.project, self.dataset, backend=backend, threads=threads, looked_at=True)
        trainer.executable.leaves = self._hurry.is_set
        fresh: tuple[tuple[str, str], ...] = ()
        adopted: Adopted | None = None
        if self.resume is not None:
            adopted = adopt(trainer, self.resume, self._origin or self.project)
            fresh, self.epochs = adopted.fresh, tuple(trainer.epochs)
        elif self._weights is not None:
            merged, fresh = carry_over(self._weights, trainer.executable.weights())
            trainer.executable.load_weights(merged)
        if self._past is not None:
            self._past.hand_to(trainer, self._timeline, self._moments)
        self._trainer = trainer
        self._timeline.note(trainer)
        name, slow = trainer.executable.name, slowed(wanted, trainer.executable, trainer.rules)
        self.events.put(Prepared(trainer.plan, name, fresh, adopted, trainer.data_changed, instead, slow))
        if trainer.test_result is not None:
            self.events.put(Evaluated(trainer.test_result))
        # What was asked for meanwhile is answered first, and may take its time (kernels are loaded): not paused yet.
        self._publish(trainer, "finished" if trainer.finished and trainer.divergence is None else "preparing")
        if trainer.divergence is not None:
            self._tell_divergence(trainer.divergence)
        return trainer

    def _turn(self, trainer: Trainer) -> None:
        """Answer commands, then one piece of work; sleep on the command queue while there is none."""
        with contextlib.suppress(queue.Empty):
            while True:
                waits = not self._running and self.status.state != "preparing"
                self._answer(trainer, *self._commands.get(block=waits, timeout=0.2))
        if self.status.state == "preparing":
            self._publish(trainer, "paused")
        if not self._running or self._closing:
            return
        # A single step is always looked at: nobody presses Step to see the step before.
        wanted = (self.mailbox.empty and self._looker.rested()) or self._until_step >= 0
        looking = wanted and bool(self._request.wants) and not trainer.busy_evaluating
        before, step = trainer.epoch, trainer.step
        left = max(self._until_step - step, 1) if self._until_step >= 0 else 1 << 20
        allowed = self._turns.steps(trainer.busy_evaluating)
        if not allowed:
            if allowed is None:
                self._halt()
            return
        noting = self._moments.due() and not trainer.busy_evaluating
        trainer.advance(CHUNK, min(left, allowed), keep=looking or noting)
        self._turns.done(trainer.step - step)
        if trainer.epoch > before:
            self._tell_epoch(trainer)
        self._timeline.note(trainer)
        if noting and not trainer.left:
            self._moments.note(trainer)
        if looking and not trainer.left:
            self._look(trainer)
        self._check_end(trainer)
        self._publish(trainer, "running" if self._running else self.status.state)
        self.free.wait(PATIENCE)

    def _check_end(self, trainer: Trainer) -> None:
        if trainer.divergence is not None:
            self._running = False
            self._tell_divergence(trainer.divergence)
        elif trainer.finished:
            self._running = False
            last = ("validation", "test") if trainer.stopped == "hand" else ("test",)
            for result in (trainer.results[s] for s in last if s in trainer.results):
                self.events.put(Evaluated(result))
            restored = trainer.best_epoch if trainer.best_weights else -1
            self.events.put(Finished(trainer.stopped, restored))
            self._change("finished")
            self._look(trainer)
        elif not trainer.busy_evaluating and self._goal_reached(trainer):
            self._halt()
            self._look(trainer)

    def _tell_epoch(self, trainer: Trainer) -> None:
        self.epochs = tuple(trainer.epochs)
        self.events.put(EpochEnded(trainer.epochs[-1]))

    def _tell_divergence(self, found: DivergedError) -> None:
        self.events.put(Diverged(found.step, found.node, found.tensor, found.count))
        self._change("diverged")

    def _goal_reached(self, trainer: Trainer) -> bool:
        return 0 <= self._until_step <= trainer.step or 0 <= self._until_epoch <= trainer.epoch

    def _answer(self, trainer: Trainer, command: Callable[[Trainer], Any], answer: Future[Any]) -> None:
        if self._commands.empty():
            self._hurry.clear()
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(command(trainer))
        except Exception as error:
            self._running = False
            self._fail(error)
            answer.set_exception(error)
        self._publish(trainer, self.status.state)

    def _go(self, until_step: int, until_epoch: int) -> None:
        trainer = self._trainer
        if trainer is None or trainer.finished:
            self._turns.leave()
            return
        self._until_step, self._until_epoch, self._running = until_step, until_epoch, True
        self._change("running")

    def _finish(self, trainer: Trainer) -> None:
        if trainer.step and not trainer.stopped:
            trainer.stop()
            self._until_step = self._until_epoch = -1
            self._running = True
            self._change("running")
        elif not trainer.step:
            self._halt()

    def _halt(self) -> None:
        if self._running:
            self._running = False
            self._change("paused")

    def _pause(self, trainer: Trainer) -> None:
        self._halt()
        self._look(trainer)

    def _reset(self, trainer: Trainer) -> None:
        self._running = False
        trainer.reset()
        self._looker.forget()
        self._moments.clear()
        self._timeline.clear()
        self._timeline.note(trainer)
        self.epochs = ()
        self.mailbox.take()
        self._change("paused")
        self._look(trainer)

    def _look(self, trainer: Trainer) -> None:
        if self._request.wants:
            seen = trainer if self._running else self._timeline.with_last_step(trainer)
            self.mailbox.put(self._looker.snapshot(seen, self._request, at_once=not self._running))

    def _visit(self, trainer: Trainer, step: int) -> int:
        self._halt()
        known = self._timeline.steps
        visitor = self._timeline.visit(trainer, max(step, known[0])) if known else trainer
        self.mailbox.put(self._looker.snapshot(visitor, self._request, at_once=True))
        return visitor.step

    def _state_at(self, trainer: Trainer, step: int) -> ResumeState:
        known = self._timeline.steps
        return self._timeline.state_at(trainer, max(step, known[0])) if known else trainer.resume_state()

    def _told(self, result: SplitResult) -> SplitResult:
        self.events.put(Evaluated(result))
        return result

    def _fail(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        message = str(error) or type(error).__name__
        if isinstance(error, MemoryError) and not isinstance(error, MemoryRefusal):  # that one has its figures
            message = "out of memory; a smaller batch or smaller layers would need less"
        problems = tuple(getattr(error, "problems", ()))
        self.events.put(Failed(message, str(getattr(error, "node", "")), text, problems))
        self._change("failed")

    def _change(self, state: State) -> None:
        self._turns.show(state)
        if state != self.status.state:
            self.status = Status(**{**self.status.__dict__, "state": state})
            self.events.put(StateChanged(state))

    def _publish(self, t: Trainer, state: State) -> None:
        changed = state != self.status.state
        speed = t.step / t.seconds if t.seconds > 0 else 0.0
        self.status = Status(
            state, t.step, t.epoch, t.setup.epochs, t.steps_per_epoch, speed, t.seconds_left, t.rate_at(t.step),
            t.executable.name, t.stopped, t.executable.threads_of(t.setup.batch_size),
        )  # fmt: skip
        if changed:
            self.events.put(StateChanged(state))

    def _cancel_pending(self) -> None:
        """Nobody waits for an answer that cannot come."""
        with self._gate:
            self._ended = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._commands.get_nowait()[1].cancel()

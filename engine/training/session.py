"""A training in a thread of its own: commands in by a queue, telemetry out by three channels.

Columns hold every step, the mailbox the latest snapshot, the event queue what must not be lost. Weights belong to the
worker; nobody else holds a live array. Commands are answered between chunks of about 10 ms.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends import DivergedError
from engine.backends.initial import carry_over
from engine.data.dataset import Dataset, SplitName
from engine.graph import Project
from engine.probes import Mailbox, ProbeRequest
from engine.training.columns import ColumnView
from engine.training.evaluation import SplitResult
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
)
from engine.training.examination import Doctor, Report
from engine.training.looking import Looker
from engine.training.politeness import be_polite, one_blas_thread
from engine.training.resume import ResumeState, backend_for
from engine.training.timeline import Timeline
from engine.training.trainer import EpochRecord, Stopped, Trainer

Weights = Mapping[tuple[str, str], NDArray[np.floating]]

CHUNK = 0.010


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


class Session:
    """Owns the worker. Methods return at once; what comes of them shows in ``status``, ``events`` and futures.

    ``data``: the data set, or a function that loads it (called in the worker). ``weights`` to keep are carried over by
    (node, name, shape); ``resume`` continues a stored training bit for bit.
    """

    def __init__(
        self,
        project: Project,
        data: Dataset | Callable[[], Dataset],
        *,
        backend: str | None = None,
        weights: Weights | None = None,
        resume: ResumeState | None = None,
        polite: bool = True,
    ) -> None:
        self.project, self.status = project, Status()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.mailbox = Mailbox()
        self.epochs: tuple[EpochRecord, ...] = ()
        self.dataset: Dataset | None = None
        self._data, self._backend, self._weights, self.resume = data, backend, weights, resume
        self._polite = polite
        self._commands: queue.SimpleQueue[tuple[Callable[[Trainer], Any], Future[Any]]] = queue.SimpleQueue()
        self._request = ProbeRequest()
        self._looker = Looker()
        self._timeline = Timeline()
        self._doctor = Doctor()
        self._trainer: Trainer | None = None
        self._running = self._closing = self._ended = False
        self._gate = threading.Lock()
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
        """Stop after the current chunk."""
        self._send(lambda t: self._halt())

    def step(self) -> None:
        """Train one step."""
        self._send(lambda t: self._go(t.step + 1, -1))

    def epoch(self) -> None:
        """Train to the end of the current epoch."""
        self._send(lambda t: self._go(-1, t.epoch + 1))

    def reset(self) -> Future[Any]:
        """Back to the initial weights of the same seed."""
        return self._send(self._reset)

    def set_rate(self, rate: float) -> None:
        """Another base learning rate from the next step on."""
        self._send(lambda t: t.set_rate(rate))

    def set_epochs(self, epochs: int) -> None:
        """Another number of epochs; a run that was through goes on when run again."""
        self._send(lambda t: t.extend(epochs))

    def request(self, request: ProbeRequest) -> None:
        """What the visible views need from now on. Also makes one snapshot while paused."""
        self._request = request
        self._send(self._look)

    def evaluate(self, split: SplitName) -> Future[SplitResult]:
        """Evaluate a split now; also told as an Evaluated event."""
        return self._send(lambda t: self._told(t.evaluate(split)))

    def weights(self) -> Future[dict[tuple[str, str], NDArray[np.floating]]]:
        """Copies of all weights and running statistics."""
        return self._send(lambda t: t.executable.weights())

    def resume_state(self) -> Future[ResumeState]:
        """Everything needed to go on bit for bit."""
        return self._send(lambda t: t.resume_state())

    def ask(self, question: Callable[[Trainer], Any]) -> Future[Any]:
        """Run a question on the worker between two chunks; it must not keep live arrays."""
        return self._send(question)

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
        self._send(lambda t: None)
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def columns(self) -> ColumnView | None:
        """The published record of all steps, None while preparing."""
        return self._trainer.columns.view if self._trainer is not None else None

    @property
    def alive(self) -> bool:
        """Whether the worker runs."""
        return self._thread.is_alive()

    def _send(self, command: Callable[[Trainer], Any]) -> Future[Any]:
        """The answer to come; cancelled where the worker has ended."""
        answer: Future[Any] = Future()
        with self._gate:
            if self._ended:
                answer.cancel()
            else:
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
            trainer.executable.close()
        self._change("closed")

    def _prepare(self) -> Trainer:
        self.dataset = self._data if isinstance(self._data, Dataset) else self._data()
        backend = backend_for(self._backend or self.project.training.backend, self.resume)
        trainer = Trainer(self.project, self.dataset, backend=backend)
        fresh: tuple[tuple[str, str], ...] = ()
        if self.resume is not None:
            trainer.load_resume_state(self.resume)
            self.epochs = tuple(trainer.epochs)
        elif self._weights is not None:
            merged, fresh = carry_over(self._weights, trainer.executable.weights())
            trainer.executable.load_weights(merged)
        self._trainer = trainer
        self._timeline.note(trainer)
        self.events.put(Prepared(trainer.plan, trainer.executable.name, fresh))
        if trainer.test_result is not None:
            self.events.put(Evaluated(trainer.test_result))
        self._publish(trainer, "finished" if trainer.finished and trainer.divergence is None else "paused")
        if trainer.divergence is not None:
            self._tell_divergence(trainer.divergence)
        return trainer

    def _turn(self, trainer: Trainer) -> None:
        """Answer commands, then one piece of work; sleep on the command queue while there is none."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._answer(trainer, *self._commands.get(block=not self._running, timeout=0.2))
        if not self._running or self._closing:
            return
        # A single step is always looked at: nobody presses Step to see the step before.
        wanted = self.mailbox.empty or self._until_step >= 0
        looking = wanted and bool(self._request.wants) and not trainer.busy_evaluating
        before = trainer.epoch
        left = self._until_step - trainer.step if self._until_step >= 0 else 1 << 20
        trainer.advance(CHUNK, max(left, 1), keep=looking)
        if trainer.epoch > before:
            self.epochs = tuple(trainer.epochs)
            self.events.put(EpochEnded(trainer.epochs[-1]))
        self._timeline.note(trainer)
        if looking:
            self._look(trainer)
        self._check_end(trainer)
        self._publish(trainer, "running" if self._running else self.status.state)

    def _check_end(self, trainer: Trainer) -> None:
        if trainer.divergence is not None:
            self._running = False
            self._tell_divergence(trainer.divergence)
        elif trainer.finished:
            self._running = False
            if trainer.test_result is not None:
                self.events.put(Evaluated(trainer.test_result))
            restored = trainer.best_epoch if trainer.best_weights else -1
            self.events.put(Finished(trainer.stopped, restored))
            self._change("finished")
        elif not trainer.busy_evaluating and self._goal_reached(trainer):
            self._halt()

    def _tell_divergence(self, found: DivergedError) -> None:
        self.events.put(Diverged(found.step, found.node, found.tensor, found.count))
        self._change("diverged")

    def _goal_reached(self, trainer: Trainer) -> bool:
        return 0 <= self._until_step <= trainer.step or 0 <= self._until_epoch <= trainer.epoch

    def _answer(self, trainer: Trainer, command: Callable[[Trainer], Any], answer: Future[Any]) -> None:
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
            return
        self._until_step, self._until_epoch = until_step, until_epoch
        self._running = True
        self._change("running")

    def _halt(self) -> None:
        if self._running:
            self._running = False
            self._change("paused")

    def _reset(self, trainer: Trainer) -> None:
        self._running = False
        trainer.reset()
        self._looker.forget()
        self._timeline.clear()
        self._timeline.note(trainer)
        self.epochs = ()
        self.mailbox.take()
        self._change("paused")
        self._look(trainer)

    def _look(self, trainer: Trainer) -> None:
        if self._request.wants:
            self.mailbox.put(self._looker.snapshot(trainer, self._request, at_once=not self._running))

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
        if isinstance(error, MemoryError):
            message = "out of memory; a smaller batch or smaller layers would need less"
        problems = tuple(getattr(error, "problems", ()))
        self.events.put(Failed(message, str(getattr(error, "node", "")), text, problems))
        self._change("failed")

    def _change(self, state: State) -> None:
        if state != self.status.state:
            self.status = Status(**{**self.status.__dict__, "state": state})
            self.events.put(StateChanged(state))

    def _publish(self, t: Trainer, state: State) -> None:
        changed = state != self.status.state
        speed = t.step / t.seconds if t.seconds > 0 else 0.0
        self.status = Status(
            state, t.step, t.epoch, t.setup.epochs, t.steps_per_epoch, speed, t.seconds_left, t.rate_at(t.step),
            t.executable.name, t.stopped,
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


def wait_for(session: Session, states: tuple[State, ...], timeout: float = 60.0) -> State:
    """Block until the session is in one of the states (for tests and scripts); TimeoutError says where it stood."""
    deadline = time.monotonic() + timeout
    while session.status.state not in states:
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {' or '.join(states)} within {timeout} s, got {session.status.state}")
        time.sleep(0.002)
    return session.status.state

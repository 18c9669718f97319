"""What a session publishes of its worker, for any thread at any time, and what it asks of it on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.probes import Snapshot
from engine.training.columns import ColumnView
from engine.training.moments import Moments
from engine.training.resume import ResumeState
from engine.training.trainer import Trainer


class Published:
    """Base of Session. Each property gives a value that is replaced as a whole and never changed."""

    _trainer: Trainer | None
    _moments: Moments
    _thread: threading.Thread

    @property
    def columns(self) -> ColumnView | None:
        """The published record of all steps, None while preparing."""
        return self._trainer.columns.view if self._trainer is not None else None

    @property
    def moments(self) -> tuple[Snapshot, ...]:
        """Figures and histograms of every layer over time, oldest first, kept whether or not anybody looks."""
        return self._moments.kept

    @property
    def commands(self) -> tuple[dict[str, Any], ...]:
        """What was changed while it trained, with the step at which it took effect."""
        return tuple(dict(c) for c in self._trainer.command_log) if self._trainer is not None else ()

    @property
    def alive(self) -> bool:
        """Whether the worker runs."""
        return self._thread.is_alive()


class Asked(Published):
    """Questions and small changes that the worker answers between two pieces of work."""

    def _send(self, command: Callable[[Trainer], Any]) -> Future[Any]:
        raise NotImplementedError

    def set_rate(self, rate: float) -> None:
        """Another base learning rate from the next step on."""
        self._send(lambda t: t.set_rate(rate))

    def set_epochs(self, epochs: int) -> None:
        """Another number of epochs; a run that was through goes on when run again."""
        self._send(lambda t: t.extend(epochs))

    def go_on(self) -> None:
        """Train on from the last step of a run that ``finish`` has ended."""
        self._send(lambda t: t.go_on())

    def weights(self) -> Future[dict[tuple[str, str], NDArray[np.floating]]]:
        """Copies of all weights and running statistics."""
        return self._send(lambda t: t.executable.weights())

    def resume_state(self) -> Future[ResumeState]:
        """Everything needed to go on bit for bit."""
        return self._send(lambda t: t.resume_state())

    def ask(self, question: Callable[[Trainer], Any]) -> Future[Any]:
        """Run a question on the worker between two chunks; it must not keep live arrays."""
        return self._send(question)

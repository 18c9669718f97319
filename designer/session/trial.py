"""A remedy tried out: the same training with one change, on a thread of its own, while the drawing stays as it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document import DocState
from designer.session.data_loader import DataLoader
from engine.data.dataset import Dataset
from engine.graph import DataSetup
from engine.training import EpochRecord, Session
from engine.training.events import Failed

POLL_MS = 100
SECONDS = 30.0
#: epochs where the run itself has not come as far
LEAST_EPOCHS = 10


class Trial(QObject):
    """One at a time. ``epochs`` are its figures so far; ``changed`` tells of each, ``ended`` of the end.

    ``outcome``: "" while it runs, then "finished", "time", "diverged" or "failed" with the ``reason``. It ends by
    itself after ``SECONDS``.
    """

    changed = Signal()
    ended = Signal()

    def __init__(self, loader: DataLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loader = loader
        self.epochs: tuple[EpochRecord, ...] = ()
        self.wanted = 0
        self.outcome = self.reason = ""
        self.seconds = SECONDS
        self._session: Session | None = None
        self._closing: list[Session] = []
        self._started = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self._session is not None

    def start(self, state: DocState, epochs: int) -> None:
        """Trains ``state`` from its initial weights: as many epochs as the run has done, a few where it has hardly
        begun; the schedule spans what the set-up says all the same. Data that the change left alone are shared."""
        self.cancel()
        self.wanted = epochs if epochs > 0 else min(state.training.epochs, LEAST_EPOCHS)
        self.epochs, self.outcome, self.reason = (), "", ""
        self._started = time.monotonic()
        session = Session(state.project(), self._data(state))
        self._session = session
        session.start()
        session.run()
        self._timer.start()
        self.changed.emit()

    def _data(self, state: DocState) -> Dataset | Callable[[], Dataset]:
        if self.loader.dataset is not None and state.data == self.loader.setup:
            return self.loader.dataset
        setup, folder = state.data, self.loader.folder
        return lambda: _load(setup, folder)

    def cancel(self) -> None:
        """Ends it; what it found so far stays."""
        if self._session is not None:
            self._close("cancelled")

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Ends it and waits."""
        self.cancel()
        self._timer.stop()
        ended = all([s.close(timeout) for s in self._closing])
        self._closing.clear()
        return ended

    def leave(self) -> list[Session]:
        """Ends it without waiting; what is still at its last step."""
        self.cancel()
        self._timer.stop()
        return self._closing

    def _poll(self) -> None:
        self._closing = [s for s in self._closing if s.alive]
        session = self._session
        if session is None:
            if not self._closing:
                self._timer.stop()
            return
        if session.epochs is not self.epochs:
            self.epochs = session.epochs[: self.wanted]
            self.changed.emit()
        state = session.status.state
        if len(self.epochs) >= self.wanted:
            self._close("finished")
        elif state in ("finished", "diverged", "failed"):
            self.reason = _reason(session)
            self._close(state)
        elif time.monotonic() - self._started > self.seconds:
            self._close("time")

    def _close(self, outcome: str) -> None:
        session, self._session = self._session, None
        assert session is not None
        self.epochs = session.epochs[: self.wanted]
        session.close(timeout=0.0)
        self._closing.append(session)
        self.outcome = outcome
        self.ended.emit()


def _load(setup: DataSetup, folder: Path | None) -> Dataset:
    from engine.data.load import load_dataset

    return load_dataset(setup, folder)


def _reason(session: Session) -> str:
    """Why it failed, as the session tells it."""
    while not session.events.empty():
        event = session.events.get()
        if isinstance(event, Failed):
            return event.message
    return ""

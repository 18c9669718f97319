"""What a session publishes of its worker: values that any thread may read at any time."""

from __future__ import annotations

import threading
from typing import Any

from engine.probes import Snapshot
from engine.training.columns import ColumnView
from engine.training.moments import Moments
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

"""The doctor's rounds: when a running training is looked at, and what was found last.

Often while somebody watches the findings, seldom while only their number is shown beside the panel's name; a look that
costs much waits in proportion, so that it never takes more than a few per cent of the training.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, QTimer, Signal

from designer.session.bridge import Bridge
from designer.session.frame import Frame
from engine.training.examination import Report

#: seconds between two looks, and how many times its own cost a look waits at least: watched, and not watched
WATCHED, UNWATCHED = (2.0, 40.0), (10.0, 150.0)
#: an epoch's end is looked at sooner
EPOCH_REST = 0.5


class Examinations(QObject):
    """``report`` is None before the first look; ``changed`` tells. ``watchers``: whether each reader can be seen."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.report: Report | None = None
        self.watchers: list[Callable[[], bool]] = []
        self._asked: Future[Report] | None = None
        self._seen: tuple[int, int] | None = None
        self._looked_at, self._epoch = 0.0, 0
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self.consider)
        bridge.framed.connect(self._framed)
        bridge.state_changed.connect(lambda _: self.consider())

    def watched(self) -> bool:
        """Whether anybody reads it now."""
        return any(watching() for watching in self.watchers)

    @property
    def rest(self) -> float:
        """Seconds from one look to the next while training runs."""
        least, times = WATCHED if self.watched() else UNWATCHED
        return max(least, times * self.report.cost) if self.report is not None else 0.0

    def look_again(self) -> None:
        """At the same step too: the weights are others."""
        self._seen = None
        self.consider()

    def consider(self) -> None:
        """Looks if there is something new and it is time; else comes back when it is."""
        frame, session = self.bridge.frame, self.bridge.session
        if session is None or frame.status is None or frame.plan is None:
            return
        if (frame.run, frame.status.step) == self._seen or (self._asked is not None and not self._asked.done()):
            return
        wait = self._wait(frame) if self.bridge.state.name == "running" else 0.0
        if wait > 0:
            if not self._retry.isActive():
                self._retry.start(int(wait * 1000) + 1)
            return
        self._seen, self._epoch = (frame.run, frame.status.step), frame.status.epoch
        self._asked = session.examine()
        self.bridge.when(self._asked, lambda report, run=frame.run: self._take(report, run))

    def _wait(self, frame: Frame) -> float:
        """Seconds until the next look may be."""
        passed = time.monotonic() - self._looked_at
        ended = frame.status is not None and frame.status.epoch > self._epoch
        cost = self.report.cost if self.report is not None else 0.0
        if ended and self.watched():
            return max(EPOCH_REST, WATCHED[1] * cost) - passed
        return self.rest - passed

    def _take(self, report: Report, run: int) -> None:
        self._looked_at = time.monotonic()
        if run == self.bridge.frame.run:
            self._seen = (run, report.step)
            self.report = report
            self.changed.emit()
        self.consider()

    def _framed(self, frame: Frame) -> None:
        if frame.columns is None and self.report is not None:
            self.report, self._seen = None, None
            self.changed.emit()
        self.consider()

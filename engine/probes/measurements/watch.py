"""How far a measurement is, and whether anybody still wants it."""

from __future__ import annotations

import time


class StoppedError(RuntimeError):
    """The measurement was cancelled; there is no result."""


class Watch:
    """The worker tells its share of the work; who waits reads ``share`` and ``seconds_left``, and may ``stop``.

    Attributes are single values, written by one side each, so no lock is needed.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self._started = time.perf_counter()
        self._stopped = False

    def stop(self) -> None:
        """Ends the measurement at its next piece of work."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether it is not wanted any more."""
        return self._stopped

    def tell(self, done: float, of: float = 1.0) -> None:
        """``done`` of ``of`` pieces are through. StoppedError if nobody waits for the rest."""
        if self._stopped:
            raise StoppedError
        self.share = min(done / of, 1.0) if of > 0 else 1.0

    @property
    def seconds_left(self) -> float:
        """Seconds to go if the rest is as fast as what was done; infinite at the start."""
        passed = time.perf_counter() - self._started
        return passed * (1 - self.share) / self.share if self.share > 0 else float("inf")

    def part(self, start: float, end: float) -> Watch:
        """A watch whose whole is the piece from ``start`` to ``end`` of this one."""
        return _Part(self, start, end)


class _Part(Watch):
    def __init__(self, whole: Watch, start: float, end: float) -> None:
        super().__init__()
        self._whole, self._start, self._end = whole, start, end

    @property
    def stopped(self) -> bool:
        return self._whole.stopped

    def tell(self, done: float, of: float = 1.0) -> None:
        share = min(done / of, 1.0) if of > 0 else 1.0
        self._whole.tell(self._start + (self._end - self._start) * share)
        self.share = share

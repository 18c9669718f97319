"""A worker that leaves the window its core: lower priority, and BLAS on one thread."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

NICENESS = 10


def be_polite() -> None:
    """Lower this thread's priority, so that the window stays first (Linux; elsewhere nothing)."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def live_threads(asked: str | None = None) -> int:
    """Compute threads beside a window: a core is left to it where there are more than two.

    On two cores both compute: at niceness +10 they give way within the 25 ms that a frame may take, and one thread
    would halve the training. GRADLOOM_THREADS says another number.
    """
    told = os.environ.get("GRADLOOM_THREADS", "") if asked is None else asked
    if told.isdigit() and int(told):
        return int(told)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores - 1 if cores > 2 else cores


class _Limit:
    """The limit is the whole process's: the first worker sets it and the last one lifts it, whatever their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers = 0
        self._held: Any = None

    def take(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            self._workers += 1
            if self._workers == 1:
                self._held = threadpool_limits(1)

    def release(self) -> None:
        with self._lock:
            self._workers -= 1
            if not self._workers:
                self._held.restore_original_limits()
                self._held = None


_limit = _Limit()


@contextlib.contextmanager
def one_blas_thread(wanted: bool) -> Iterator[None]:
    """BLAS on one thread while a window is live: its spinning workers would take the window's core."""
    if not wanted:
        yield
        return
    _limit.take()
    try:
        yield
    finally:
        _limit.release()

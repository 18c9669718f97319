"""The threads of a tape: the caller and helpers that wait for work, and go home when there is none for a while."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

#: seconds without work after which a helper ends
PATIENCE = 0.3


@dataclass
class _Job:
    work: Callable[[int], int]
    thread: int
    done: threading.Event = field(default_factory=threading.Event)
    result: int = 0
    error: BaseException | None = None


class Crew:
    """Runs the same work on several threads at once. Helpers inherit the caller's niceness when they are hired."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._helpers = 0

    def run(self, work: Callable[[int], int], threads: int) -> int:
        """work(0) here, work(1), work(2), ... on helpers, all at the same time; what work(0) returned."""
        jobs = [_Job(work, k) for k in range(1, threads)]
        if jobs:
            with self._lock:
                missing = len(jobs) - self._helpers
                self._helpers += max(missing, 0)
            for job in jobs:
                self._jobs.put(job)
            for _ in range(missing):
                threading.Thread(target=self._wait, name="gradloom-tape", daemon=True).start()
        result = work(0)
        for job in jobs:
            job.done.wait()
            if job.error is not None:
                raise job.error
        return result

    def _wait(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=PATIENCE)
            except queue.Empty:
                with self._lock:
                    if self._jobs.empty():
                        self._helpers -= 1
                        return
                continue
            if job is None:
                with self._lock:
                    self._helpers -= 1
                return
            try:
                job.result = job.work(job.thread)
            except BaseException as error:
                job.error = error
            job.done.set()

    def close(self) -> None:
        """Send all helpers home."""
        with self._lock:
            count = self._helpers
        for _ in range(count):
            self._jobs.put(None)

"""Steps per second with the default views open against none, paired and interleaved: at most 5 % slower.

Each sample trains in the real window (offscreen) in a process of its own. Blocks with all default views and blocks with
none take turns in the order A B B A, so that drift falls on both alike; the figures are medians of the pairs: by the
clock, and by the processor time of the training thread, which says the same where other work keeps the cores busy. The
time spent on looking and the machine's load are printed beside them.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.long._real_window import SAMPLES, endless, in_own_process, opened, told, wait

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

BLOCK, REST = 1.5, 0.25
PAIRS = 8
ASKED = 0.05


def run(seed: int, count: int | None) -> bool:
    """``count``: pairs of blocks per sample. The seed plays no part: samples carry their own."""
    held = True
    print("sample                    backend   steps/s without   with    slower   by cpu   looking   looks/s   load"
          "   (asked: <= 5 %)")  # fmt: skip
    for path in SAMPLES:
        f = in_own_process("tests.long.telemetry_cost", str(path), str(count or PAIRS), timeout=400)
        if isinstance(f, str):
            print(f"{path.stem:24} failed: {f}")
            held = False
            continue
        held = held and f["slower"] <= ASKED
        print(
            f"{path.stem:24}  {f['backend']:8} {f['without']:14,.0f} {f['with']:8,.0f} {f['slower']:8.1%} "
            f"{f['cpu']:8.1%} {f['looking']:8.1%} {f['looks']:8.1f} {os.getloadavg()[0]:8.1f}",
            flush=True,
        )
    return held


def measure(path: Path, pairs: int) -> dict[str, float | str]:
    """Trains one sample with and without watched views by turns."""
    with opened(path) as (window, _):
        endless(window)
        window.document.bridge.run()
        wait(6.0)  # the first frames build the plots
        return _taken_in_turns(window, pairs)


def _taken_in_turns(window: MainWindow, pairs: int) -> dict[str, float | str]:
    import numpy as np

    document = window.document
    views, rounds = list(document.bridge.feeder._views), document.examinations.consider
    session = document.bridge.session
    assert session is not None, "the sample trains"
    spent = [0.0, 0.0]
    look = session._looker.snapshot

    def timed(*given: object, **named: object) -> object:
        started = time.perf_counter()
        made = look(*given, **named)  # type: ignore[arg-type]
        spent[0] += time.perf_counter() - started
        spent[1] += 1
        return made

    session._looker.snapshot = timed  # type: ignore[assignment, method-assign]

    def spent_by_worker() -> float:
        answer = session.ask(lambda _: time.thread_time())
        while not answer.done():
            wait(0.005)
        return float(answer.result())

    def block(watched: bool) -> tuple[float, float]:
        """Steps per second by the clock, and by the training thread's processor time."""
        document.bridge.feeder._views = views if watched else []
        document.examinations.consider = rounds if watched else lambda: None  # type: ignore[method-assign]
        wait(REST)
        busy, step, clock = spent_by_worker(), session.status.step, time.perf_counter()
        wait(BLOCK)
        steps, passed = session.status.step - step, time.perf_counter() - clock
        return steps / passed, steps / max(spent_by_worker() - busy, 1e-9)

    fast: list[tuple[float, float]] = []
    slow: list[tuple[float, float]] = []
    for k in range(pairs):
        for watched in (k % 2 == 0, k % 2 == 1):
            before, found = spent[0], block(watched)
            (slow if watched else fast).append(found)
            if not watched:
                spent[0] = before
    shares = 1 - np.array(slow) / np.array(fast)
    backend = session.status.backend
    whole = pairs * (BLOCK + REST)
    return {
        "backend": backend, "without": float(np.median([f for f, _ in fast])),
        "with": float(np.median([f for f, _ in slow])), "slower": float(np.median(shares[:, 0])),
        "cpu": float(np.median(shares[:, 1])), "looking": spent[0] / whole, "looks": spent[1] / whole,
    }  # fmt: skip


if __name__ == "__main__":
    told(measure(Path(sys.argv[1]), int(sys.argv[2])))

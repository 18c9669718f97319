"""A 16 ms timer beside training: p99 under 25 ms while each sample trains in the real window; start under 1.5 s.

Judged as the sample comes; beside it, for the eye, with epochs without end. The processor time that the window's thread
spends between two ticks stands beside the gaps: it says what the window itself is late by where other work keeps the
cores busy, which shows in the gaps, so run it on an idle machine.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.long._real_window import SAMPLES, endless, in_own_process, opened, told, wait

SECONDS = 8.0
ASKED_MS = 25.0


def run(seed: int, count: int | None) -> bool:
    """``count``: how many samples (all of them by default). The seed plays no part: samples carry their own."""
    held = True
    print("sample                        start s   p50 ms   p99 ms   worst ms   cpu p99   cpu worst   steps"
          "  (asked: p99 < 25 ms)")  # fmt: skip
    for path, more in [(p, m) for p in SAMPLES[: count or len(SAMPLES)] for m in ((), ("--endless",))]:
        f = in_own_process("tests.long.gui_latency", str(path), *more, timeout=180)
        if isinstance(f, str):
            print(f"{path.stem:24} failed: {f}")
            held = False
            continue
        held = held and (bool(more) or f["p99"] < ASKED_MS) and f["steps"] > 0
        name = path.stem + (" endless" if more else "")
        print(f"{name:28} {f['start']:8.2f} {f['p50']:8.1f} {f['p99']:8.1f} {f['worst']:10.1f} {f['cpu_p99']:9.1f} "
              f"{f['cpu_worst']:11.1f} {f['steps']:7d}", flush=True)  # fmt: skip
    return held


def measure(path: Path, *, without_end: bool) -> dict[str, float]:
    """Opens one sample, runs it, and reads the gaps between the ticks of a precise 16 ms timer."""
    with opened(path) as (window, start):
        import numpy as np
        from PySide6.QtCore import Qt, QTimer

        if without_end:
            endless(window)
        window.document.bridge.run()
        wait(2.0)  # the first frames build the plots
        ticks: list[tuple[float, float]] = []
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(16)
        timer.timeout.connect(lambda: ticks.append((time.perf_counter(), time.thread_time())))
        timer.start()
        wait(SECONDS)
        timer.stop()
        session = window.document.bridge.session
        steps = session.status.step if session is not None else 0
    gaps, busy = np.diff(np.array(ticks), axis=0).T * 1000
    p50, p99 = np.percentile(gaps, (50, 99))
    return {
        "start": start, "p50": float(p50), "p99": float(p99), "worst": float(gaps.max()), "steps": steps,
        "cpu_p99": float(np.percentile(busy, 99)), "cpu_worst": float(busy.max()),
    }  # fmt: skip


if __name__ == "__main__":
    told(measure(Path(sys.argv[1]), without_end="--endless" in sys.argv))

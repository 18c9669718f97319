"""``python -m tests.e2e.liveliness [seconds] [sample ...]``: how late a 16 ms timer comes while a window trains."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.screenshots import Studio

SAMPLES = ("vanishing_gradients", "spiral", "digits_mlp", "mnist_cnn", "fashion_cnn")


def measure(studio: Studio, sample: str, seconds: float) -> list[float]:
    """Milliseconds between two ticks of a precise 16 ms timer, sorted."""
    from PySide6.QtCore import Qt, QTimer

    studio.open(sample)
    bridge = studio.window.document.bridge
    bridge.run()
    studio.wait(20, lambda: bridge.state.name == "running")
    studio.wait(2)
    gaps: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append((now - last[0]) * 1000)
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(16)
    until = time.perf_counter() + seconds
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop()
    QTimer.singleShot(round((until - time.perf_counter()) * 1000), loop.quit)
    loop.exec()
    timer.stop()
    bridge.pause()
    studio.wait(5, lambda: bridge.state.name != "running")
    return sorted(gaps)


def main() -> int:
    """One line a sample."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    samples = sys.argv[2:] or SAMPLES
    from designer.session.collector import Collector

    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Path(home), Path(home))
        collector = Collector(studio.app)
        studio.look((1440, 900), "dark", "en")
        for sample in samples:
            gaps = measure(studio, sample, seconds)
            status = studio.window.document.bridge.frame.status
            speed = status.steps_per_second if status is not None else 0.0
            p50, p99 = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.99)]
            print(
                f"{sample:22s} p50 {p50:5.1f} ms  p99 {p99:5.1f} ms  max {gaps[-1]:6.1f} ms  {speed:,.0f} steps/s",
                flush=True,
            )
        collector.close()
        studio.window.document.store.mark_saved()
        studio.window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

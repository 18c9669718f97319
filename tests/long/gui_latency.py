"""A 16 ms timer beside training: p99 under 25 ms while each sample trains in the real window; start under 1.5 s.

Judged as the sample comes; beside it, for the eye, with epochs without end.

Each sample gets a process of its own; processor load from elsewhere shows, so run it on an idle machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*.json"))
SECONDS = 8.0
ASKED_MS = 25.0


def run(seed: int, count: int | None) -> bool:
    """``count``: how many samples (all of them by default). The seed plays no part: samples carry their own."""
    held = True
    print("sample                        start s   p50 ms   p99 ms   worst ms   steps  (asked: p99 < 25 ms)")
    for path, more in [(p, m) for p in SAMPLES[: count or len(SAMPLES)] for m in ((), ("--endless",))]:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
            child = subprocess.run(
                [sys.executable, "-m", "tests.long.gui_latency", str(path), *more],
                capture_output=True, text=True, env=environment, timeout=180, check=False,
            )  # fmt: skip
        if child.returncode != 0:
            print(f"{path.stem:24} failed: {child.stderr.strip()[-400:]}")
            held = False
            continue
        f = json.loads(child.stdout.splitlines()[-1])
        held = held and (bool(more) or f["p99"] < ASKED_MS) and f["steps"] > 0
        name = path.stem + (" endless" if more else "")
        print(f"{name:28} {f['start']:8.2f} {f['p50']:8.1f} {f['p99']:8.1f} {f['worst']:10.1f} {f['steps']:7d}")
    return held


def measure(path: Path) -> dict[str, float]:
    """Opens one sample, runs it, and reads the gaps between the ticks of a precise 16 ms timer."""
    began = time.perf_counter()
    import numpy as np
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from designer.app.looks import Looks
    from designer.app.main import make_application
    from designer.app.main_window import MainWindow
    from designer.app.settings import Settings
    from designer.document.verbs.setup import set_training
    from designer.session.collector import Collector

    app = make_application()
    settings = Settings()
    Looks(settings).apply()
    collector = Collector(app)
    window = MainWindow(settings)
    window.resize(1440, 900)
    window.show()
    app.processEvents()
    start = time.perf_counter() - began
    window.finish()
    window.files.open_path(path)

    def wait(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(int(seconds * 1000), loop.quit)
        loop.exec()

    wait(2.0)
    if "--endless" in sys.argv:  # the small samples are through in a moment, and nothing trains beside the timer
        window.document.store.apply("epochs", set_training, "epochs", 100_000)
    window.document.bridge.run()
    wait(2.0)  # the first frames build the plots
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(16)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    wait(SECONDS)
    timer.stop()
    session = window.document.bridge.session
    steps = session.status.step if session is not None else 0
    window.document.shut_down()
    collector.close()
    gaps = np.diff(ticks) * 1000
    p50, p99 = np.percentile(gaps, (50, 99))
    return {"start": start, "p50": float(p50), "p99": float(p99), "worst": float(gaps.max()), "steps": steps}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))), flush=True)
    os._exit(0)  # the window is not closed by hand, so it would ask whether to save

"""Steps per second with the default views open against none, paired and interleaved: at most 5 % slower.

The benchmark nets W3 to W7 and every sample train in the real window (offscreen), each in a process of its own. Blocks
with all default views ("with"), blocks with none ("without") and, of the nets, blocks in which all of them are attached
but hidden take turns, forwards and backwards, so that drift falls on all alike. A block begins and ends between two
steps, where the training thread itself reads the clock and its processor time, which says the same where other work
keeps the cores busy; figures are of all blocks of a kind together, since dear looks fall into few of them. The budget
of looks stands still while nobody watches. A round of the doctor falls once in many blocks, so it waits meanwhile, and
the share that one takes, its cost over its rest, is added. Beside all that: what was spent on looking, for how long the
worker waited while the window drew, the doctor's share, looks per second, and the machine's load.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from designer.session.examinations import UNWATCHED
from tests.long._benchmark_files import TRAINED, write_net
from tests.long._real_window import SAMPLES, endless, in_own_process, opened, told, wait

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

Kind = Literal["without", "with", "hidden"]
BLOCK, REST = 1.2, 0.25
ROUNDS = {"net": 6, "sample": 4}
KINDS: dict[str, tuple[Kind, ...]] = {"net": ("with", "without", "hidden"), "sample": ("with", "without")}
#: seconds until the first pictures are drawn and the plots made
BEGIN = 5.0
#: seconds after which no other sample begins, where not told how many rounds
DEADLINE = 320.0
ASKED = 0.05
#: samples whose steps cost most; they come first
LARGE = ("fashion_cnn", "mnist_cnn", "digits_mlp")


def run(seed: int, count: int | None) -> bool:
    """``count``: rounds of blocks, of all nets and samples; without it 6 a net and 4 a sample, of as many samples as
    are through in less than six minutes. The seed plays no part: samples carry their own."""
    held, began = True, time.monotonic()
    samples = sorted(SAMPLES, key=lambda p: (p.stem not in LARGE, p.stem))
    print("asked: slower <= 5 %; hidden views: no look, 0 %")
    print("                          backend   steps/s without     with   slower   by cpu   looking  waiting   doctor "
          "  looks/s   hidden: slower   by cpu   looks   load", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        files = [("net", write_net(name, Path(folder))) for name in TRAINED]
        for kind, path in (*files, *(("sample", p) for p in samples)):
            if count is None and time.monotonic() - began > DEADLINE:
                print(f"{path.stem:24} left out: the time is up (--count 4 takes all)", flush=True)
                continue
            rounds = str(count or ROUNDS[kind])
            f = in_own_process("tests.long.telemetry_cost", kind, str(path), rounds, timeout=400)
            if isinstance(f, str):
                print(f"{path.stem:24} failed: {f}", flush=True)
                held = False
                continue
            if f["ended"]:
                print(f"{path.stem:24} {f['ended']}: nothing trains on that could be slower", flush=True)
                continue
            held = held and f["slower"] <= ASKED and not f.get("hidden_looks")
            if f["backend"] != "tape":
                print("    not by the fast kernels: python -m engine.backends.tape.warm compiles them", flush=True)
                held = False
            hidden = "" if kind == "sample" else (
                f"{f['hidden_slower']:14.1%} {f['hidden_cpu']:8.1%} {f['hidden_looks']:7.0f}"
            )  # fmt: skip
            print(
                f"{path.stem:24}  {f['backend']:8} {f['without']:14,.1f} {f['with']:9,.1f} {f['slower']:8.1%} "
                f"{f['cpu']:8.1%} {f['looking']:9.1%} {f['held']:9.1%} {f['doctor']:8.1%} {f['looks']:9.1f}   "
                f"{hidden:31} {os.getloadavg()[0]:6.1f}",
                flush=True,
            )
    return held


def measure(kind: str, path: Path, rounds: int) -> dict[str, float | str]:
    """Trains one network with, without and beside hidden views by turns."""
    with opened(path) as (window, _):
        endless(window)
        window.document.bridge.run()
        wait(BEGIN)
        state = window.document.bridge.state.name
        return Turns(window).figures(KINDS[kind], rounds) if state == "running" else {"ended": state}


class Turns:
    """Blocks of a training in the window, and what its looks cost."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.document = window, window.document
        session = self.document.bridge.session
        assert session is not None, "it trains"
        self.session = session
        self.views = list(self.document.bridge.feeder._views)
        self.spent = self.looks = self.held = self.left = 0.0
        look, hold = session._looker.snapshot, session.free.wait

        def looked(*given: Any, **named: Any) -> Any:
            made = look(*given, **named)
            self.spent += made.cost
            self.looks += 1
            return made

        def held(timeout: float | None = None) -> bool:
            started = time.perf_counter()
            answer = hold(timeout)
            self.held += time.perf_counter() - started
            return answer

        session._looker.snapshot = looked  # type: ignore[method-assign]
        session.free.wait = held  # type: ignore[method-assign]
        self.doctor = self._doctors_share()

    def _doctors_share(self) -> float:
        """Of the run's time, by what a round of its own costs; no round begins from now on."""
        seen = self.document.examinations
        seen.consider = lambda: None  # type: ignore[method-assign]
        for _ in range(2):  # the first keeps what does not change
            answer = self.session.examine()
            while not answer.done():
                wait(0.01)
        cost, (least, times) = answer.result().cost, UNWATCHED
        return float(cost / (cost + max(least, times * cost)))

    def _now(self) -> tuple[int, float, float]:
        """Steps, the clock and the training thread's processor time, between two steps."""
        answer = self.session.ask(lambda t: (t.step, time.perf_counter(), time.thread_time()))
        while not answer.done():
            wait(0.005)
        step, clock, busy = answer.result()
        return step, clock, busy

    def block(self, kind: Kind) -> tuple[float, float, float]:
        """Steps, seconds by the clock, and by the training thread's processor time."""
        self.document.bridge.feeder._views = [] if kind == "without" else self.views
        self.window.setVisible(kind != "hidden")
        budget = self.session._looker._looks
        budget._next = time.perf_counter() + (self.left if kind == "with" else 0.0)
        wait(REST)
        self.spent = self.looks = self.held = 0.0
        before = self._now()
        wait(BLOCK)
        steps, passed, worked = (b - a for a, b in zip(before, self._now(), strict=True))
        if kind == "with":
            self.left = budget._next - time.perf_counter()
        return steps, passed, worked

    def figures(self, kinds: tuple[Kind, ...], rounds: int) -> dict[str, float | str]:
        """Of all blocks together."""
        import numpy as np

        blocks: dict[Kind, list[tuple[float, float, float]]] = {k: [] for k in kinds}
        looking, looks, hidden, held = 0.0, 0.0, 0.0, 0.0
        for k in range(rounds):
            for kind in kinds if k % 2 else kinds[::-1]:
                blocks[kind].append(self.block(kind))
                if kind == "with":
                    looking, looks, held = looking + self.spent, looks + self.looks, held + self.held
                elif kind == "hidden":
                    hidden += self.looks
                else:
                    held -= self.held
        whole = rounds * BLOCK
        sums = {k: np.sum(made, axis=0) for k, made in blocks.items()}
        speeds = {k: s[0] / s[1:] for k, s in sums.items()}
        found: dict[str, float | str] = {
            "ended": "", "backend": self.session.status.backend, "without": float(speeds["without"][0]),
            "with": float(speeds["with"][0]), "looking": looking / whole, "looks": looks / whole,
            "hidden_looks": hidden, "held": max(held, 0.0) / whole, "doctor": self.doctor,
        }  # fmt: skip
        for kind, words in (("with", ("slower", "cpu")), ("hidden", ("hidden_slower", "hidden_cpu"))):
            if kind in kinds:
                shares = 1 - speeds[kind] / speeds["without"] + self.doctor  # type: ignore[index]
                found |= dict(zip(words, map(float, shares), strict=True))
        return found


if __name__ == "__main__":
    told(measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))

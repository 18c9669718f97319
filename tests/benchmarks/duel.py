"""Contestants on one net, in turn: who begins goes round, and each leaves the cores alone for a while when it is done.

A contestant's threads may spin for milliseconds after its last step (OpenMP's, the BLAS's), on the cores of whoever
comes next; and whoever comes first after a pause finds cold caches. So the order turns from round to round, with a rest
after each. A ratio is the median over rounds of (tape / the best of PyTorch in that round).
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks import memory
from tests.benchmarks.contestants import Contestant, flops
from tests.benchmarks.nets import NETS
from tests.benchmarks.traffic import moved, same_code

#: seconds that nobody works after each contestant: longer than the threads of OpenMP and of the BLAS spin
REST = 0.06


@dataclass
class Rounds:
    """What one contestant did, a figure a round: seconds a step and those of the processor."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    least: float = float("inf")
    first: float = float("nan")
    peak: int = 0
    workers: Counter[str] = field(default_factory=Counter)
    error: str = ""

    def take(self, answer: dict[str, Any]) -> None:
        """An answer of the worker."""
        if "seconds" not in answer:
            self.error = answer["error"]
            return
        if not self.seconds:
            self.first = answer["first"]
        self.seconds.append(statistics.median(answer["seconds"]))
        self.processor.append(answer["processor"])
        self.least = min(self.least, *answer["seconds"])
        self.peak = answer["peak"]
        self.workers.update(answer["workers"])


def contest(net: str, names: list[str], rounds: int, seconds: float, threads: int) -> dict[str, Rounds]:
    """Processes of their own, new for each net: peaks are its own."""
    contestants = {n: Contestant(n, threads) for n in names}
    found = {n: Rounds() for n in names}
    for r in range(rounds):
        start = r % len(names)
        for name in names[start:] + names[:start]:
            if not found[name].error:
                found[name].take(contestants[name].ask(net, seconds))
                time.sleep(REST)
    for contestant in contestants.values():
        contestant.close()
    return found


def ratios(ours: list[float], rivals: list[list[float]]) -> list[float]:
    """Ours to the best rival, round by round."""
    return [own / min(them) for own, *them in zip(ours, *rivals, strict=True)] if rivals else [float("nan")]


def duel(net: str, rivals: list[str], rounds: int, seconds: float, threads: int) -> dict[str, Any]:
    """All figures of a row. Where both modes are the same code, it runs once and both figures are its own."""
    same = same_code(NETS[net], threads)
    ours = ["tape"] if same else ["tape", "tape-fast"]
    found = contest(net, [*ours, *rivals, "sgemm"], rounds, seconds, threads)
    whole = [n for n in rivals if len(found[n].seconds) == rounds]
    tape, fast, sgemm = found["tape"], found[ours[-1]], found["sgemm"]
    if len(tape.seconds) < rounds or len(fast.seconds) < rounds:
        raise RuntimeError(f"{net}: {tape.error or fast.error}")
    exact = ratios(tape.seconds, [found[n].seconds for n in whole])
    quick = ratios(fast.seconds, [found[n].seconds for n in whole])
    told, taken = memory.figures(net, looked_at=False)
    return {
        "net": net, "same": same, "must": NETS[net].must, "aim": NETS[net].aim,
        "ratio": statistics.median(exact), "ratios": exact, "fast": statistics.median(quick), "fast_ratios": quick,
        "processor": statistics.median(ratios(tape.processor, [found[n].processor for n in whole])),
        "best": min(whole, key=lambda n: statistics.median(found[n].seconds)) if whole else "",
        "median": {n: statistics.median(f.seconds) for n, f in found.items() if f.seconds},
        "least": {n: f.least for n, f in found.items() if f.seconds},
        "first": {n: f.first for n, f in found.items() if f.seconds},
        "peak": {n: f.peak for n, f in found.items() if f.seconds},
        "workers": {n: dict(found[n].workers) for n in ours},
        "gflops": flops(NETS[net]) / statistics.median(tape.seconds) / 1e9,
        "sgemm": 2.147483648 / statistics.median(sgemm.seconds) if sgemm.seconds else float("nan"),
        "bytes": moved(NETS[net], threads), "foretold": told, "taken": taken,
        "errors": {n: f.error for n, f in found.items() if f.error},
    }  # fmt: skip


HEAD = (
    "net    tape us   torch us  torch's best     ratio     quartiles   must    fast   aim  processor  first s  GFLOP/s "
    "  sgemm  MB moved  memory: torch's  foretold  workers"
)


def quartiles(found: list[float]) -> tuple[float, float]:
    """Between which the middle half of the rounds lies."""
    if len(found) < 2:
        return found[0], found[0]
    low, _, high = statistics.quantiles(found, n=4, method="inclusive")
    return low, high


def line(found: dict[str, Any]) -> str:
    """One row of the table. Workers: how often a run took all of them, the rest one."""
    tape, best = found["median"]["tape"], found["median"].get(found["best"], float("nan"))
    peak = found["peak"]["tape"] / max(found["peak"].get(found["best"], 1), 1)
    low, high = quartiles(found["ratios"])
    fast = "      =" if found["same"] else f"{found['fast']:7.4f}"
    workers = found["workers"]["tape"]
    alone, all_runs = workers.get("1", 0), max(sum(workers.values()), 1)
    return (
        f"{found['net']:4} {1e6 * tape:10.1f} {1e6 * best:10.1f}  {found['best']:14} {found['ratio']:7.4f} "
        f"{low:6.3f}-{high:6.3f} {found['must']:6} {fast} {found['aim']:5} {found['processor']:10.3f} "
        f"{found['first']['tape']:8.2f} {found['gflops']:8.1f} {found['sgemm']:7.1f} {found['bytes'] / 1e6:9.2f} "
        f"{peak:16.2f} {found['foretold'] / found['taken']:9.2f}  {1 - alone / all_runs:.0%} all"
    )

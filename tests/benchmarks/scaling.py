"""How the cost of a training step grows: ``python -m tests.benchmarks scaling [KIND ...] [--write] [--rounds R]
[--seconds S] [--threads T]``.

Batch 1 to 1024, width 8 to 2048, depth 2 to 200, images 8 to 128 pixels wide; the tape beside PyTorch, in turns whose
order goes round, with a rest after each. ``--write`` puts table and picture into this folder's README. A cliff: a step
grows by twice what its work does.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.contestants import Contestant, flops
from tests.benchmarks.duel import REST
from tests.benchmarks.nets import SCALES, scaled
from tests.benchmarks.plot import Panel, picture

FOLDER = Path(__file__).parent
START, END = "<!-- scaling: written by the command -->", "<!-- scaling ends -->"
ROUNDS, SECONDS = 5, 0.05
#: from so much on the growth of a step is looked at: below it is the cost of calling
WORTH = 2e-4
CLIFF = 2.0


@dataclass(frozen=True)
class Point:
    """Seconds a step of the tape and of PyTorch, the least of all rounds, and floating-point operations."""

    kind: str
    size: int
    tape: float
    torch: float
    work: float


def measure(threads: int, kinds: list[str], rounds: int, seconds: float) -> list[Point]:
    """All points; one process for each contestant, and round after round in turn."""
    # PyTorch's threads wait by spinning: where other programs run, one thread may be its best
    names = {"tape": ["tape"], "torch": ["torch-fused", "torch-fused:1"]}
    found = []
    for kind in kinds:
        contestants = [(n, Contestant(c, threads)) for n, those in names.items() for c in those]
        for size in SCALES[kind]:
            net, times = f"{kind}={size}", dict[str, list[float]]()
            for r in range(rounds):
                start = r % len(contestants)
                for name, contestant in contestants[start:] + contestants[:start]:
                    answer = contestant.ask(net, seconds)
                    if "error" in answer:
                        raise RuntimeError(f"{net}, {name}: {answer['error']}")
                    times.setdefault(name, []).append(min(answer["seconds"]))
                    time.sleep(REST)
            best = {n: min(t) for n, t in times.items()}
            found.append(Point(kind, size, best["tape"], best["torch"], flops(scaled(net))))
            print(row(found[-1]), flush=True)
        for _, contestant in contestants:
            contestant.close()
    return found


def row(p: Point) -> str:
    """One line of the table."""
    rates = f"{p.work / p.tape / 1e9:.1f} | {p.work / p.torch / 1e9:.1f}"
    return f"| {p.kind} {p.size} | {1e6 * p.tape:,.0f} | {1e6 * p.torch:,.0f} | {p.tape / p.torch:.2f} | {rates} |"


def cliffs(points: list[Point]) -> list[str]:
    """Neighbours between which a step of the tape grows by more than CLIFF times what its work does."""
    found = []
    for a, b in pairwise(points):
        beyond = (b.tape / a.tape) / (b.work / a.work)
        if a.kind == b.kind and b.tape > WORTH and beyond > CLIFF:
            found.append(f"{a.kind} {a.size} to {b.size}: {beyond:.1f} times beyond its work")
    return found


def text(points: list[Point]) -> str:
    """Table and verdict."""
    head = "| | tape, us a step | PyTorch, us | ratio | tape, GFLOP/s | PyTorch, GFLOP/s |\n|---|---|---|---|---|---|"
    found = cliffs(points)
    none = "No cliff: nowhere does a step grow by twice what its work does."
    verdict = f"Cliffs: {'; '.join(found)}." if found else none
    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    load = f"Load of the machine at the end: {busy} on {os.cpu_count()} cores."
    return "\n".join([START, "![Seconds a step over size, four panels](scaling.svg)", "", verdict, load, "", head,
                      *(row(p) for p in points), END])  # fmt: skip


def write(points: list[Point]) -> None:
    """Into the README and beside it."""
    readme = FOLDER / "README.md"
    whole = readme.read_text(encoding="utf-8")
    before, _, rest = whole.partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(before + text(points) + after, encoding="utf-8")
    panels = []
    for kind in dict.fromkeys(p.kind for p in points):
        here = [p for p in points if p.kind == kind]
        lines = {
            "Gradloom": [(p.size, 1e6 * p.tape) for p in here], "PyTorch": [(p.size, 1e6 * p.torch) for p in here],
        }  # fmt: skip
        panels.append(Panel(f"{kind}", lines))
    (FOLDER / "scaling.svg").write_text(picture(panels, "microseconds a step"), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print the table; with --write into the README."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks scaling", description="How cost grows.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(SCALES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each contestant in each round")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help="put table and picture into the README")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    points = measure(asked.threads, asked.kinds or list(SCALES), asked.rounds, asked.seconds)
    for line in cliffs(points) or ["no cliff"]:
        print(line)
    if asked.write:
        write(points)
    print(f"{time.monotonic() - started:.0f} s")
    return 0

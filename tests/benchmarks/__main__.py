"""python -m tests.benchmarks [NET ...] [--rounds R] [--seconds S] [--threads T] [--compile] [--json FILE]

The engine beside PyTorch's best: contestants in processes of their own take turns, so that a busy machine slows them
all; every ratio is the median over rounds of (tape / the best of PyTorch in that round). "processor" is the same ratio
of the processor time of all threads, which a busy machine changes least. "first" is the time to the first step, in
seconds, kernels compiled before (``start`` has the cold figure, too). Judges nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from engine.backends import prepare
from tests.benchmarks.contestants import Contestant, flops
from tests.benchmarks.nets import NETS
from tests.benchmarks.shares import net_shares


def duel(net: str, names: list[str], rounds: int, seconds: float, threads: int) -> dict[str, Any]:
    """All contestants on one net, in turn, round after round. New processes for each net: peaks are its own."""
    contestants = {n: Contestant(n, threads) for n in names}
    times: dict[str, list[float]] = {n: [] for n in names}
    used: dict[str, list[float]] = {n: [] for n in names}
    first: dict[str, float] = {}
    least: dict[str, float] = {}
    peaks: dict[str, int] = {}
    errors: dict[str, str] = {}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            answer = contestant.ask(net, seconds) if name not in errors else {}
            if "error" in answer:
                errors[name] = answer["error"]
            if "seconds" in answer:
                times[name].append(statistics.median(answer["seconds"]))
                least[name] = min(least.get(name, 1e9), *answer["seconds"])
                peaks[name] = answer["peak"]
                used[name].append(answer["processor"])
                first.setdefault(name, answer["first"])
    for contestant in contestants.values():
        contestant.close()
    rivals = [n for n in names if n.startswith("torch") and len(times[n]) == rounds]
    ratios = _ratios(times, "tape", rivals)
    fast = _ratios(times, "tape-fast", rivals)
    work = _ratios(used, "tape", rivals)
    rate = flops(NETS[net]) / statistics.median(times["tape"]) / 1e9
    peak = 2.147483648 / statistics.median(times["sgemm"]) if times.get("sgemm") else float("nan")
    return {
        "net": net,
        "ratio": statistics.median(ratios), "fast": statistics.median(fast),
        "must": NETS[net].must,
        "aim": NETS[net].aim, "median": {n: statistics.median(t) for n, t in times.items() if t}, "least": least,
        "best": min(rivals, key=lambda n: statistics.median(times[n])) if rivals else "", "gflops": rate,
        "sgemm": peak, "peak": peaks, "errors": errors, "processor": statistics.median(work), "first": first,
    }  # fmt: skip


def _ratios(times: dict[str, list[float]], ours: str, rivals: list[str]) -> list[float]:
    """Ours to the best rival, round by round."""
    best = [min(times[n][r] for n in rivals) for r in range(len(times[ours]))] if rivals else [float("nan")]
    return [a / b for a, b in zip(times[ours], best, strict=False)] or [float("nan")]


def line(found: dict[str, Any]) -> str:
    """One row of the table."""
    tape, best = found["median"]["tape"], found["median"].get(found["best"], float("nan"))
    peak = found["peak"].get("tape", 0) / max(found["peak"].get(found["best"], 1), 1)
    return (
        f"{found['net']:4} {1e6 * tape:10.1f} {1e6 * best:10.1f}  {found['best']:14} {found['ratio']:7.4f} "
        f"{found['must']:6} {found['fast']:7.4f} {found['aim']:6} {found['processor']:9.3f} "
        f"{found['first']['tape']:6.2f} {found['gflops']:8.1f} {found['sgemm']:8.1f} {peak:6.2f}"
    )


def main(arguments: list[str]) -> int:
    """The table, and all figures as JSON where asked; ``canvas [nodes ...]`` measures the canvas, ``scaling`` how
    cost grows."""
    if arguments[:1] == ["start"]:
        from tests.benchmarks import start

        return start.main(arguments[1:])
    if arguments[:1] == ["canvas"]:
        from tests.benchmarks import bench_canvas

        return bench_canvas.main([int(a) for a in arguments[1:]] or (1000, 5000))
    if arguments[:1] == ["scaling"]:
        from tests.benchmarks import scaling

        return scaling.main(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="The engine beside PyTorch.")
    parser.add_argument("nets", nargs="*", metavar="NET", help=f"of {', '.join(NETS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each contestant in each round")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--compile", action="store_true", help="also torch.compile, which needs a C++ compiler")
    parser.add_argument("--shares", action="store_true", help="also the share of each instruction in a step")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    asked = parser.parse_args(arguments)
    prepare("tape", lambda done, count, what: print(f"compiling kernels: {done} of {count}, {what}", file=sys.stderr))
    variants = ["torch", "torch-fused", "torch-last", *(["torch-compile"] if asked.compile else [])]
    # PyTorch's threads wait by spinning: where other programs run, one thread may be its best
    alone = ["torch-fused:1", "torch-last:1"] if asked.threads > 1 else []
    names = ["tape", "tape-fast", *variants, *alone, "sgemm"]
    print(
        "net     tape us   torch us  torch's best     ratio   must    fast    aim processor  first  GFLOP/s    sgemm"
        "  memory, to torch's"
    )
    results = []
    for net in asked.nets or list(NETS):
        results.append(duel(net, names, asked.rounds, asked.seconds, asked.threads))
        print(line(results[-1]), flush=True)
        if asked.shares:
            results[-1]["shares"] = net_shares(net)
            large = {what: part for what, part in results[-1]["shares"].items() if part > 0.01}
            print("\n".join(f"     {what:22} {part:6.1%}" for what, part in large.items()))
        for name, error in results[-1]["errors"].items():
            print(f"     {name}: {error}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

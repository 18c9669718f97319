"""python -m tests.benchmarks [NET ...] [--rounds R] [--seconds S] [--threads T] [--compile] [--json FILE]

The engine beside PyTorch's best: contestants in processes of their own take turns, so that a busy machine slows them
all; every ratio is the median over rounds of (tape / the best of PyTorch in that round), "quartiles" where the middle
half of the rounds lies. "=": fast mode is the same code. "processor" is the same ratio of the processor time of all
threads, which a busy machine changes least. "first" is the time to the first step, in seconds, kernels compiled before
(``start`` has the cold figure, too). "MB moved": see ``traffic``. "foretold": bytes foretold to those taken, see
``memory``. "workers": in how many runs all threads worked, in the others one. Judges nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from engine.backends import prepare
from tests.benchmarks.duel import HEAD, duel, line
from tests.benchmarks.nets import NETS
from tests.benchmarks.shares import net_shares


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
    print(HEAD)
    results = []
    for net in asked.nets or list(NETS):
        results.append(duel(net, [*variants, *alone], asked.rounds, asked.seconds, asked.threads))
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

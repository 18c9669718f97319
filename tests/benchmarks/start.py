"""python -m tests.benchmarks start [NET ...]: the time to a first training step, with no kernel compiled and with all.

Each figure is that of a process of its own, from its launch to the end of its first step: the interpreter, NumPy, the
engine, the plan, the kernels (compiled in processes beside it, with progress, where they are not there yet), the tape,
one step. "engine" leaves out the interpreter and NumPy, which a window has loaded long before; "plan" counts from the
finished plan on, as between a press of Run and the first step. "processor" is the time of all processes together, which
a busy machine changes least: cold, two share it. Warm figures are medians. Judges nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROUNDS = 5
HEAD = "net    cold s  processor  families   warm s  engine s  plan s  processor"


def first_step(name: str, launched: float) -> dict[str, float]:
    """In this process: seconds since the launch at each station, and what the processor did."""
    numpy = time.time()
    from engine.backends import make_executable
    from engine.backends.tape import cache
    from engine.backends.tape.needs import kernels_of
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan
    from tests.benchmarks.nets import NETS

    net = NETS[name]
    plan, optimizer = build_plan(net.graph), OPTIMIZERS.make(net.optimizer)
    planned = time.time()
    families = cache.missing(kernels_of(plan, optimizer))
    cache.prepare(lambda done, count, what: print(f"{name}: {done} of {count}, {what}", file=sys.stderr), families)
    made = make_executable("tape", plan, optimizer, "float32", 0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((net.batch, *plan.values[plan.inputs[0].value].shape)).astype(np.float32)
    y = rng.integers(0, net.classes, net.batch) if net.classes else rng.standard_normal((net.batch, 1))
    made.bind({"x": x}, {"y": y})
    made.train(np.arange(net.batch)[None], np.array([optimizer.rate]), 0)
    done, used = time.time(), os.times()
    return {
        "whole": done - launched, "engine": done - numpy, "plan": done - planned, "families": len(families),
        "processor": used.user + used.system + used.children_user + used.children_system,
    }  # fmt: skip


def launch(name: str, folder: str) -> dict[str, float]:
    """A first step in a process of its own, its kernels in the folder."""
    command = [sys.executable, "-m", "tests.benchmarks.start", name, str(time.time())]
    environ = {**os.environ, "GRADLOOM_KERNELS": folder, "OMP_NUM_THREADS": "1"}
    told = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def line(name: str) -> str:
    """A row of the table: once cold, then warm."""
    with tempfile.TemporaryDirectory(prefix="gradloom-cold-") as folder:
        cold, warm = launch(name, folder), [launch(name, folder) for _ in range(ROUNDS)]
    middle = {key: statistics.median(found[key] for found in warm) for key in warm[0]}
    return (
        f"{name:4} {cold['whole']:8.1f} {cold['processor']:10.1f} {cold['families']:9} {middle['whole']:8.2f} "
        f"{middle['engine']:9.2f} {middle['plan']:7.2f} {middle['processor']:10.2f}"
    )


def whole() -> str:
    """All kernels at once, as a window compiles them beside itself."""
    from engine.backends.tape import cache

    with tempfile.TemporaryDirectory(prefix="gradloom-cold-") as folder:
        command, environ = cache.compiler()
        began, before = time.time(), os.times()
        subprocess.run(command, env={**environ, "GRADLOOM_KERNELS": folder}, stdout=subprocess.DEVNULL, check=True)
        after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return f"all  {time.time() - began:8.1f} {used:10.1f} {len(cache.NAMES):9}"


def main(names: list[str]) -> int:
    """The table; three networks unless some are named."""
    print(HEAD)
    for name in names or ["W1", "W5", "W10"]:
        print(line(name), flush=True)
    print(whole())
    return 0


if __name__ == "__main__":
    print(json.dumps(first_step(sys.argv[1], float(sys.argv[2]))))

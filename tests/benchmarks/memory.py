"""What a training takes of memory beside what was foretold: ``python -m tests.benchmarks.memory NET LOOKED``.

Run in a process of its own: peak resident memory of building, binding, four steps and an evaluation, minus that from
before. Small networks are built many times over, since the system counts in pages: a figure is the mean of them all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.nets import NETS

#: bytes that all copies of a network take together, at least
ENOUGH = 24e6
MOST = 200


def resident(name: str) -> int:
    """Bytes: ``VmRSS`` now, ``VmHWM`` at most since ``forget``."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def forget() -> None:
    """The peak counts from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def trained(name: str, *, looked_at: bool) -> Any:
    """An executable of the net that has made four steps and one evaluation of a batch."""
    from engine.backends.tape.executable import TapeExecutable
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan
    from tests.benchmarks.worker import sample_data

    net = NETS[name]
    plan = build_plan(net.graph)
    x, y = sample_data(net, plan.values[plan.inputs[0].value].shape)
    made = TapeExecutable(plan, OPTIMIZERS.make(net.optimizer), "float32", 0, 2)
    estimate = made.memory(net.batch, {"x": x}, len(made.optimizer.slots), looked_at=looked_at)
    made.bind({"x": x}, {"y": y})
    for step in range(4):
        made.train(np.arange(net.batch)[None, :], np.zeros(1), step, keep=looked_at)
    made.evaluate({"x": x}, {"y": y}, net.batch)
    made.close()
    return made, estimate.total + x.nbytes + y.nbytes


def measured(name: str, *, looked_at: bool) -> tuple[float, float]:
    """(bytes foretold, bytes taken) of one training."""
    trained("W2", looked_at=True)  # whatever comes once
    _, size = trained(name, looked_at=looked_at) if name in ("W1", "W2") else (None, ENOUGH)
    count = int(min(max(ENOUGH // size, 1), MOST))
    before = resident("VmRSS")
    forget()
    held = [trained(name, looked_at=looked_at) for _ in range(count)]
    return held[0][1], (resident("VmHWM") - before) / count


def figures(name: str, *, looked_at: bool) -> tuple[float, float]:
    """The same, by a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", name, str(int(looked_at))]
    told, taken = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told, taken


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], looked_at=sys.argv[2] == "1")))

"""Whoever is measured runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from engine.plan import build_plan
from tests.benchmarks.nets import Net


class Contestant:
    """A worker process."""

    def __init__(self, name: str, threads: int) -> None:
        kind, _, own = name.partition(":")
        command = [sys.executable, "-m", "tests.benchmarks.worker", kind, own or str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, net: str, seconds: float) -> dict[str, Any]:
        """Seconds a step, or an error."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"net": net, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended"}
        return answer

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def flops(net: Net) -> float:
    """Of a training step: two for each multiply-add, forward, and backward for inputs and weights."""
    plan = build_plan(net.graph)
    macs = sum(s.primitive.macs(*(plan.values[i].shape for i in s.inputs)) for s in plan.steps)
    return 2.0 * macs * net.batch * (1 if net.inference else 3)

"""What the tape is said to need of memory, beside the peak of a process of its own; and a batch that fits."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from engine.backends.tape.executable import TapeExecutable
from engine.data.dataset import Dataset, Split
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.plan.memory import MemoryRefusal
from engine.training import Trainer
from tests.benchmarks.memory import figures
from tests.benchmarks.nets import NETS
from tests.engine.training.nets import project

linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason=f"{sys.platform} tells no peak")


@linux
@pytest.mark.parametrize("name, looked_at", [("W1", False), ("W3", False), ("W7", False), ("W7", True)])
def test_within_a_fifth_of_what_a_process_takes(name: str, looked_at: bool) -> None:
    told, taken = figures(name, looked_at=looked_at)
    assert told == pytest.approx(taken, rel=0.2)


@pytest.mark.parametrize("name", ["W3", "W10"])
def test_a_batch_between_two_known_ones_is_known_too(name: str) -> None:
    net = NETS[name]
    plan = build_plan(net.graph)
    made = TapeExecutable(plan, OPTIMIZERS.make(net.optimizer), "float32", 0, 2)
    x = {plan.inputs[0].field: np.zeros((64, *plan.values[plan.inputs[0].value].shape), np.float32)}
    large, half = (made.memory(n, x, 0) for n in (64, 32))
    assert large.weights + 32 * large.per_sample + large.data == pytest.approx(half.total, rel=0.1)


def test_a_batch_too_large_is_refused_with_one_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    net = NETS["W5"]
    part = Split({"x": np.zeros((512, 1, 28, 28), np.float32)}, {"y": np.zeros(512, np.int64)})
    data = Dataset("dark", part, part, part, "classes", tuple("abcdefghij"))
    monkeypatch.setattr("engine.plan.memory.free_memory", lambda: 60 << 20)
    with pytest.raises(MemoryRefusal, match=r"needs about .* MB, but 60\.0 MB are free; a batch of \d+ would") as told:
        Trainer(project(net.graph, batch_size=512), data, backend="tape", threads=2)
    fits = told.value.batch
    assert 64 < fits < 512
    assert Trainer(project(net.graph, batch_size=fits), data, backend="tape", threads=2).memory.total < 60 << 20

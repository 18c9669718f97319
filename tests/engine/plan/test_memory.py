"""The memory estimate against what NumPy really allocates, and the refusal with its figures."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.plan.memory import MemoryRefusal, estimate_memory
from engine.training import Trainer
from tests.engine.training.nets import chain, mlp, project


def conv_net(channels: int, kind: str = "relu") -> Graph:
    conv = {"filters": channels, "kernel": (3, 3), "activation": Spec(kind)}
    return chain(
        ("input", {"size": (3, 32, 32)}), ("conv2d", conv), ("max_pool2d", {}), ("conv2d", conv), ("flatten", {}),
        ("dense", {"units": 10}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


NETS: dict[str, tuple[Graph, int, str]] = {
    "wide": (mlp((784, 512, 512, 10)), 256, "sgd"),
    "adam": (mlp((784, 1024, 10), activation="relu"), 64, "adam"),
    "deep": (mlp((64, *[256] * 12, 10), activation="sigmoid"), 512, "momentum"),
    "conv": (conv_net(16), 32, "sgd"),
    "conv adam": (conv_net(24, "tanh"), 16, "adam"),
}


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("name", NETS)
def test_estimate_is_within_a_fifth_of_what_is_allocated(name: str, looked_at: bool) -> None:
    graph, batch, optimizer = NETS[name]
    plan = build_plan(graph)
    shape = plan.values[plan.inputs[0].value].shape
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, *shape)).astype(np.float32)
    y = rng.integers(0, 10, batch)
    made = OPTIMIZERS.make(optimizer)
    tracemalloc.start()
    executable = NumpyExecutable(plan, made, "float32", 0)
    executable.bind({"x": x}, {"y": y})
    for step in range(3):
        executable.train(np.arange(batch)[None, :], np.array([0.01]), step, keep=looked_at)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    estimate = executable.memory(batch, {"x": x}, len(made.slots), looked_at=looked_at).total
    assert estimate == pytest.approx(peak, rel=0.2)


def test_what_does_not_fit_is_refused_with_a_batch_that_does() -> None:
    data: Any = Split({"x": np.zeros((1_000_000, 2), np.float32)}, {"y": np.zeros(1_000_000, np.int64)})
    empty = Split({"x": np.zeros((0, 2))}, {"y": np.zeros(0, np.int64)})
    dataset = Dataset("huge", data, empty, empty, "binary", ("a", "b"))
    graph = mlp((2, 60000, 2))
    with pytest.raises(
        MemoryRefusal, match=r"needs about .* GB, but .* GB are free; a batch of \d+ would fit"
    ) as caught:
        Trainer(project(graph, batch_size=1_000_000), dataset, backend="numpy")
    refused = caught.value
    fitting = estimate_memory(build_plan(graph), refused.batch, "float32", 0, refused.estimate.data)
    assert fitting.total <= refused.free < fitting.total + 2 * fitting.per_sample

"""The update of all weights in one launch: the source that a GPU compiles, run by g++, moves them as the reference."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from engine.backends.cupy import CupyExecutable
from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from tests.engine.backends import cuda_twin
from tests.engine.backends.device_double import Device, Kernel
from tests.engine.backends.twins import data, distance
from tests.engine.training.nets import mlp

pytestmark = pytest.mark.skipif(bool(cuda_twin.lacking()), reason=cuda_twin.lacking() or "never")
STEPS = 5


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", Device())


def _net() -> Graph:
    """Batch norm keeps it from the kernel of small nets."""
    return mlp((4, 20, 3), batch_norm="before", l1=0.01, l2=0.02)


def _both(optimizer: Spec, **rules: Any) -> tuple[Any, Any, int]:
    made: list[Any] = []
    before = Kernel.launches
    for kind in (NumpyExecutable, CupyExecutable):
        one: Any = kind(build_plan(_net()), OPTIMIZERS.make(optimizer), "float64", 1, StepRules(**rules))
        x, y = data(one.plan, 40)
        one.bind(x, y)
        one.train(np.arange(40).reshape(STEPS, 8), np.full(STEPS, 0.01), 0)
        made.append(one)
    return made[0], made[1], Kernel.launches - before


def _same(near: Any, far: Any) -> None:
    for key, value in near.weights().items():
        assert distance(far.weights()[key], value) <= 1e-10, key
    for key, slots in near.optimizer_state().items():
        for name, value in slots.items():
            assert distance(far.optimizer_state()[key][name], value) <= 1e-8, (key, name)


@pytest.mark.parametrize(
    ("optimizer", "rules"),
    [
        (Spec("adam", {"weight_decay": 0.1}), {"decay_biases": False}), (Spec("lion"), {"clip_norm": 0.2}),
        (Spec("sgd"), {"proximal": True, "gather": 2, "mean_decay": 0.9}), (Spec("rmsprop", {"momentum": 0.3}), {}),
    ],
    ids=str,
)  # fmt: skip
def test_all_weights_move_in_one_launch(optimizer: Spec, rules: dict[str, Any]) -> None:
    near, far, launches = _both(optimizer, **rules)
    assert far.why_slow and launches == STEPS // rules.get("gather", 1)
    _same(near, far)


@pytest.mark.parametrize("how", ["lies", "refuses"])
def test_a_kernel_that_fails_leaves_the_primitives(
    how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def planted(self: Any, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        if how == "refuses":
            raise RuntimeError("NVRTC_ERROR_COMPILATION (6)")

    monkeypatch.setattr(Kernel, "__call__", planted)
    near, far, _ = _both(Spec("adam"))
    assert all(np.array_equal(far.weights()[k], v) for k, v in near.weights().items())
    assert len(caplog.records) == 1 and "tensor by tensor" in caplog.text

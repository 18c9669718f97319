""" "auto" takes the tape where it can and never waits for a compiler; a trainer on the tape keeps its promises."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine.backends import available, make_executable
from engine.backends.tape import cache
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.training import ResumeState, Trainer
from tests.engine.training.nets import blobs, mlp, project


def chosen(optimizer: str = "sgd", dtype: Any = "float32", loss: str = "mse") -> str:
    made = make_executable("auto", build_plan(mlp((4, 3, 2), loss=loss)), OPTIMIZERS.make(optimizer), dtype, 0)
    made.close()
    return made.name


def test_auto_is_the_tape_where_it_can_run_the_plan() -> None:
    assert "tape" in available()
    assert chosen() == "tape"
    assert chosen(dtype="float64") == chosen(optimizer="lion") == chosen(loss="kl") == "numpy"


def test_auto_does_not_wait_for_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path))
    monkeypatch.setattr(cache, "prepare", lambda *_: pytest.fail("it compiles"))
    assert chosen() == "numpy"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("steps", [1, 9, 13])
def test_a_trainer_repeats_and_resumes_bit_for_bit(steps: int) -> None:
    graph = mlp((4, 8, 3), dropout=0.2, batch_norm="before", l2=0.01)
    p, data = project(graph, optimizer=Spec("adam"), patience=3), blobs()
    straight = Trainer(p, data, backend="tape")
    straight.run()
    first = Trainer(p, data, backend="tape")
    first.run_steps(steps)
    state = first.resume_state()
    second = Trainer(p, data, backend="tape")
    second.load_resume_state(ResumeState(state.arrays, json.loads(json.dumps(state.scalars, allow_nan=False))))
    second.run()
    left, right = straight.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert [e.validation_loss for e in second.epochs] == [e.validation_loss for e in straight.epochs]

"""The same training on the reference and on the tape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from engine.backends import Executable, StepRecords
from engine.backends.numpy import NumpyExecutable
from engine.backends.tape import executable as module
from engine.backends.tape.executable import TapeExecutable
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan

STEPS, BATCH = 10, 12


def data(plan: Plan, count: int, seed: int = 3) -> tuple[dict[str, Any], dict[str, Any]]:
    """Normal inputs, and targets as the heads' losses take them."""
    rng = np.random.default_rng(seed)
    x = {s.field: rng.normal(size=(count, *plan.values[s.value].shape)) for s in plan.inputs}
    y: dict[str, Any] = {}
    for head in plan.heads:
        shape = plan.values[head.prediction].shape
        if head.loss.target == "classes":
            y[head.field] = rng.integers(0, shape[0], (count, *shape[1:]))
        elif head.loss.target == "binary":
            y[head.field] = rng.integers(0, 2, (count, *shape)).astype(float)
        else:
            y[head.field] = rng.normal(size=(count, *shape))
    return x, y


@contextmanager
def tape(graph: Graph, optimizer: Spec | str = "sgd", threads: int = 1, seed: int = 0) -> Iterator[TapeExecutable]:
    """A tape on exactly so many threads, however small its steps are."""
    chosen = OPTIMIZERS.make(Spec(optimizer) if isinstance(optimizer, str) else optimizer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SMALL_STEP", 0)
        made = TapeExecutable(build_plan(graph), chosen, "float32", seed, threads)
        yield made
        made.close()


def reference(graph: Graph, optimizer: Spec | str = "sgd", seed: int = 0, dtype: Any = "float32") -> NumpyExecutable:
    chosen = OPTIMIZERS.make(Spec(optimizer) if isinstance(optimizer, str) else optimizer)
    return NumpyExecutable(build_plan(graph), chosen, dtype, seed)


def trained(executable: Executable, steps: int = STEPS, batch: int = BATCH, keep: bool = False) -> StepRecords:
    """So many steps on the shared data."""
    x, y = data(executable.plan, steps * batch)
    executable.bind(x, y)
    rows = np.random.default_rng(1).permutation(steps * batch).reshape(steps, batch)
    return executable.train(rows, np.full(steps, executable.optimizer.rate), 0, keep=keep)


def distance(a: Any, b: Any, start: Any = 0.0) -> float:
    """||a - b|| / max(||b||, ||b - start||)."""
    scale = max(np.linalg.norm(b), np.linalg.norm(b - start))
    return float(np.linalg.norm(a - b) / scale) if scale else float(np.linalg.norm(a))

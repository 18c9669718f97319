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
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import Plan, build_plan

STEPS, BATCH = 10, 12


def data(plan: Plan, count: int, seed: int = 3) -> tuple[dict[str, Any], dict[str, Any]]:
    """Normal inputs, 0 or 1 for whole numbers, and targets as the heads' losses take them."""
    rng = np.random.default_rng(seed)
    x: dict[str, Any] = {}
    for slot in plan.inputs:
        value = plan.values[slot.value]
        drawn = rng.normal(size=(count, *value.shape))
        x[slot.field] = (drawn > 0).astype(np.int64) if value.dtype == "int" else drawn
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
def tape(
    graph: Graph, optimizer: Spec | str = "sgd", threads: int = 1, seed: int = 0, winograd: int = 2,
    rules: StepRules | None = None,
) -> Iterator[TapeExecutable]:  # fmt: skip
    """A tape on exactly so many threads, however small its steps are."""
    chosen = OPTIMIZERS.make(Spec(optimizer) if isinstance(optimizer, str) else optimizer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SMALL_STEP", 0)
        made = TapeExecutable(build_plan(graph), chosen, "float32", seed, threads, winograd, rules)
        yield made
        made.close()


def reference(
    graph: Graph, optimizer: Spec | str = "sgd", seed: int = 0, dtype: Any = "float32", rules: StepRules | None = None
) -> NumpyExecutable:
    chosen = OPTIMIZERS.make(Spec(optimizer) if isinstance(optimizer, str) else optimizer)
    return NumpyExecutable(build_plan(graph), chosen, dtype, seed, rules)


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


def compare(
    graph: Graph, optimizer: Spec, threads: int, idle: tuple[str, ...] = (), winograd: int = 2,
    rules: StepRules | None = None,
) -> None:  # fmt: skip
    """Ten steps on both, then everything that either shows. Weights named ``idle`` have an exact gradient of zero."""
    exact = reference(graph, optimizer, rules=rules)
    start = exact.weights()
    with tape(graph, optimizer, threads, winograd=winograd, rules=rules) as mine:
        for key, value in mine.weights().items():
            np.testing.assert_array_equal(value, start[key])
        expected, found = trained(exact, keep=True), trained(mine, keep=True)
        np.testing.assert_allclose(found.loss, expected.loss, rtol=2e-5)
        np.testing.assert_allclose(found.penalty, expected.penalty, rtol=1e-5)
        np.testing.assert_allclose(found.grad_norm, expected.grad_norm, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(found.hits, expected.hits)
        np.testing.assert_array_equal(found.samples, expected.samples)
        finest = reference(graph, optimizer, dtype="float64", rules=rules)  # whose own rounding is not the tape's
        finest.load_weights(start)
        trained(finest)
        after = finest.weights()
        for key, value in mine.weights().items():
            assert key[1] in idle or distance(value, after[key], start[key]) <= 1e-5, key
        a, b = mine.last(), exact.last()
        assert a is not None and b is not None and a.step == b.step
        np.testing.assert_array_equal(a.rows, b.rows)
        skip = {w.value for w in mine.plan.weights if w.name in idle}
        for one, other in ((a.values, b.values), (a.grads, b.grads), (a.updates, b.updates)):
            assert one.keys() == other.keys()
            for value_id in other.keys() - skip:
                close(one[value_id], other[value_id])
        _compare_carried(mine, exact, idle)
        _compare_looking(mine, exact, skip)


def _compare_carried(mine: TapeExecutable, exact: NumpyExecutable, idle: tuple[str, ...]) -> None:
    """What goes from step to step besides."""
    ours, theirs = mine.carried(), exact.carried()
    assert ours.held == theirs.held
    for one, other in ((ours.sums, theirs.sums), (ours.mean, theirs.mean)):
        assert one.keys() == other.keys()
        assert all(key[1] in idle or distance(one[key], other[key]) <= 1e-4 for key in other)


def _compare_looking(mine: TapeExecutable, exact: NumpyExecutable, skip: set[int]) -> None:
    """Evaluation in two batch sizes, and gradients in both modes; none of them moves a weight."""
    x, y = data(mine.plan, 37, seed=9)
    before = mine.weights()
    for batch in (256, 5):
        ours, theirs = mine.evaluate(x, y, batch), exact.evaluate(x, y, batch)
        np.testing.assert_allclose(ours.per_sample, theirs.per_sample, rtol=1e-4, atol=1e-5)
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
        for node, shown in theirs.shown.items():
            np.testing.assert_allclose(ours.shown[node], shown, rtol=1e-3, atol=1e-5)
    for training in (False, True):
        one, other = mine.gradients(x, y, training=training), exact.gradients(x, y, training=training)
        assert one.weight_grads.keys() == other.weight_grads.keys()
        for value_id in other.weight_grads.keys() - skip:
            close(one.weight_grads[value_id], other.weight_grads[value_id])
    after = mine.weights()
    assert all(np.array_equal(before[k], after[k]) for k in before)


def close(found: Any, expected: Any) -> None:
    """As near as single precision lets two orders of summation be."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=3e-5 * (np.abs(expected).max() + 1e-3))

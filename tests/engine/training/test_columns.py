"""Columns keep every step's figures: exactly while there is room, as means with extremes after."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backends import StepRecords
from engine.training.columns import Columns


def records(first: int, count: int) -> StepRecords:
    """Losses that tell which step they are of."""
    step = np.arange(first, first + count)
    loss = 1.0 + np.sin(step)
    ones = np.ones(count, np.int64)
    return StepRecords(loss, step * 0.5, step % 3, 4 * ones, np.stack([step, 2.0 * step], 1))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_every_step_is_accounted_for(chunks: list[int]) -> None:
    columns = Columns(2, capacity=32)
    done = 0
    for n in chunks:
        columns.append(records(done, n), np.full(n, 0.1))
        done += n
        view = columns.view
        covered = view.count * view.stride
        assert view.count <= 32 and done - covered < 2 * view.stride
        whole = 1.0 + np.sin(np.arange(covered)).reshape(view.count, view.stride)
        np.testing.assert_allclose(view.loss[: view.count], whole.mean(1), rtol=1e-12)
        np.testing.assert_allclose(view.loss_min[: view.count], whole.min(1), rtol=1e-12)
        np.testing.assert_allclose(view.loss_max[: view.count], whole.max(1), rtol=1e-12)
        expected = np.arange(covered).reshape(view.count, view.stride).mean(1)
        np.testing.assert_allclose(view.grad_norm[: view.count], np.stack([expected, 2 * expected], 1), rtol=1e-12)
        if view.count:
            assert view.steps[-1] == covered


def test_a_view_that_was_taken_never_changes() -> None:
    columns = Columns(2, capacity=16)
    columns.append(records(0, 10), np.zeros(10))
    view = columns.view
    before = view.loss[: view.count].copy()
    columns.append(records(10, 200), np.zeros(200))
    np.testing.assert_array_equal(view.loss[: view.count], before)
    assert view.stride == 1 and columns.view.stride > 1


def test_capacity_must_be_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two, got 100"):
        Columns(1, capacity=100)

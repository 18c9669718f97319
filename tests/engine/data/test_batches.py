"""The order of samples: a permutation, repeatable, and independent of history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import batch_count, batch_rows, epoch_order
from engine.data.draw import Draw


@given(st.integers(0, 300), st.integers(-(2**63), 2**64), st.integers(0, 10**6))
def test_a_shuffled_epoch_visits_every_sample_once(n: int, seed: int, epoch: int) -> None:
    order = epoch_order(n, seed, epoch, True)
    assert order.dtype == np.int64 and sorted(order.tolist()) == list(range(n))
    assert np.array_equal(order, epoch_order(n, seed, epoch, True))


def test_epochs_and_seeds_differ_and_no_shuffle_is_the_stored_order() -> None:
    orders = {epoch_order(100, seed, epoch, True).tobytes() for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25
    assert epoch_order(100, 7, 3, False).tolist() == list(range(100))


def test_the_order_of_a_seed_is_pinned() -> None:
    """A resumed run depends on it, on any machine."""
    assert epoch_order(8, 1, 2, True).tolist() == PINNED_ORDER
    assert Draw(1, 2).uniform(0, 1, 2).tolist() == PINNED_UNIFORM


def test_every_place_is_equally_likely() -> None:
    first = [int(epoch_order(10, 0, epoch, True)[0]) for epoch in range(2000)]
    assert np.bincount(first, minlength=10).min() > 140  # expected 200, standard deviation 13


@given(st.integers(0, 200), st.integers(1, 50))
def test_batches_cover_the_order_and_keep_the_last_partial_one(n: int, batch: int) -> None:
    order = epoch_order(n, 3, 0, True)
    rows = list(batch_rows(order, batch))
    assert len(rows) == batch_count(n, batch) == (n + batch - 1) // batch
    assert all(len(r) == batch for r in rows[:-1])
    assert np.array_equal(np.concatenate(rows) if rows else order, order)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        batch_count(5, 0)
    with pytest.raises(ValueError, match="-1 samples"):
        epoch_order(-1, 0, 0, True)


PINNED_ORDER = [4, 2, 0, 6, 1, 5, 7, 3]
PINNED_UNIFORM = [0.30931491118583454, 0.3569562367935075]

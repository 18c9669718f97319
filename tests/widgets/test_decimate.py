"""Envelopes lose no extreme; means look only back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.decimate import envelope, trailing_mean, trailing_mean_at


def test_short_series_stay_as_they_are():
    x, y = np.arange(10.0), np.arange(10.0) ** 2
    ex, ey = envelope(x, y, 0, 9, 100)
    assert np.array_equal(ex, x) and np.array_equal(ey, y)


@given(st.integers(300, 5000), st.integers(10, 60), st.integers(0, 2**32 - 1))
def test_extremes_are_kept(count: int, bins: int, seed: int):
    random = np.random.default_rng(seed)
    x, y = np.cumsum(random.random(count) + 0.01), random.normal(size=count)
    ex, ey = envelope(x, y, x[0], x[-1], bins)
    assert len(ex) <= 2 * bins + 2
    assert ey.min() == y.min() and ey.max() == y.max()
    assert (np.diff(ex) >= 0).all()
    # Every point that is drawn is a point of the data.
    assert set(zip(ex.tolist(), ey.tolist(), strict=True)) <= set(zip(x.tolist(), y.tolist(), strict=True))


def test_every_spike_survives(rng):
    x, y = np.arange(100_000.0), np.zeros(100_000)
    y[np.arange(40) * 2500 + rng.integers(0, 2000, 40)] = np.arange(1, 41)
    _, ey = envelope(x, y, 0, 1e5, 2000)
    assert set(np.arange(1.0, 41)) <= set(ey.tolist())


def test_window_keeps_one_point_on_each_side():
    x = np.arange(1000.0)
    ex, _ = envelope(x, x, 200.5, 300.5, 2000)
    assert ex[0] == 200 and ex[-1] == 301


def test_nan_does_not_swallow_its_bin():
    x, y = np.arange(10_000.0), np.ones(10_000)
    y[5_000], y[5_001] = np.nan, 7.0
    _, ey = envelope(x, y, 0, 1e4, 50)
    assert np.nanmax(ey) == 7.0


def reference(y: np.ndarray, window: int) -> np.ndarray:
    out = []
    for i in range(len(y)):
        part = y[max(0, i - window + 1) : i + 1]
        part = part[np.isfinite(part)]
        out.append(part.mean() if len(part) else np.nan)
    return np.array(out)


@pytest.mark.parametrize("window", [1, 2, 7, 50, 1000])
def test_trailing_mean_is_the_mean_of_the_last(rng, window: int):
    y = rng.normal(size=200)
    y[[0, 3, 60]] = np.nan, np.inf, np.nan
    expected = reference(y, window)
    assert np.allclose(trailing_mean(y, window), expected, equal_nan=True)
    places = np.array([0, 1, 3, 59, 60, 61, 199])
    assert np.allclose(trailing_mean_at(y, places, window), expected[places], equal_nan=True)


def test_trailing_mean_does_not_look_ahead(rng):
    y = rng.normal(size=100)
    later = y.copy()
    later[60:] = 1e9
    assert np.array_equal(trailing_mean(y, 10)[:60], trailing_mean(later, 10)[:60])
    assert trailing_mean_at(np.zeros(0), np.zeros(0, int), 5).shape == (0,)

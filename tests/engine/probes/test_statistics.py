"""Every displayed statistic against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.probes import statistics as s


@given(st.integers(1, 3000), st.floats(1e-30, 1e30), st.sampled_from(["float32", "float64"]))
def test_rms_and_norm(n: int, scale: float, dtype: str) -> None:
    a = (np.random.default_rng(n).normal(size=n) * scale).astype(dtype)
    exact = a.astype(np.float64)
    rel = 1e-6 if dtype == "float32" else 1e-12
    assert s.rms(a) == pytest.approx(float(np.sqrt(np.mean(exact**2))), rel=rel)
    assert s.norm(a) == pytest.approx(float(np.linalg.norm(exact)), rel=rel)


def test_rms_does_not_lose_small_values_in_long_float32_sums() -> None:
    a = np.full(5_000_000, 1e-3, np.float32)
    a[0] = 100.0
    assert s.rms(a) == pytest.approx(float(np.sqrt(np.mean(a.astype(np.float64) ** 2))), rel=1e-6)


def test_percentiles_and_counts_are_exact_however_many_values_there_are() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=1001), rng.normal(size=(64, 8, 14, 14)).astype(np.float32)):
        line = np.sort(values.ravel().astype(np.float64))
        places = np.array((0.02, 0.5, 0.98)) * (line.size - 1)
        below = np.floor(places).astype(int)
        by_hand = line[below] + (places - below) * (line[below + 1] - line[below])
        assert s.percentiles(values) == pytest.approx(tuple(by_hand), rel=1e-6 if values.ndim > 1 else 1e-12)
        found = s.histogram(values)
        edges = np.linspace(found.low, found.high, len(found.counts) + 1)
        assert found.counts[1:-1].tolist() == np.diff(np.searchsorted(line, edges[1:-1])).tolist()
        assert found.counts.sum() == line.size


def test_what_overflowed_is_told_without_a_warning() -> None:
    mean, sd = s.mean_and_sd(np.array([np.inf, -np.inf, 1.0], np.float32))
    assert np.isnan(mean) and np.isnan(sd)


def test_the_spread_of_values_far_from_zero() -> None:
    values = (1e4 + np.random.default_rng(0).normal(size=5000)).astype(np.float32)
    mean, sd = s.mean_and_sd(values)
    exact = values.astype(np.float64)
    assert (mean, sd) == pytest.approx((exact.mean(), exact.std()), rel=1e-6)


@given(st.integers(1, 5000), st.integers(0, 3))
def test_histogram_counts_everything_once(n: int, bad: int) -> None:
    a = np.random.default_rng(n).standard_cauchy(n)
    a[:bad] = [np.nan, np.inf, -np.inf][: min(bad, n)]
    h = s.histogram(a)
    finite = a[np.isfinite(a)]
    assert h.counts.sum() == finite.size
    if finite.size > 10:
        inside = finite[(finite >= h.low) & (finite < h.high)]
        centre, _ = np.histogram(inside, bins=len(h.counts), range=(h.low, h.high))
        # only the outermost bins hold more than what lies inside; rounding may move a value on a bin's edge by one
        assert np.abs(centre[1:-1] - h.counts[1:-1]).sum() <= 2
        assert h.low == pytest.approx(np.percentile(finite, 0.5)) and h.high == pytest.approx(
            np.percentile(finite, 99.5)
        )


def test_histogram_of_one_value() -> None:
    h = s.histogram(np.zeros(10))
    assert h.counts.sum() == 10 and h.low < 0 < h.high and (h.minimum, h.maximum) == (0.0, 0.0)


def test_saturation_of_normal_inputs_is_what_the_literature_says() -> None:
    z = np.random.default_rng(0).normal(size=1_000_000)
    assert s.saturation(np.tanh(z), "tanh") == pytest.approx(0.0364, abs=0.001)
    assert s.saturation(1 / (1 + np.exp(-z)), "sigmoid") == pytest.approx(0.0005, abs=0.0002)
    assert np.isnan(s.saturation(z, "relu"))


def test_dead_units_are_dead_everywhere() -> None:
    a = np.zeros((4, 3, 5, 5))
    a[2, 1, 0, 0] = 0.1
    assert list(s.dead_units(a)) == [True, False, True]
    assert list(s.dead_units(np.array([[0.0, 1.0], [0.0, 0.0]]))) == [True, False]


def test_the_size_of_an_exploding_or_vanished_tensor_is_told_without_its_squares() -> None:
    """Squares beyond float64 on both sides; not finite stays not finite."""
    for scale in (1e-300, 1e-150, 1e160, 1e300):
        a = scale * np.array([[3.0, -4.0], [0.0, 5.0]])
        assert s.rms(a) == pytest.approx(scale * np.sqrt(12.5), rel=1e-14)
    assert s.rms(np.zeros((2, 2))) == 0 and s.rms(np.array([1.0, -np.inf])) == np.inf
    assert np.isnan(s.rms(np.array([np.inf, np.nan])))


def test_dead_units_are_found_wherever_they_first_live() -> None:
    rng = np.random.default_rng(3)
    for shape in ((1, 7), (4, 7), (9, 7), (9, 7, 3, 2)):
        a = np.zeros(shape, np.float32)
        for unit in range(1, 7):
            a[min(unit, shape[0] - 1), unit] = rng.normal()
        assert s.dead_units(a).tolist() == [True] + [False] * 6
        assert s.dead_units(np.zeros(shape)).all()
    assert s.dead_units(np.zeros(5)).shape == (0,)


@pytest.mark.parametrize("size", [1, 8191, 8192, 8193, 50_000])
def test_the_mean_of_single_precision_is_that_of_double(size: int) -> None:
    a = (np.random.default_rng(size).normal(size=size) + 0.01).astype(np.float32)
    mean, spread = s.mean_and_sd(a)
    exact = a.astype(np.float64)
    assert mean == pytest.approx(exact.mean(), abs=1e-7 * np.abs(exact).mean())
    assert spread == pytest.approx(exact.std(), rel=1e-6, abs=1e-7)
    huge = np.full(size, 3e38, np.float32)
    assert s.mean_and_sd(huge)[0] == pytest.approx(3e38, rel=1e-6)

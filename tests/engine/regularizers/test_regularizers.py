"""Penalties: gradient against differences, exact zeros where promised, NaN kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.regularizers import REGULARIZERS, Regularizer, add_gradient, penalty, soft_threshold

Rng = np.random.Generator
MADE: dict[str, Regularizer] = {
    "l1": REGULARIZERS["l1"](rate=0.3),
    "l2": REGULARIZERS["l2"](rate=0.7),
    "elastic": REGULARIZERS["elastic"](l1=0.3, l2=0.7),
    "proximal_l1": REGULARIZERS["proximal_l1"](rate=0.3),
}


def test_all_are_tested() -> None:
    assert set(MADE) == set(REGULARIZERS)


def test_values_in_numbers() -> None:
    w = np.array([[3.0, -4.0], [0.0, 1.0]])
    assert MADE["l1"].penalty(np, w) == pytest.approx(0.3 * 8)
    assert MADE["l2"].penalty(np, w) == pytest.approx(0.35 * 26)
    assert MADE["elastic"].penalty(np, w) == pytest.approx(0.3 * 8 + 0.35 * 26)
    assert MADE["proximal_l1"].penalty(np, w) == pytest.approx(0.3 * 8)


@pytest.mark.parametrize("name", ["l1", "l2", "elastic"])
def test_gradient_equals_differences_and_is_added(name: str, rng: Rng) -> None:
    w, g, direction = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    before = g.copy()
    MADE[name].add_gradient(np, g, w)
    ahead, behind = (MADE[name].penalty(np, w + s * direction) for s in (1e-6, -1e-6))
    assert ((g - before) * direction).sum() == pytest.approx((ahead - behind) / 2e-6, rel=1e-8)


@pytest.mark.parity
def test_gradient_equals_torch(rng: Rng) -> None:
    torch = pytest.importorskip("torch")
    start = rng.normal(size=(5, 2))
    start[0] = 0.0
    w = torch.tensor(start, requires_grad=True)
    value = 0.2 * w.abs().sum() + 0.4 / 2 * (w * w).sum()
    value.backward()
    g = np.zeros_like(start)
    add_gradient(np, g, start, 0.2, 0.4)
    assert penalty(np, start, 0.2, 0.4) == pytest.approx(value.item(), rel=1e-14)
    np.testing.assert_allclose(g, w.grad.numpy(), rtol=1e-14)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_soft_threshold_equals_torch(dtype: str, rng: Rng) -> None:
    torch = pytest.importorskip("torch")
    w = rng.normal(size=50).astype(dtype)
    theirs = torch.nn.functional.softshrink(torch.tensor(w), 0.4).numpy()
    soft_threshold(np, w, 0.4)
    np.testing.assert_allclose(w, theirs, rtol=1e-6)
    assert ((w == 0) == (theirs == 0)).all() and w.dtype == np.dtype(dtype)


def descend(regularizer: Regularizer, target: Any, rate: float = 0.1, steps: int = 500) -> Any:
    """Gradient descent on |w - target|^2 / 2 with the penalty; the optimum is the soft threshold of the target."""
    w = np.array([1.0, -1.0, 0.5, 2.0])
    for _ in range(steps):
        g = w - target
        regularizer.add_gradient(np, g, w)
        w -= rate * g
        regularizer.after_step(np, w, rate)
    return w


def test_proximal_form_lands_on_zero_where_the_subgradient_jumps_about_it() -> None:
    target = np.array([0.2, -0.29, 0.05, 2.0])
    proximal, plain = descend(MADE["proximal_l1"], target), descend(MADE["l1"], target)
    assert proximal[:3].tolist() == [0.0, 0.0, 0.0]
    assert proximal[3] == pytest.approx(1.7, abs=1e-12)  # 2.0 less the rate
    assert (plain[:3] != 0).any() and (np.abs(plain[:3]) < 0.06).all()


def test_rate_zero_changes_nothing(rng: Rng) -> None:
    w, g = rng.normal(size=6), rng.normal(size=6)
    kept_w, kept_g = w.copy(), g.copy()
    assert penalty(np, w, 0.0, 0.0) == 0.0
    add_gradient(np, g, w, 0.0, 0.0)
    soft_threshold(np, w, 0.0)
    assert (w == kept_w).all() and (g == kept_g).all()


def test_nan_is_not_hidden() -> None:
    w, g = np.array([np.nan, 1.0]), np.zeros(2)
    assert np.isnan(penalty(np, w, 0.1, 0.0)) and np.isnan(penalty(np, w, 0.0, 0.1))
    add_gradient(np, g, w, 0.1, 0.0)
    soft_threshold(np, w, 0.1)
    assert np.isnan(g[0]) and np.isnan(w[0]) and w[1] == 0.9


def test_single_precision_sums_keep_their_digits() -> None:
    w = np.full(10_000_001, 0.1, np.float32)
    assert penalty(np, w, 1.0, 0.0) == pytest.approx(1_000_000.1 * (np.float32(0.1) / 0.1), rel=1e-9)

"""Optimizers without a twin in torch against their paper's formula, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.optimizers import OPTIMIZERS, Optimizer

Rng = np.random.Generator
STEPS = 50


def trained(optimizer: Optimizer, start: Any, g: Any, rates: Any = None) -> Any:
    w = start.copy()
    state = {s: np.full_like(w, optimizer.slot_start(s)) for s in optimizer.slots}
    for k in range(len(g)):
        optimizer.update(np, w, g[k], state, optimizer.rate if rates is None else float(rates[k]), k + 1)
    return w


def adabound(p: dict[str, float], w: Any, g: Any, rates: Any) -> Any:
    """Luo et al. 2019, the authors' code: one number at a time."""
    m = v = 0.0
    for t, (gt, rate) in enumerate(zip(g, rates, strict=True), 1):
        gt = gt + p["weight_decay"] * w
        m = p["beta1"] * m + (1 - p["beta1"]) * gt
        v = p["beta2"] * v + (1 - p["beta2"]) * gt**2
        size = rate * np.sqrt(1 - p["beta2"] ** t) / (1 - p["beta1"] ** t) / (np.sqrt(v) + p["epsilon"])
        final = p["final_rate"] * rate / p["rate"]
        low, high = final * (1 - 1 / (p["gamma"] * t + 1)), final * (1 + 1 / (p["gamma"] * t))
        w = w - min(max(size, low), high) * m
    return w


def adabelief(p: dict[str, float], w: Any, g: Any, rates: Any) -> Any:
    """Zhuang et al. 2020, algorithm 2."""
    m = s = 0.0
    for t, (gt, rate) in enumerate(zip(g, rates, strict=True), 1):
        if p["decoupled"]:
            w = w - rate * p["weight_decay"] * w
        else:
            gt = gt + p["weight_decay"] * w
        m = p["beta1"] * m + (1 - p["beta1"]) * gt
        s = p["beta2"] * s + (1 - p["beta2"]) * (gt - m) ** 2 + p["epsilon"]
        w = w - rate * (m / (1 - p["beta1"] ** t)) / (np.sqrt(s / (1 - p["beta2"] ** t)) + p["epsilon"])
    return w


def lion(p: dict[str, float], w: Any, g: Any, rates: Any) -> Any:
    """Chen et al. 2023, algorithm 2."""
    m = 0.0
    for gt, rate in zip(g, rates, strict=True):
        c = p["beta1"] * m + (1 - p["beta1"]) * gt
        w = w - rate * (np.sign(c) + p["weight_decay"] * w)
        m = p["beta2"] * m + (1 - p["beta2"]) * gt
    return w


FORMULAS: dict[str, Callable[..., Any]] = {"adabound": adabound, "adabelief": adabelief, "lion": lion}


def random_params(name: str, rng: Rng) -> dict[str, Any]:
    drawn = {
        "rate": float(10 ** rng.uniform(-4, -1)), "weight_decay": float(rng.uniform(0, 0.1)),
        "beta1": float(rng.uniform(0, 0.99)), "beta2": float(rng.uniform(0.3, 0.9999)),
        "epsilon": float(10 ** rng.uniform(-16, -4)), "final_rate": float(10 ** rng.uniform(-3, 0)),
        "gamma": float(10 ** rng.uniform(-3, 0)), "decoupled": bool(rng.integers(2)),
    }  # fmt: skip
    return {k: v for k, v in drawn.items() if k in OPTIMIZERS[name].params}


@pytest.mark.parametrize("trial", range(8))
@pytest.mark.parametrize("name", FORMULAS)
def test_fifty_steps_equal_the_paper(name: str, trial: int, rng: Rng) -> None:
    params = random_params(name, rng)
    start, g = rng.normal(0, 1, 12), rng.normal(0, 1, (STEPS, 12)) * 10 ** rng.uniform(-4, 2, 12)
    rates = params["rate"] * rng.uniform(0.1, 1, STEPS)  # as a schedule does
    ours = trained(OPTIMIZERS[name](**params), start, g, rates)
    for k in range(12):
        expected = FORMULAS[name](params, start[k], g[:, k], rates)
        assert abs(ours[k] - expected) <= 1e-12 * max(abs(expected), abs(expected - start[k]))


def test_every_optimizer_has_a_judge() -> None:
    """Either torch has it or its formula stands here: a new optimizer without an oracle fails."""
    assert {name for name in OPTIMIZERS if not OPTIMIZERS[name]().torch_text()} == set(FORMULAS)


@pytest.mark.parity("keras")
def test_lion_equals_keras(rng: Rng) -> None:
    keras = pytest.importorskip("keras")
    start, g = rng.normal(0, 1, (3, 4)), rng.normal(0, 1, (STEPS, 3, 4))
    variable = keras.Variable(start, dtype="float64")
    theirs = keras.optimizers.Lion(learning_rate=0.03, beta_1=0.8, beta_2=0.95)
    for row in g:
        theirs.apply([keras.ops.convert_to_tensor(row, dtype="float64")], [variable])
    ours = trained(OPTIMIZERS["lion"](rate=0.03, beta1=0.8, beta2=0.95), start, g)
    # Keras holds the learning rate itself in float32.
    np.testing.assert_allclose(ours, variable.value.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_elementwise_so_weights_may_be_flattened(name: str, rng: Rng) -> None:
    start, g = rng.normal(0, 1, (4, 3)), rng.normal(0, 1, (STEPS, 4, 3))
    whole = trained(OPTIMIZERS[name](), start, g)
    flat = trained(OPTIMIZERS[name](), start.ravel(), g.reshape(STEPS, -1))
    assert (whole.ravel() == flat).all()
    parts = [trained(OPTIMIZERS[name](), start[k], g[:, k]) for k in range(4)]
    np.testing.assert_allclose(whole, np.stack(parts), rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_place_in_its_own_type_and_nan_survives(name: str, dtype: str, rng: Rng) -> None:
    optimizer = OPTIMIZERS[name]()
    w, g = rng.normal(0, 1, 6).astype(dtype), rng.normal(0, 1, 6).astype(dtype)
    state = {s: np.full_like(w, optimizer.slot_start(s)) for s in optimizer.slots}
    same, before, slots = w, w.copy(), dict(state)
    g[2] = np.nan
    optimizer.update(np, w, g, state, optimizer.rate, 1)
    assert w is same and w.dtype == np.dtype(dtype)
    assert np.isnan(w).tolist() == [k == 2 for k in range(6)]
    assert (w != before).all()
    assert set(state) == set(slots) and all(state[s] is slots[s] and state[s].dtype == w.dtype for s in state)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_zero_gradient_of_the_first_steps_harms_nothing(name: str) -> None:
    for dtype in (np.float32, np.float64):
        start = np.ones(3, dtype)
        after = trained(OPTIMIZERS[name](), start, np.zeros((5, 3), dtype))
        assert np.isfinite(after).all()
        decay = OPTIMIZERS[name]().weight_decay  # type: ignore[attr-defined]
        np.testing.assert_allclose(after, start, rtol=1e-3 if decay else 0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_goes_downhill(name: str, rng: Rng) -> None:
    """A badly scaled quadratic: f = sum c w^2 / 2, c from 0.1 to 10."""
    optimizer = OPTIMIZERS[name](rate=0.01)
    c, w = np.geomspace(0.1, 10, 8), rng.normal(0, 1, 8)
    state = {s: np.full_like(w, optimizer.slot_start(s)) for s in optimizer.slots}
    first = (c * w * w).sum() / 2
    for step in range(1, 401):
        optimizer.update(np, w, c * w, state, optimizer.rate, step)
    assert (c * w * w).sum() / 2 < first / 10 if name != "adagrad" else (c * w * w).sum() / 2 < first


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_step_numbers_depend_on_the_step_alone(name: str) -> None:
    """A resumed run asks for step 300 first, the other one comes from 1: the same bits."""
    ahead, behind = OPTIMIZERS[name](), OPTIMIZERS[name]()
    late = ahead.scalars(0.01, 300)
    for step in range(1, 300):
        assert all(np.isfinite(behind.scalars(0.01, step)))
    assert behind.scalars(0.01, 300) == late
    assert ahead.scalars(0.01, 7) == behind.scalars(0.01, 7)


def test_centred_rmsprop_survives_a_constant_gradient(rng: Rng) -> None:
    """Its variance is then 0 but for rounding, which must not be drawn a root from below zero."""
    g = np.broadcast_to(rng.normal(0, 1, 1000).astype(np.float32), (1500, 1000))
    after = trained(OPTIMIZERS["rmsprop"](centered=True, alpha=0.9), np.ones(1000, np.float32), g)
    assert np.isfinite(after).all()

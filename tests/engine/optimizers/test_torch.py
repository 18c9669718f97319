"""Fifty steps of every optimizer that torch.optim also has, with random parameters, weights and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.optimizers import OPTIMIZERS

pytestmark = pytest.mark.parity

Rng = np.random.Generator
TWINS = [name for name in OPTIMIZERS if OPTIMIZERS[name]().torch_text()]


def random_params(name: str, rng: Rng) -> dict[str, Any]:
    """Values for all of an optimizer's parameters, on both sides of their switches."""
    drawn = {
        "rate": float(10 ** rng.uniform(-4, -1)), "weight_decay": float(rng.choice([0.0, rng.uniform(0, 0.1)])),
        "momentum": float(rng.choice([0.0, rng.uniform(0.01, 0.99)])) if name == "rmsprop" else rng.uniform(0.01, 0.99),
        "beta1": float(rng.uniform(0, 0.99)), "beta2": float(rng.uniform(0.3, 0.9999)),
        "epsilon": float(10 ** rng.uniform(-10, -3)), "alpha": float(rng.uniform(0.1, 0.999)),
        "amsgrad": bool(rng.integers(2)), "centered": bool(rng.integers(2)), "decoupled": bool(rng.integers(2)),
        "momentum_fall": float(rng.uniform(0, 0.1)), "rate_fall": float(rng.uniform(0, 0.1)),
        "start": float(rng.uniform(0, 2)),
    }  # fmt: skip
    return {k: drawn[k] for k in OPTIMIZERS[name].params}


@pytest.fixture
def torch64() -> Any:
    """torch with float64 as its default type: NAdam keeps its product of momenta in that type."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def gradients(rng: Rng, steps: int, shape: tuple[int, ...]) -> Any:
    """Of very different sizes, and some exactly zero for many steps."""
    g = rng.normal(0, 1, (steps, *shape)) * 10 ** rng.uniform(-4, 2, shape)
    g[: steps // 2, 0] = 0.0
    return g


def ours_after(name: str, params: dict[str, Any], start: Any, g: Any) -> Any:
    optimizer = OPTIMIZERS[name](**params)
    w = start.copy()
    state = {s: np.full_like(w, optimizer.slot_start(s)) for s in optimizer.slots}
    for k in range(len(g)):
        kept = g[k].copy()
        optimizer.update(np, w, g[k], state, optimizer.rate, k + 1)
        assert (g[k] == kept).all(), "the gradient was written to"
    return w


def torchs_after(torch: Any, text: str, start: Any, g: Any) -> Any:
    w = torch.nn.Parameter(torch.tensor(start))
    optimizer = eval(text, {"torch": torch, "parameters": [w]})
    for row in g:
        w.grad = torch.tensor(row)
        optimizer.step()
    return w.detach().numpy()


def far(ours: Any, theirs: Any, start: Any) -> float:
    """||ours - theirs|| / max(||theirs||, ||total update||): DESIGN.md, section 5."""
    scale = max(np.linalg.norm(theirs), np.linalg.norm(theirs - start))
    return float(np.linalg.norm(ours - theirs) / scale)


@pytest.mark.parametrize("trial", range(8))
@pytest.mark.parametrize("name", TWINS)
def test_fifty_steps_equal_torch(name: str, trial: int, torch64: Any, rng: Rng) -> None:
    params = random_params(name, rng)
    start, g = rng.normal(0, 1, (6, 5)), gradients(rng, 50, (6, 5))
    theirs = torchs_after(torch64, OPTIMIZERS[name](**params).torch_text(), start, g)
    assert far(ours_after(name, params, start, g), theirs, start) <= 1e-12


@pytest.mark.parametrize("name", TWINS)
def test_defaults_are_torchs(name: str, torch64: Any) -> None:
    torch = torch64
    parameters = list(torch.nn.Linear(1, 1).parameters())
    ours = eval(OPTIMIZERS[name]().torch_text(), {"torch": torch, "parameters": parameters})
    theirs = type(ours)(parameters)
    meant = {"momentum": {"momentum"}, "nesterov": {"momentum", "nesterov"}}.get(name, set())
    meant |= {"lr"} if type(ours).__name__ == "SGD" else set()  # torch has 0.001 there, most textbooks 0.01
    differing = {k for k, v in ours.defaults.items() if v != theirs.defaults[k]}
    assert differing == meant


@pytest.mark.parametrize("name", TWINS)
def test_single_precision_is_no_farther_from_the_truth_than_torchs(name: str, rng: Rng) -> None:
    torch = pytest.importorskip("torch")
    start, g = rng.normal(0, 1, (20, 20)), gradients(rng, 50, (20, 20))
    exact = ours_after(name, {}, start, g)
    small, g32 = start.astype(np.float32), g.astype(np.float32)
    theirs = torchs_after(torch, OPTIMIZERS[name]().torch_text(), small, g32)
    ours = ours_after(name, {}, small, g32)
    assert ours.dtype == np.float32
    assert far(ours, exact, start) <= max(1e-6, 3 * far(theirs, exact, start))

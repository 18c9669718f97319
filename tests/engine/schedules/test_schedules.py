"""Schedules against torch.optim.lr_scheduler at every step, with and without warm-up, and their own exported text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.schedules import SCHEDULES

PER_EPOCH, EPOCHS = 7, 12
TOTAL = PER_EPOCH * EPOCHS
CASES: list[tuple[str, dict[str, Any]]] = [
    ("constant", {}),
    ("step", {"every": 3, "gamma": 0.3}),
    ("step", {}),
    ("exponential", {"gamma": 0.8}),
    ("exponential", {"gamma": 0.8, "smooth": True}),
    ("cosine", {}),
    ("cosine", {"floor": 0.2}),
]


def twin(torch: Any, optimizer: Any, name: str, params: dict[str, Any], total: int) -> tuple[Any, int]:
    """torch's own schedule, and after how many steps it is stepped."""
    schedulers = torch.optim.lr_scheduler
    if name == "step":
        every, gamma = params.get("every", 10), params.get("gamma", 0.1)
        return schedulers.StepLR(optimizer, every, gamma), PER_EPOCH
    if name == "exponential":
        if params.get("smooth"):
            return schedulers.ExponentialLR(optimizer, params["gamma"] ** (1 / PER_EPOCH)), 1
        return schedulers.ExponentialLR(optimizer, params["gamma"]), PER_EPOCH
    if name == "cosine":
        base = optimizer.param_groups[0]["lr"]
        return schedulers.CosineAnnealingLR(optimizer, total, params.get("floor", 0.0) * base), 1
    return schedulers.ConstantLR(optimizer, factor=1.0), 1


def fresh_optimizer(torch: Any, rate: float) -> Any:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def advance(schedule: Any) -> None:
    schedule.optimizer.step()  # torch warns where a schedule is stepped before its optimizer
    schedule.step()


@pytest.mark.parity
@pytest.mark.parametrize(("name", "params"), CASES)
@pytest.mark.parametrize("warm_up", [0, 1, 5])
def test_every_step_equals_torch(name: str, params: dict[str, Any], warm_up: int) -> None:
    torch = pytest.importorskip("torch")
    schedule = SCHEDULES[name](warm_up=warm_up, **params)
    optimizer = fresh_optimizer(torch, 0.3)
    rise = torch.optim.lr_scheduler.LinearLR(fresh_optimizer(torch, 0.3), 1 / max(warm_up, 1), 1.0, max(warm_up - 1, 1))
    proper, stride = twin(torch, optimizer, name, params, TOTAL - warm_up)
    for step in range(TOTAL):
        ours = 0.3 * schedule.factor(step, PER_EPOCH, TOTAL)
        theirs = (rise if step < warm_up else proper).get_last_lr()[0]
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15), step
        if step < warm_up:
            advance(rise)
        elif (step - warm_up + 1) % stride == 0:
            advance(proper)


@pytest.mark.parity
@pytest.mark.parametrize(("name", "params"), CASES)
@pytest.mark.parametrize("warm_up", [0, 4])
def test_exported_text_gives_the_same_rates(name: str, params: dict[str, Any], warm_up: int) -> None:
    torch = pytest.importorskip("torch")
    schedule = SCHEDULES[name](warm_up=warm_up, **params)
    names = {
        "torch": torch, "math": math, "optimizer": fresh_optimizer(torch, 0.3),
        "steps_per_epoch": PER_EPOCH, "total_steps": TOTAL,
    }  # fmt: skip
    theirs = eval(schedule.torch_text(), names)
    for step in range(TOTAL + 5):
        assert theirs.get_last_lr()[0] == pytest.approx(0.3 * schedule.factor(step, PER_EPOCH, TOTAL), rel=1e-14)
        advance(theirs)


@pytest.mark.parametrize("name", SCHEDULES)
def test_begins_at_the_base_rate_and_never_rises(name: str) -> None:
    factors = [SCHEDULES[name]().factor(k, PER_EPOCH, TOTAL) for k in range(2 * TOTAL)]
    assert factors[0] == 1.0
    assert (np.diff(factors) <= 0).all() and min(factors) >= 0.0


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_rises_to_the_base_rate(name: str) -> None:
    schedule = SCHEDULES[name](warm_up=4)
    assert [schedule.factor(k, PER_EPOCH, TOTAL) for k in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert SCHEDULES[name](warm_up=TOTAL + 9).factor(TOTAL - 1, PER_EPOCH, TOTAL) < 1  # longer than the training


def test_cosine_comes_down_to_its_floor_and_stays() -> None:
    schedule = SCHEDULES["cosine"](floor=0.1)
    assert schedule.factor(TOTAL // 2, PER_EPOCH, TOTAL) == pytest.approx(0.55)
    assert schedule.factor(TOTAL, PER_EPOCH, TOTAL) == schedule.factor(3 * TOTAL, PER_EPOCH, TOTAL) == 0.1

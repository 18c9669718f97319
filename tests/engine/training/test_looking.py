"""How long a looker rests: by what looks usually cost, so that they take their share of the time and no more."""

from __future__ import annotations

from typing import Any

import pytest

from engine.probes import ProbeRequest
from engine.probes.autopsy import autopsy as looking_autopsy
from engine.training import budget, looking
from engine.training.budget import FIRST_WITHIN
from engine.training.looking import AUTOPSY_SHARE, LOOK_EVERY, LOOK_SHARE, Looker, autopsy_samples, standing_samples
from engine.training.trainer import Trainer
from tests.engine.training.nets import blobs, mlp, project

#: slower by the default views, at most
ASKED = 0.05
WANTS = {False: frozenset({"layers"}), True: frozenset({"layers", "autopsy"})}


class Clock:
    """Time that passes only where a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.look, self.trace = 100.0, 0.01, 0.0
        for module in (looking, budget):
            monkeypatch.setattr(module.time, "perf_counter", lambda: self.now)
        for name in ("capture", "trace"):
            monkeypatch.setattr(looking, name, self._taking(name, getattr(looking, name)))

    def _taking(self, name: str, made: Any) -> Any:
        def dear(*given: Any, **options: Any) -> Any:
            self.now += self.look if name == "capture" else self.trace
            return made(*given, **options)

        return dear

    def rest(self, looker: Looker) -> float:
        """Seconds until it may look again, to a thousandth."""
        low, high, at = 0.0, 1e5, self.now
        while high - low > 1e-3 * high:
            middle = (low + high) / 2
            self.now = at + middle
            low, high = (low, middle) if looker.rested() else (middle, high)
        self.now = at
        return high


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy")


@pytest.mark.parametrize("cost", [1e-6, 0.001, 0.01, 0.2, 20.0])
def test_looks_take_their_share_of_the_time_and_no_more(clock: Clock, trainer: Trainer, cost: float) -> None:
    clock.look, looker = cost, Looker()
    request = ProbeRequest(WANTS[False])
    assert looker.rested() and looker.snapshot(trainer, request).cost == pytest.approx(cost)
    dear = cost * (1 - LOOK_SHARE) / LOOK_SHARE
    assert clock.rest(looker) == pytest.approx(max(min(dear, FIRST_WITHIN), LOOK_EVERY), rel=2e-3)
    for _ in range(3):
        looker.snapshot(trainer, request)
    rest = clock.rest(looker)
    assert rest == pytest.approx(max(dear, LOOK_EVERY), rel=2e-3)
    assert cost / (cost + rest) <= LOOK_SHARE * 1.01 < ASKED


def test_one_dear_look_stills_no_picture(clock: Clock, trainer: Trainer) -> None:
    looker, request = Looker(), ProbeRequest(WANTS[False])
    for cost in (0.01, 0.01, 5.0):
        clock.look = cost
        looker.snapshot(trainer, request)
    assert clock.rest(looker) < 1.0
    for _ in range(2):  # but those that are dear every time become rare
        looker.snapshot(trainer, request)
    assert clock.rest(looker) > 100


def test_an_autopsy_has_a_share_of_its_own(clock: Clock, trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a long run, looks and autopsies together stay below what was asked; each snapshot carries the last one."""
    clock.trace, made = 0.5, []
    monkeypatch.setattr(looking, "autopsy", lambda traced: made.append(clock.now) or looking_autopsy(traced))
    looker, request = Looker(), ProbeRequest(WANTS[True])
    started, spent = clock.now, 0.0
    while clock.now < started + 500:
        if looker.rested():
            seen = looker.snapshot(trainer, request)
            assert seen.autopsy
            spent += seen.cost
        clock.now += 0.05
    assert 0.005 < spent / (clock.now - started) < LOOK_SHARE + AUTOPSY_SHARE + 0.005 < ASKED
    assert 8 <= len(made) <= 13


def test_a_pause_is_looked_at_at_once_whatever_it_cost(clock: Clock, trainer: Trainer) -> None:
    clock.look, clock.trace, looker = 3.0, 3.0, Looker()
    request = ProbeRequest(WANTS[True])
    looker.snapshot(trainer, ProbeRequest(WANTS[False]))
    assert not looker.rested()
    assert looker.snapshot(trainer, request, at_once=True).cost == pytest.approx(6.0) and looker.rested()
    looker.snapshot(trainer, request)
    looker.forget()
    assert looker.rested()


@pytest.mark.parametrize(("macs", "samples"), [(0, 64), (1e6, 64), (4e6, 25), (1e9, 8)])
def test_an_autopsy_of_a_dear_network_is_of_fewer_samples(macs: float, samples: int) -> None:
    assert autopsy_samples(macs) == samples


@pytest.mark.parametrize(("macs", "samples"), [(0, 500), (100, 500), (4e5, 500), (4e6, 50), (1e9, 16)])
def test_the_gradient_before_the_first_step_costs_no_long_wait(macs: float, samples: int) -> None:
    assert standing_samples(macs) == samples


def test_a_dear_network_is_looked_at_over_fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy")
    monkeypatch.setattr(looking, "STANDING_MACS", 20.0 * (4 * 8 + 8 * 3))
    seen: list[Any] = []
    gradients = trainer.executable.gradients

    def counted(x: Any, y: Any, **options: Any) -> Any:
        seen.append(len(x["x"]))
        return gradients(x, y, **options)

    monkeypatch.setattr(trainer.executable, "gradients", counted)
    Looker().snapshot(trainer, ProbeRequest(frozenset({"layers"})))
    assert seen == [20]

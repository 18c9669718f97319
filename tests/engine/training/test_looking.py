"""How long a looker rests: by what the look cost, and never so long that the pictures stand still."""

from __future__ import annotations

from typing import Any

import pytest

from engine.probes import ProbeRequest
from engine.training import looking
from engine.training.looking import LOOK_EVERY, LOOK_REST, LOOK_WITHIN, Looker, standing_samples
from engine.training.trainer import Trainer
from tests.engine.training.nets import blobs, mlp, project


@pytest.mark.parametrize("cost", [1e-6, 0.01, 20.0])
def test_a_look_rests_by_its_cost_within_limits(monkeypatch: pytest.MonkeyPatch, cost: float) -> None:
    trainer = Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy")
    now = [100.0]
    made = looking.capture

    def dear(*args: Any) -> Any:
        now[0] += cost
        return made(*args)

    monkeypatch.setattr(looking.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(looking, "capture", dear)
    looker = Looker()
    snapshot = looker.snapshot(trainer, ProbeRequest(frozenset({"layers"})))
    rest = {1e-6: LOOK_EVERY, 0.01: LOOK_REST * 0.01, 20.0: LOOK_WITHIN}[cost]
    assert snapshot.cost == pytest.approx(cost) and not looker.rested()
    now[0] += 0.99 * rest
    assert not looker.rested()
    now[0] += 0.02 * rest
    assert looker.rested()


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

"""Dead units begun anew: they fire again, all else stays, and a replay meets the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from engine.declare import Spec
from engine.training import Trainer
from engine.training.revive import revive
from engine.training.timeline import Timeline
from tests.engine.training.nets import blobs, mlp, project


def buried() -> Trainer:
    net = mlp((4, 12, 3), "relu", bias_init=Spec("constant", {"value": -60.0}))
    optimizer = Spec("momentum", {"rate": 0.02})
    return Trainer(project(net, optimizer=optimizer, epochs=8), blobs(), backend="numpy")


def fires(trainer: Trainer) -> np.ndarray:
    w, x = trainer.executable.weights(), trainer.dataset.train.x["x"]
    return np.asarray(((x @ w["n1", "weight"].T + w["n1", "bias"]) > 0).any(0))


def test_they_fire_again_and_all_else_stays() -> None:
    trainer = buried()
    trainer.run_steps(4)
    assert not fires(trainer).any()
    before, slots = trainer.executable.weights(), trainer.executable.optimizer_state()
    revive(trainer, "n1", [2, 7])
    assert np.flatnonzero(fires(trainer)).tolist() == [2, 7]
    after, state = trainer.executable.weights(), trainer.executable.optimizer_state()
    others = [k for k in range(12) if k not in (2, 7)]
    assert np.array_equal(after["n2", "weight"], before["n2", "weight"])
    for name in ("weight", "bias"):
        assert np.array_equal(after["n1", name][others], before["n1", name][others])
        for slot, values in state["n1", name].items():
            assert np.array_equal(values[others], slots["n1", name][slot][others]) and not values[[2, 7]].any()
    assert np.abs(after["n1", "weight"][[2, 7]]).max() <= np.sqrt(6 / 16) and not after["n1", "bias"][[2, 7]].any()
    assert trainer.command_log == [{"step": 4, "command": "revive", "value": "n1:2,7"}]
    with pytest.raises(ValueError, match="expected units 0 to 11"):
        revive(trainer, "n1", [12])
    with pytest.raises(ValueError, match="expected one kernel"):
        revive(trainer, "n0", [0])


def test_a_replay_meets_the_same_bits() -> None:
    trainer, timeline = buried(), Timeline()
    timeline.note(trainer, 0.0)
    trainer.run_steps(5)
    revive(trainer, "n1", [0, 3, 11])
    trainer.run_steps(6)
    visitor = timeline.visit(trainer, 11)
    assert visitor.step == 11 and visitor is not trainer
    mine, its = trainer.executable.weights(), visitor.executable.weights()
    assert all(np.array_equal(mine[k], its[k]) for k in mine)

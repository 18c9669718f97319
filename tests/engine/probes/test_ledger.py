"""The ledger against a forward pass by hand after every step, and against planted deaths."""

from __future__ import annotations

import numpy as np

from engine.declare import Spec
from engine.probes.ledger import Death, LayerLedger, Ledger, dead_masks
from engine.training import Trainer
from engine.training.examination import Doctor
from tests.engine.training.nets import blobs, chain, mlp, project


def mask(*dead: int, units: int = 4) -> dict[str, np.ndarray]:
    return {"a": np.isin(np.arange(units), dead)}


def test_deaths_are_told_by_the_looks_between_which_they_fall() -> None:
    ledger = Ledger()
    for step, dead in ((0, (3,)), (10, (3, 1)), (20, (1,)), (30, (1, 0, 3))):
        ledger.record(step, mask(*dead))
    (found,) = ledger.layers()
    assert found == LayerLedger("a", 4, (Death(1, 0, 10), Death(0, 20, 30), Death(3, 20, 30)), 1)
    assert found.share == 0.75


def test_dead_from_the_start_and_a_second_look_at_the_same_step() -> None:
    ledger = Ledger()
    ledger.record(0, mask(2))
    ledger.record(0, mask(2))
    assert ledger.layers()[0].deaths == (Death(2, -1, 0),) and ledger.layers()[0].revived == 0


def test_a_reset_starts_the_book_again_from_the_initial_weights() -> None:
    ledger = Ledger()
    ledger.record(0, mask(2))
    ledger.record(50, mask(0, 1, 2, 3))
    ledger.record(5, mask(1, 2))
    assert ledger.layers()[0].deaths == (Death(2, -1, 0), Death(1, 0, 5))


def test_masks_are_those_of_a_forward_pass_by_hand() -> None:
    """ReLU as a setting and as a node; large steps so that units die, and the step of each death found by hand."""
    graph = chain(
        ("input", {"size": (4,)}), ("dense", {"units": 12, "activation": Spec("relu")}), ("dense", {"units": 9}),
        ("relu", {}), ("dense", {"units": 3}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip
    trainer = Trainer(project(graph, optimizer=Spec("sgd", {"rate": 1.5})), blobs(), backend="numpy")
    x, doctor = trainer.dataset.train.x["x"], Doctor()
    before: dict[str, np.ndarray] = {}
    deaths: dict[tuple[str, int], tuple[int, int]] = {}
    for step in range(13):
        w = trainer.executable.weights()
        hidden = np.maximum(x @ w["n1", "weight"].T + w["n1", "bias"], 0)
        values = {"n1": hidden, "n3": np.maximum(hidden @ w["n2", "weight"].T + w["n2", "bias"], 0)}
        for node, a in values.items():
            dead = ~(a > 0).any(0)
            for unit in range(len(dead)):
                if not dead[unit]:
                    deaths.pop((node, unit), None)
                elif node not in before or not before[node][unit]:
                    deaths[node, unit] = (step - 1 if node in before else -1, step)
            before[node] = dead
        report = doctor.report(trainer)
        trainer.run_steps(1)
    assert report.samples == len(x) and not report.problem
    told = {(b.node, d.unit): (d.alive_at, d.dead_at) for b in report.ledger for d in b.deaths}
    assert told == deaths and len(told) >= 3, "some units did die"
    assert [(b.node, b.units) for b in report.ledger] == [("n1", 12), ("n3", 9)]


def test_channels_of_a_convolution_and_networks_without_relu() -> None:
    graph = chain(
        ("input", {"size": (1, 6, 6)}),
        ("conv2d", {"filters": 3, "kernel": (3, 3), "activation": Spec("relu"), "bias_init": Spec("zeros")}),
        ("flatten", {}), ("dense", {"units": 2}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip
    data = blobs(classes=2, features=36)
    for split in (data.train, data.validation, data.test):
        split.x["x"] = split.x["x"].reshape(-1, 1, 6, 6)
    trainer = Trainer(project(graph), data, backend="numpy")
    w = trainer.executable.weights()
    w["n1", "bias"][:] = [0.0, -1e6, 0.0]
    trainer.executable.load_weights(w)
    rows = np.arange(10)
    y = {k: v[rows] for k, v in trainer.targets.items()}
    last = trainer.executable.gradients({"x": data.train.x["x"][rows]}, y, training=True)
    assert dead_masks(trainer.plan, last)["n1"].tolist() == [False, True, False]
    assert Doctor().report(Trainer(project(mlp((4, 5, 3))), blobs(), backend="numpy")).ledger == ()


def test_a_network_that_explodes_is_looked_at_without_a_warning() -> None:
    """Weights near the end of float32: the float64 gradients' squares do not fit float64."""
    trainer = Trainer(project(mlp((4, *[16] * 6, 3), activation="relu")), blobs(), backend="numpy")
    doctor = Doctor()
    assert not doctor.report(trainer).problem
    huge = {k: np.clip(v * np.float32(1e37), -3e38, 3e38) for k, v in trainer.executable.weights().items()}
    trainer.executable.load_weights(huge)
    trainer.run_steps(2)
    found = doctor.report(trainer)
    assert trainer.stopped == "diverged" and not found.problem and found.cards

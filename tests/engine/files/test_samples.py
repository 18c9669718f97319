"""The samples: canonical files, laid out without overlaps, sound, and the vanishing gradients those of the fixture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.analysis import infer
from engine.data import load_dataset
from engine.files.graph_json import project_bytes
from engine.files.project_file import read
from engine.graph import Project
from engine.training import Trainer

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "samples").glob("*.json"))
NAMES = {
    "perceptron_xor", "xor_mlp", "spiral", "vanishing_gradients", "digits_mlp", "mnist_cnn", "fashion_cnn",
    "residual_net", "oscillating_xor", "exploding_gradients", "saturated_tanh", "dying_relu",
}  # fmt: skip
CARD = (216, 128)


def trainer(project: Project) -> Trainer:
    return Trainer(project, load_dataset(project.data, ROOT / "samples"), backend="numpy")


def test_all_samples_are_there() -> None:
    assert {p.stem for p in SAMPLES} >= NAMES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_sample_is_as_a_save_would_write_it(path: Path) -> None:
    assert path.read_bytes() == project_bytes(read(path).project)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_sample_is_sound_and_fits_its_data(path: Path) -> None:
    project = read(path).project
    assert not infer(project.graph).problems and project.title
    trainer(project)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_cards_stand_on_the_grid_and_apart(path: Path) -> None:
    project = read(path).project
    positions = project.layout["positions"]
    assert isinstance(positions, dict) and list(positions) == list(project.graph.nodes)
    places = [(int(x), int(y)) for x, y in positions.values()]  # type: ignore[union-attr, misc, arg-type]
    assert all(x % 24 == 0 and y % 24 == 0 for x, y in places)
    for k, a in enumerate(places):
        for b in places[k + 1 :]:
            assert abs(a[0] - b[0]) >= CARD[0] or abs(a[1] - b[1]) >= CARD[1], (a, b)


def test_vanishing_gradients_are_the_fixtures() -> None:
    """Gradient norms at the start and losses at every listed epoch of run H, in float64."""
    from dataclasses import replace

    runs = json.loads((ROOT / "tests" / "data" / "playground.json").read_text(encoding="utf-8"))["runs"]
    run = next(r for r in runs if r["id"] == "H")
    project = read(ROOT / "samples" / "vanishing_gradients.json").project
    t = trainer(replace(project, training=replace(project.training, dtype="float64")))
    data = t.dataset.train
    last = t.executable.gradients(data.x, data.y, training=False)
    norms = [float(np.linalg.norm(last.weight_grads[w.value])) for w in t.plan.weights if w.is_kernel]
    np.testing.assert_allclose(norms, run["gradNormPerLayerAtInit"], rtol=1e-9)
    assert norms[0] == pytest.approx(1.7e-7, rel=0.05) and norms[-1] == pytest.approx(0.31, rel=0.02)
    for epoch, train, test in run["losses"]:
        if epoch > 20:
            break
        while t.epoch < epoch:
            t.advance(1.0)
        assert t.evaluate("train").loss == pytest.approx(train, abs=1e-12)
        assert t.evaluate("validation").loss == pytest.approx(test, abs=1e-12)


def test_vanishing_gradients_learn_with_relu_within_100_epochs() -> None:
    from dataclasses import replace

    from engine.declare import Spec

    project = read(ROOT / "samples" / "vanishing_gradients.json").project
    graph = project.graph
    for node in list(graph.nodes.values()):
        if node.name.startswith("hidden"):
            graph = graph.replace_node(replace(node, params={**node.params, "activation": Spec("relu")}))
    stuck, learns = trainer(project), trainer(replace(project, graph=graph))
    stuck.run()
    learns.run()
    assert stuck.epoch == learns.epoch <= 100
    assert stuck.epochs[-1].train_loss == pytest.approx(0.5, abs=0.01)
    assert learns.epochs[-1].train_loss < 0.1


#: epochs of a brief training and the training loss that it must reach
BRIEF = {
    "xor_mlp": (40, 0.15), "spiral": (40, 0.35), "digits_mlp": (4, 0.4), "perceptron_xor": (10, 0.8),
    "residual_net": (2, 1.2),
}  # fmt: skip


@pytest.mark.parametrize("name", BRIEF)
def test_brief_training_reaches_its_loss(name: str) -> None:
    from dataclasses import replace

    epochs, loss = BRIEF[name]
    project = read(ROOT / "samples" / f"{name}.json").project
    t = trainer(replace(project, training=replace(project.training, epochs=epochs)))
    t.run()
    assert t.epochs[-1].train_loss < loss


@pytest.mark.parametrize(("name", "loss"), [("mnist_cnn", 1.4), ("fashion_cnn", 1.6)])
def test_brief_convolution_reaches_its_loss(name: str, loss: float) -> None:
    """Not a whole epoch: some forty steps."""
    project = read(ROOT / "samples" / f"{name}.json").project
    t = trainer(project)
    first = t.executable.evaluate(
        {"x": t.dataset.validation.x["x"][:128]}, {"y": t.dataset.validation.y["y"][:128]}
    ).loss
    while t.step < 40:
        t.advance(0.5, 40 - t.step)
    after = t.executable.evaluate(
        {"x": t.dataset.validation.x["x"][:128]}, {"y": t.dataset.validation.y["y"][:128]}
    ).loss
    assert after < loss < first


def test_a_perceptron_does_not_solve_xor() -> None:
    t = trainer(read(ROOT / "samples" / "perceptron_xor.json").project)
    t.run()
    assert t.test_result is not None and t.test_result.metrics["accuracy"] < 0.75


def test_one_oscillating_unit_solves_xor_and_one_sigmoid_does_not() -> None:
    from dataclasses import replace

    from engine.declare import Spec

    project = read(ROOT / "samples" / "oscillating_xor.json").project
    unit = project.graph.nodes["unit"]
    plain = replace(unit, params={**unit.params, "activation": Spec("sigmoid")})
    accuracies = []
    for graph in (project.graph, project.graph.replace_node(plain)):
        t = trainer(replace(project, graph=graph))
        t.run()
        accuracies.append((t.evaluate("train").metrics["accuracy"], t.evaluate("test").metrics["accuracy"]))
    assert accuracies[0] == (1.0, 1.0) and max(accuracies[1]) < 0.85

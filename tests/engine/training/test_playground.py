"""TensorFlow Playground's own runs, in float64: every listed loss and every gradient norm at the start to 1e-12."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Edge, Graph, Node, Project, TrainingSetup
from engine.training import Trainer

FIXTURE = json.loads((Path(__file__).parents[2] / "data" / "playground.json").read_text())
RUNS = {run["id"]: run for run in FIXTURE["runs"]}


def playground_graph(run: dict[str, Any]) -> Graph:
    """The run's net with its starting weights written out."""
    graph, before = Graph().add_node(Node("i", "input", "data")), "i"
    for k, rows in enumerate(run["W0"]):
        activation = run["act"].lower() if k < len(run["hidden"]) else "tanh"
        weights = tuple(float(v) for row in rows for v in row)
        params = {
            "units": len(rows),
            "activation": Spec(activation),
            "weight_init": Spec("given", {"values": weights}),
            "bias_init": Spec("constant", {"value": 0.1}),
        }
        graph = graph.add_node(Node(f"h{k}", "dense", f"hidden {k + 1}", params)).add_edge(Edge(before, f"h{k}"))
        before = f"h{k}"
    return graph.add_node(Node("o", "output", "output", {"loss": Spec("half_squared")})).add_edge(Edge(before, "o"))


def playground_trainer(run: dict[str, Any], epochs: int = 50, **setup: Any) -> Trainer:
    points = np.array(FIXTURE["data"][run["data"]])
    x, y = points[:, :2], (points[:, 2] > 0).astype(np.int64)
    half = len(x) // 2
    splits = [Split({"x": x[a:b]}, {"y": y[a:b]}) for a, b in ((0, half), (half, len(x)), (0, 0))]
    dataset = Dataset("circle", *splits, task="binary", class_names=("-1", "1"))
    chosen = {"dtype": "float64", **setup}
    training = TrainingSetup(Spec("sgd", {"rate": 0.03}), batch_size=10, epochs=epochs, shuffle=False, **chosen)
    return Trainer(Project(playground_graph(run), training), dataset, backend="numpy")


@pytest.mark.parametrize("name", RUNS)
def test_losses_and_gradients_are_playgrounds(name: str) -> None:
    run = RUNS[name]
    trainer = playground_trainer(run)
    train = trainer.dataset.train
    start = trainer.executable.gradients(train.x, {"y": 2.0 * train.y["y"][:, None] - 1}, training=True)
    norms = [np.linalg.norm(start.weight_grads[w.value]) for w in trainer.plan.weights if w.is_kernel]
    np.testing.assert_allclose(norms, run["gradNormPerLayerAtInit"], rtol=1e-12)
    listed = {epoch: (a, b) for epoch, a, b in run["losses"]}
    first = (trainer.evaluate("train").loss, trainer.evaluate("validation").loss)
    np.testing.assert_allclose(first, listed.pop(0), rtol=0, atol=1e-12)
    trainer.run()
    found = {e.epoch: (e.train_loss, e.validation_loss) for e in trainer.epochs if e.epoch in listed}
    assert found.keys() == listed.keys()
    for epoch, expected in listed.items():
        np.testing.assert_allclose(found[epoch], expected, rtol=0, atol=1e-12, err_msg=f"epoch {epoch}")

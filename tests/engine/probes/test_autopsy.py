"""The autopsy's bars sum to the measured total exactly, on every kind of net, and name the right thief."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.files.project_file import read
from engine.graph import Edge, Graph, Node
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from engine.probes.autopsy import GradientTrace, autopsy, sentence, trace
from engine.probes.capture import layer_statistics
from tests.engine.training.nets import chain, mlp

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.json"))


def traced(graph: Graph, seed: int = 0, batch: int = 16) -> tuple[GradientTrace, NumpyExecutable, Any, Any]:
    plan = build_plan(graph)
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", seed)
    rng = np.random.default_rng(seed)
    x = {s.field: rng.normal(size=(batch, *plan.values[s.value].shape)) for s in plan.inputs}
    y = {h.field: target(plan, h.prediction, h.loss.target, batch, rng) for h in plan.heads}
    return trace(plan, executable.weights(), x, y, like=executable), executable, x, y


def target(plan: Plan, value: int, kind: str, batch: int, rng: np.random.Generator) -> Any:
    shape = plan.values[value].shape
    if kind == "classes":
        return rng.integers(0, shape[0], batch)
    return rng.integers(0, 2, (batch, *shape)).astype(float)


def residual(blocks: int = 3) -> Graph:
    graph, at = chain(("input", {"size": (6,)}), ("dense", {"units": 8})), "n1"
    for k in range(blocks):
        for node, kind, params in ((f"d{k}", "dense", {"units": 8, "activation": Spec("tanh")}), (f"a{k}", "add", {})):
            graph = graph.add_node(Node(node, kind, node, params))
        graph = graph.add_edge(Edge(at, f"d{k}")).add_edge(Edge(at, f"a{k}")).add_edge(Edge(f"d{k}", f"a{k}"))
        at = f"a{k}"
    graph = graph.add_node(Node("h", "dense", "h", {"units": 3})).add_edge(Edge(at, "h"))
    return graph.add_node(Node("o", "output", "o", {"loss": Spec("softmax_cross_entropy")})).add_edge(Edge("h", "o"))


def conv_net() -> Graph:
    conv = {"filters": 6, "kernel": (3, 3), "activation": Spec("relu"), "batch_norm": "before"}
    return chain(
        ("input", {"size": (2, 12, 12)}), ("conv2d", conv), ("max_pool2d", {}), ("conv2d", conv), ("avg_pool2d", {}),
        ("flatten", {}), ("dense", {"units": 8, "dropout": 0.3, "activation": Spec("relu")}), ("dense", {"units": 3}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


NETS = {
    "sigmoid tower": mlp((4, *[8] * 6, 3), activation="sigmoid"),
    "relu": mlp((4, 16, 16, 3), activation="relu"),
    "norm after": mlp((4, 8, 8, 3), batch_norm="after", dropout=0.2),
    "conv": conv_net(),
    "residual": residual(),
}


@pytest.mark.parametrize("name", NETS)
def test_bars_sum_to_what_is_measured(name: str) -> None:
    found, executable, x, y = traced(NETS[name])
    plan = executable.plan
    measured = {s.node: s.delta_rms for s in layer_statistics(plan, executable.gradients(x, y, training=True))}
    heads = {h.node: found.values[h.prediction] * found.batch for h in plan.heads}
    layers = autopsy(found)
    assert [a.node for a in layers] == list(plan.layer_order)
    for layer in layers:
        assert layer.rms == pytest.approx(measured[layer.node], rel=1e-12)
        if (end := measured.get(layer.next, heads.get(layer.next, 0.0))) == 0:
            pytest.fail(f"{layer.node} leads nowhere: {layer.next!r}")
        assert layer.decades == pytest.approx(np.log10(layer.rms / end), abs=1e-9)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_bars_sum_on_every_sample(path: Path) -> None:
    found, _, _, _ = traced(read(path).project.graph, batch=4)
    layers = {a.node: a for a in autopsy(found)}
    ends = {h.node: found.values[h.prediction] * found.batch for h in found.plan.heads}
    for layer in layers.values():
        end = layers[layer.next].rms if layer.next in layers else ends[layer.next]
        assert layer.decades == pytest.approx(np.log10(layer.rms / end), abs=1e-6)


def test_the_sigmoid_is_named_with_at_most_a_quarter() -> None:
    found, *_ = traced(mlp((4, *[32] * 6, 3), activation="sigmoid"))
    for layer in autopsy(found)[:-1]:
        slopes = [b for b in layer.bars if b.cause == "activation"]
        assert [b.operation for b in slopes] == ["sigmoid"]
        assert slopes[0].decades <= np.log10(0.25) + 1e-12
        assert "the slope of sigmoid at hidden 1 costs 0.6" in sentence(slopes[0], "hidden 1")


def test_a_residual_net_shows_both_paths_and_their_interference() -> None:
    found, *_ = traced(residual())
    first = autopsy(found)[0]
    sums = [b for b in first.bars if b.cause == "interference"]
    assert sums and all(len(b.paths) == 2 and b.paths[0].decades == 0 >= b.paths[1].decades for b in sums)


def test_a_dead_end_has_no_bars() -> None:
    graph = mlp((4, 8, 8, 3), activation="step")
    found, *_ = traced(graph)
    dead = autopsy(found)[0]
    assert dead.rms == 0 and dead.bars == ()

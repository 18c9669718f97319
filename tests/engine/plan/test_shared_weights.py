"""Layers that share weights: one set, counted and stored once, moved by the sum of gradients; and what refuses it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.analysis import infer
from engine.backends import make_executable
from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.files.graph_json import project_bytes, read_project
from engine.files.keras_text import export_keras
from engine.files.onnx_graph import export_onnx
from engine.files.torch_text import export_torch, module_text
from engine.files.weights import write_weights
from engine.graph import Edge, Graph, Node, Project, TrainingSetup
from engine.graph.refusals import SelfShareRefusal, ShareTypeRefusal, UnknownNodeRefusal
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.training import Trainer
from tests.engine.training.nets import blobs, chain, project

TANH = Spec("tanh")
CE = {"loss": Spec("softmax_cross_entropy")}


def repeated(count: int = 3, first: int = 1, **params: Any) -> Graph:
    """Input 4, then ``count`` dense layers with the weights of the ``first``-th of them, then 3 classes."""
    same = {"units": 4, "activation": TANH, **params}
    graph = chain(("input", {"size": (4,)}), *(("dense", same) for _ in range(count)), ("dense", {"units": 3}),
                  ("output", CE))  # fmt: skip
    for k in range(1, count + 1):
        graph = graph if k == first else graph.share(f"n{k}", f"n{first}")
    return graph


def siamese() -> Graph:
    """Two inputs through one convolution, the second with other settings and before the owner in order; joined."""
    conv = {"filters": 3, "kernel": (3, 3), "batch_norm": "before", "activation": TANH}
    nodes = [
        Node("b", "input", "b", {"size": (2, 6, 6), "field": "b"}),
        Node("cb", "conv2d", "second", {**conv, "stride": (2, 2), "padding": "same"}, shares="ca"),
        Node("a", "input", "a", {"size": (2, 5, 5), "field": "a"}),
        Node("ca", "conv2d", "first", {**conv, "l2": 0.1, "rate_factor": 0.5}),
        Node("c", "concat", "join", {"axis": 0}),
        Node("f", "flatten", "flat", {}),
        Node("d", "dense", "head", {"units": 3}),
        Node("o", "output", "out", CE),
    ]
    graph = Graph({n.id: n for n in nodes})
    for source, target in ("b", "cb"), ("cb", "c"), ("a", "ca"), ("ca", "c"), ("c", "f"), ("f", "d"), ("d", "o"):
        graph = graph.add_edge(Edge(source, target))
    return graph


def batch(graph: Graph, count: int, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    plan, rng = build_plan(graph), np.random.default_rng(seed)
    x = {s.field: rng.normal(size=(count, *plan.values[s.value].shape)) for s in plan.inputs}
    return x, {"y": rng.integers(0, 3, count)}


GRAPHS = {"repeated": repeated(), "third owns": repeated(first=3), "siamese": siamese()}


@pytest.mark.parametrize("name", GRAPHS)
def test_weights_are_there_once_and_counted_once(name: str) -> None:
    graph = GRAPHS[name]
    analysis, plan = infer(graph), build_plan(graph)
    assert not analysis.problems
    names = [(w.node, w.name) for w in plan.weights]
    assert len(set(names)) == len(names)
    assert analysis.parameters == sum(int(np.prod(w.shape)) for w in plan.weights)
    for node in graph.nodes.values():
        assert (node.shares is None) or (analysis.nodes[node.id].parameters, node.id in plan.layer_order) == (0, False)
    apart = replace(graph, nodes={k: replace(n, shares=None) for k, n in graph.nodes.items()})
    assert analysis.macs == infer(apart).macs


@pytest.mark.parametrize("name", GRAPHS)
def test_the_gradient_is_that_of_the_one_set(name: str) -> None:
    """In float64, along random directions; and a step moves it by the sum."""
    graph = GRAPHS[name]
    plan = build_plan(graph)
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", 3)
    x, y = batch(graph, 7)
    exact = executable.gradients(x, y, training=False)
    rng = np.random.default_rng(1)
    for w in plan.weights:
        at, v = executable.weights()[w.node, w.name], rng.normal(size=w.shape)
        sides = []
        for h in (1e-5, -1e-5):
            executable.load_weights({(w.node, w.name): at + h * v})
            sides.append(executable.evaluate(x, y).loss)
        executable.load_weights({(w.node, w.name): at})
        slope = np.sum(exact.weight_grads[w.value] * v)
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_the_owners_settings_count_for_the_weights() -> None:
    plan = build_plan(siamese())
    (kernel,) = [w for w in plan.weights if w.is_kernel and w.node == "ca"]
    assert (kernel.l2, kernel.rate_factor) == (0.1, 0.5)
    frozen = siamese()
    frozen = frozen.replace_node(replace(frozen.nodes["ca"], frozen=True))
    assert not any(w.trainable for w in build_plan(frozen).weights if w.node == "ca")
    muted = siamese()
    muted = muted.replace_node(replace(muted.nodes["ca"], muted=True, params={**muted.nodes["ca"].params}))
    assert any(p.severity == "error" for p in infer(muted).problems)  # 2 x 5 x 5 beside 3 x 3 x 3


def test_a_muted_owner_still_keeps_the_weights() -> None:
    graph = repeated()
    plan = build_plan(graph.replace_node(replace(graph.nodes["n1"], muted=True)))
    assert {w.node for w in plan.weights} == {"n1", "n4"}


@pytest.mark.parity("torch")
@pytest.mark.parametrize("name", GRAPHS)
def test_ten_steps_beside_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    graph = GRAPHS[name]
    plan, export = build_plan(graph), module_text(graph)
    executable = NumpyExecutable(plan, OPTIMIZERS.make(Spec("sgd", {"rate": 0.1})), "float64", 5)
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export.text, "<exported>", "exec"), space)
    net = space["Net"]().double()
    start = executable.weights()
    with torch.no_grad():
        for theirs, key in export.weights.items():
            net.state_dict()[theirs].copy_(torch.tensor(start[key]))
    assert set(export.weights.values()) == set(start)
    groups = [  # the penalty and the owner's factor, by hand
        {"params": [w], "lr": 0.1 * (0.5 if export.weights[n][0] == "ca" else 1.0)} for n, w in net.named_parameters()
    ]
    optimizer = torch.optim.SGD(groups)
    x, y = batch(graph, 60)
    executable.bind(x, y)
    executable.train(np.arange(60).reshape(10, 6), np.full(10, 0.1), 0)
    for k in range(10):
        rows = slice(6 * k, 6 * k + 6)
        optimizer.zero_grad()
        arguments = [torch.tensor(x[f][rows]) for f in (s.field for s in plan.inputs)]
        loss = torch.nn.functional.cross_entropy(net(*arguments), torch.tensor(y["y"][rows]))
        for w in plan.weights:
            if w.l2:
                theirs = next(t for t, key in export.weights.items() if key == (w.node, w.name))
                loss = loss + w.l2 / 2 * net.get_parameter(theirs).square().sum()
        loss.backward()
        optimizer.step()
    ours, state = executable.weights(), net.state_dict()
    for theirs, key in export.weights.items():
        moved = max(float(np.abs(ours[key] - start[key]).max()), 1e-3)  # a bias before batch norm does not move
        np.testing.assert_allclose(state[theirs].numpy(), ours[key], rtol=0, atol=1e-9 * moved, err_msg=theirs)


@pytest.mark.parity("torch", "onnxruntime", "keras")
@pytest.mark.parametrize("name", GRAPHS)
def test_exported_forms_give_the_same_answers(name: str, tmp_path: Any) -> None:
    torch, runtime = pytest.importorskip("torch"), pytest.importorskip("onnxruntime")
    pytest.importorskip("keras")
    graph = GRAPHS[name]
    p = Project(graph)
    executable = make_executable("numpy", build_plan(graph), OPTIMIZERS.make("sgd"), "float32", 5)
    weights = executable.weights()
    x = {k: v.astype(np.float32) for k, v in batch(graph, 4)[0].items()}
    head = executable.plan.heads[0]
    ours = executable.forward(x, [head.prediction, head.shown])
    write_weights(tmp_path / "w.safetensors", weights)
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export_torch(p).text, "<torch>", "exec"), space)
    net = space["Net"]()
    net.load_weights(tmp_path / "w.safetensors")
    theirs = net.eval()(*map(torch.from_numpy, x.values())).detach().numpy()
    np.testing.assert_allclose(theirs, ours[head.prediction], atol=1e-5)
    session = runtime.InferenceSession(export_onnx(p, weights), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, x)[0], ours[head.shown], atol=1e-5)
    space = {"__name__": "exported"}
    exec(compile(export_keras(p).text, "<keras>", "exec"), space)
    model = space["build"]()
    space["load_weights"](model, tmp_path / "w.safetensors")
    answer = model(list(x.values()))
    np.testing.assert_allclose(answer.detach().numpy(), ours[head.shown], atol=1e-5)


def test_the_exported_module_is_called_as_often_as_it_is_drawn() -> None:
    text = export_torch(Project(repeated(), TrainingSetup())).text
    assert text.count("nn.Linear(") == 2 and text.count("self.dense_1(") == 3
    assert ".weight = self." in export_torch(Project(siamese())).text  # another stride: two modules, one weight


def test_files_keep_it_and_resume_has_the_same_bits() -> None:
    p = project(repeated(batch_norm="before"), epochs=2)
    again = read_project(project_bytes(p))
    assert again.graph == p.graph and again.graph.nodes["n2"].shares == "n1"
    whole = Trainer(p, blobs(), backend="numpy")
    whole.run()
    first, second = Trainer(p, blobs(), backend="numpy"), Trainer(again, blobs(), backend="numpy")
    first.run_steps(5)
    second.load_resume_state(first.resume_state())
    second.run()
    left, right = whole.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert {node for node, _ in left} == {"n1", "n4"}


def test_the_tape_is_as_exact_or_says_that_it_cannot() -> None:
    plan = build_plan(repeated())
    made = make_executable("auto", plan, OPTIMIZERS.make("sgd"), "float32", 0)
    reference = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float32", 0)
    x, y = batch(repeated(), 30)
    for executable in (made, reference):
        executable.bind(x, y)
        executable.train(np.arange(30).reshape(3, 10), np.full(3, 0.1), 0)
    for key, value in reference.weights().items():
        np.testing.assert_allclose(made.weights()[key], value, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words", "fixes"),
    [
        ({"params": {"units": 5}}, "weight would be 5 x 4, not 4 x 4", ["take_settings", "unshare"]),
        ({"params": {"units": 4, "use_bias": False}}, "bias would be none, not 4", ["take_settings", "unshare"]),
        ({"shares": "gone"}, "has none of its own", ["unshare"]),
        ({"shares": "n3"}, "has none of its own", ["unshare"]),
        ({"shares": "n2"}, "has none of its own", ["unshare"]),
        ({"type": "prelu", "params": {}}, "another type", ["unshare"]),
    ],
)
def test_what_does_not_fit_is_said_with_its_remedy(change: dict[str, Any], words: str, fixes: list[str]) -> None:
    graph = repeated()
    problems = infer(graph.replace_node(replace(graph.nodes["n2"], **change))).problems
    (problem,) = [p for p in problems if p.node == "n2"]
    assert words in problem.text and problem.severity == "error"
    assert [f.kind for f in problem.fixes] == fixes


def test_an_owner_whose_shapes_are_unknown_is_named() -> None:
    graph = repeated().remove_edges([Edge("n0", "n1")]).add_edge(Edge("n0", "n2"))
    graph = graph.remove_edges([Edge("n1", "n2")])
    assert any("not known yet" in p.text for p in infer(graph).problems if p.node == "n2")


def test_structural_refusals() -> None:
    graph = repeated()
    with pytest.raises(SelfShareRefusal):
        graph.share("n1", "n2")  # n2 has the weights of n1
    with pytest.raises(ShareTypeRefusal, match="only layers of one type"):
        graph.share("n1", "n0")
    with pytest.raises(UnknownNodeRefusal):
        graph.share("n1", "zz")


def test_sharing_follows_its_owner_and_outlives_it() -> None:
    graph = repeated()
    assert graph.sharing("n3") == ("n1", "n2", "n3") and graph.owner("n2") == "n1"
    moved = graph.unshare("n2").share("n1", "n2")
    assert moved.sharing("n1") == ("n2", "n1", "n3")
    left = graph.remove_nodes(["n1"])
    assert left.sharing("n2") == ("n2", "n3") and left.nodes["n2"].shares is None
    alone = graph.remove_nodes(["n1", "n2"])
    assert alone.sharing("n3") == ("n3",)
    released = graph.release("n1")
    assert released.sharing("n1") == ("n1",) and released.sharing("n2") == ("n2", "n3")

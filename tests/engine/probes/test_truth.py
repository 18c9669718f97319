"""Every quantity on the screen against PyTorch's autograd in float64, on five kinds of network and both backends.

Relative error at most 1e-4 in float32 and 1e-9 in float64; counts and percentiles are exact. What is judged where:

    quantity                                       judged by
    delta, dW, |dW|, |db|, update, gradient ratio  autograd of the same batch; the step by torch.optim
    activation mean, sd, saturation, dead          torch's values; percentiles and histograms value by value
    flow on wires, waterfall rows, penalty         autograd at every node
    autopsy: every bar, path and sum               autograd at each operation's ends
    maps, vectors, surfaces, kernels               torch in evaluation mode
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.probes import ProbeRequest, capture
from engine.probes.autopsy import autopsy, trace
from engine.probes.capture import layer_statistics
from engine.training import Trainer
from tests.engine.training.nets import blobs, chain, project

torch = pytest.importorskip("torch")
second = pytest.importorskip("tests.engine.probes.second_reading")

HEAD = ("output", {"loss": Spec("softmax_cross_entropy")})
PLACES, WIDTH = 5, 8


def dense(units: int, activation: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    return "dense", {"units": units, **({"activation": Spec(activation)} if activation else {}), **more}


def conv(filters: int, activation: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "conv2d", {"filters": filters, "kernel": (3, 3), "padding": "same", "activation": Spec(activation), **more}


def residual() -> Graph:
    graph = chain(("input", {"size": (36,)}), dense(8, "relu"), dense(8, "tanh"), ("add", {}), dense(3), HEAD)
    return graph.add_edge(Edge("n1", "n3"))


def attention() -> Graph:
    """One block: attention beside its input, layer norm, a dense layer at each place."""
    graph = chain(
        ("input", {"size": (PLACES, WIDTH)}), dense(WIDTH, "tanh"), ("multi_head_attention", {"heads": 2}), ("add", {}),
        ("layer_norm", {}), dense(6, "gelu"), ("flatten", {}), dense(3), HEAD,
    )  # fmt: skip
    return graph.add_edge(Edge("n1", "n3"))


NETS = {
    "mlp": chain(("input", {"size": (36,)}), dense(9, "tanh", l2=0.01), dense(8, "relu"), dense(7, "sigmoid"),
                 dense(3), HEAD),
    "cnn": chain(("input", {"size": (1, 6, 6)}), conv(4, "relu"), ("max_pool2d", {}), conv(3, "tanh"), ("flatten", {}),
                 dense(3), HEAD),
    "residual": residual(),
    "batch norm": chain(("input", {"size": (36,)}), dense(8, "relu", batch_norm="before"),
                        dense(7, "tanh", batch_norm="after"), dense(3), HEAD),
    "attention": attention(),
}  # fmt: skip
CASES = [
    pytest.param(net, backend, dtype, id=f"{net} {backend} {dtype}")
    for net in NETS
    for backend, dtype in (("numpy", "float32"), ("numpy", "float64"), ("tape", "float32"))
]


def samples(net: str) -> Dataset:
    shape = {"cnn": (1, 6, 6), "attention": (PLACES, WIDTH)}.get(net, (36,))
    data = blobs(features=int(np.prod(shape)))
    parts = (Split({"x": s.x["x"].reshape(-1, *shape)}, s.y) for s in (data.train, data.validation, data.test))
    return Dataset("blobs", *parts, task=data.task, class_names=data.class_names)


class Stepped:
    """A trainer after one kept step, and torch's reading of the weights before it."""

    def __init__(self, net: str, backend: str, dtype: str, optimizer: Spec) -> None:
        graph = NETS[net]
        self.trainer = Trainer(
            project(graph, dtype=dtype, optimizer=optimizer, batch_size=24), samples(net), backend=backend
        )
        self.before = self.trainer.executable.weights()
        self.trainer.advance(0.0, 1, keep=True)
        last = self.trainer.executable.last()
        assert last is not None
        self.last = last
        data = self.trainer.dataset.train
        self.x = data.x["x"][last.rows].astype(dtype)
        self.y = torch.tensor(data.y["y"][last.rows])
        self.torch = second.read(graph, self.before, self.x)
        logits = self.torch.out[f"n{len(graph.nodes) - 2}"]
        torch.nn.functional.cross_entropy(logits, self.y, reduction="sum").backward()


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(values, np.float64)))))


def array(tensor: Any) -> Any:
    return tensor.detach().numpy()


def kernels(reading: Any, node: str) -> list[Any]:
    return [t for (n, name), t in reading.w.items() if n == node and name.endswith("weight")]


@pytest.mark.parametrize(("net", "backend", "dtype"), CASES)
def test_layer_statistics(net: str, backend: str, dtype: str) -> None:
    optimizer = Spec("adam", {"rate": 0.01}) if dtype == "float64" else Spec("sgd", {"rate": 0.1})
    s = Stepped(net, backend, dtype, optimizer)
    like = pytest.approx
    rel = 1e-4 if dtype == "float32" else 1e-9
    step = stepped_by_torch(s, optimizer)
    request = ProbeRequest(frozenset({"layers", "percentiles"}))
    found = capture(s.trainer.executable, request, s.last, 1, 0)
    assert [layer.node for layer in found.layers] == list(s.trainer.plan.layer_order)
    for layer in found.layers:
        node = layer.node
        z, a = s.torch.z[node], array(s.torch.a[node])
        w = np.concatenate([array(k).ravel() for k in kernels(s.torch, node)])
        dw = np.concatenate([array(k.grad).ravel() for k in kernels(s.torch, node)]) / len(s.x)
        assert layer.delta_rms == like(rms(z.grad), rel=rel)
        assert layer.weight_grad_rms == like(rms(dw), rel=rel)
        assert layer.weight_grad_norm == like(np.linalg.norm(dw), rel=rel)
        assert layer.weight_rms == like(rms(w), rel=rel)
        assert layer.gradient_ratio == like(rms(dw) / rms(w), rel=rel)
        assert layer.update_ratio == like(rms(step[node]) / rms(w), rel=max(rel, 2e-4 if dtype == "float32" else 0))
        bias = s.torch.w.get((node, "bias"))
        if bias is not None and not normed(net, node):  # before batch norm it is exactly zero, and noise beside that
            assert layer.bias_grad_norm == like(np.linalg.norm(array(bias.grad)) / len(s.x), rel=rel)
        assert layer.activation_mean == like(a.mean(), rel=rel, abs=rel * rms(a))
        assert layer.z_rms == like(rms(array(z)), rel=rel)
        assert layer.activation_sd == like(a.std(), rel=rel)
        assert layer.activation_percentiles == like(tuple(np.percentile(a, (2, 50, 98))), rel=rel, abs=rel * rms(a))
        judge_shares(layer, NETS[net].nodes[node], a)
        judge_penalty(layer, NETS[net].nodes[node], w, rel)


def normed(net: str, node: str) -> bool:
    return NETS[net].nodes[node].params.get("batch_norm") == "before"


def judge_shares(layer: Any, node: Node, a: Any) -> None:
    """Counts: exact."""
    kind = node.params["activation"].type if "activation" in node.params else ""
    flat = {"tanh": np.abs(a) > 0.97, "sigmoid": (a < 0.03) | (a > 0.97)}.get(kind)
    axes = (0, *range(2, a.ndim))
    for shown, expected in (
        (layer.saturation, None if flat is None else flat.mean()),
        (layer.dead, (a == 0).all(axis=axes).mean() if kind == "relu" else None),
    ):
        assert math.isnan(shown) if expected is None else shown == expected


def judge_penalty(layer: Any, node: Node, w: Any, rel: float) -> None:
    l1, l2 = (float(node.params.get(k, 0.0)) for k in ("l1", "l2"))
    if l1 or l2:
        assert layer.penalty_grad_rms == pytest.approx(rms(l2 * w + l1 * np.sign(w)), rel=rel)
    else:
        assert math.isnan(layer.penalty_grad_rms)


def test_the_penalty_of_l1_and_l2_together() -> None:
    graph = chain(("input", {"size": (36,)}), dense(3, l1=0.02, l2=0.3), HEAD)
    trainer = Trainer(project(graph), samples("mlp"), backend="numpy")
    x, y = trainer.dataset.train.x["x"][:8], {k: v[:8] for k, v in trainer.targets.items()}
    (layer,) = layer_statistics(trainer.plan, trainer.executable.gradients({"x": x}, y, training=True))
    judge_penalty(layer, graph.nodes["n1"], trainer.executable.weights()["n1", "weight"], 1e-6)


def stepped_by_torch(s: Stepped, optimizer: Spec) -> dict[str, Any]:
    """What torch.optim would add to each node's kernels, penalties included."""
    leaves = {k: t.detach().clone().requires_grad_() for k, t in s.torch.w.items()}
    for (node, name), t in leaves.items():
        grad = s.torch.w[node, name].grad
        params = s.trainer.project.graph.nodes[node].params
        l1, l2 = (float(params.get(k, 0.0)) if name == "weight" else 0.0 for k in ("l1", "l2"))
        at = t.detach()
        t.grad = (torch.zeros_like(at) if grad is None else grad) / len(s.x) + l2 * at + l1 * at.sign()
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer.type]
    kind(list(leaves.values()), lr=optimizer.params["rate"]).step()
    found: dict[str, list[Any]] = {}
    for (node, name), t in leaves.items():
        if name.endswith("weight"):
            found.setdefault(node, []).append((array(t) - array(s.torch.w[node, name])).ravel())
    return {node: np.concatenate(parts) for node, parts in found.items()}


@pytest.mark.parametrize(("net", "backend", "dtype"), CASES)
def test_flow_and_waterfall(net: str, backend: str, dtype: str) -> None:
    s = Stepped(net, backend, dtype, Spec("sgd", {"rate": 0.1}))
    rel = 1e-4 if dtype == "float32" else 1e-9
    flow = capture(s.trainer.executable, ProbeRequest(frozenset({"layers"})), s.last, 1, 0).flow
    for node in list(NETS[net].nodes)[1:-1]:
        out = s.torch.out[node]
        assert flow[node] == pytest.approx((rms(array(out)), rms(out.grad)), rel=rel), node
    view = s.trainer.columns.view
    for info, norm in zip(s.trainer.plan.weights, view.grad_norm[0], strict=True):
        exact = np.linalg.norm(array(s.torch.w[info.node, info.name].grad)) / len(s.x)
        assert norm == pytest.approx(exact, rel=rel, abs=1e-7 if dtype == "float32" else 1e-15), info.name


@pytest.mark.parametrize("net", NETS)
def test_histograms_count_every_value(net: str) -> None:
    s = Stepped(net, "numpy", "float32", Spec("sgd", {"rate": 0.1}))
    wants = frozenset({"layers", "histograms"})
    for layer in capture(s.trainer.executable, ProbeRequest(wants), s.last, 1, 0).layers:
        z = s.trainer.plan.marks.get((layer.node, "z"), s.trainer.plan.outputs[layer.node])
        infos = [w for w in s.trainer.plan.weights if w.node == layer.node and w.is_kernel]
        for name, tensors in (
            ("weights", [s.last.values[w.value] - s.last.updates[w.value] for w in infos]),
            ("gradients", [s.last.weight_grads[w.value] for w in infos]),
            ("pre-activations", [s.last.values[z]]),
        ):
            found = layer.histograms[name]
            values = np.concatenate([t.ravel() for t in tensors]).astype(np.float64)
            low, high = np.percentile(values, (0.5, 99.5))
            edges = np.linspace(low, high, len(found.counts) + 1)
            inner = [int(((values >= a) & (values < b)).sum()) for a, b in pairwise(edges[1:-1])]
            ends = int((values < edges[1]).sum()), int((values >= edges[-2]).sum())
            assert found.counts.tolist() == [ends[0], *inner, ends[1]], (layer.node, name)
            assert (found.minimum, found.maximum) == (values.min(), values.max())


@pytest.mark.parametrize("net", NETS)
def test_every_bar_of_the_autopsy(net: str) -> None:
    """By operation ends in torch: each bar, each path of a fork, and the whole."""
    s = Stepped(net, "numpy", "float64", Spec("sgd", {"rate": 0.1}))
    plan = s.trainer.plan
    targets = {k: v[s.last.rows] for k, v in s.trainer.targets.items()}
    layers = autopsy(trace(plan, s.before, {"x": s.x}, targets, like=s.trainer.executable))
    measured = {node: rms(z.grad) for node, z in s.torch.z.items()}
    assert [a.node for a in layers] == list(plan.layer_order)
    for layer in layers:
        assert layer.rms == pytest.approx(measured[layer.node], rel=1e-9)
        end = measured.get(layer.next) or rms(s.torch.out[layers[-1].node].grad)
        assert layer.decades == pytest.approx(math.log10(measured[layer.node] / end), abs=1e-9)
        bars = [b for b in layer.bars if b.cause == "activation" and b.node == layer.node]
        if bars and NETS[net].nodes[layer.node].params.get("batch_norm") != "after":
            a, z = s.torch.a[layer.node], s.torch.z[layer.node]
            assert bars[0].decades == pytest.approx(math.log10(rms(z.grad) / rms(a.grad)), abs=1e-9)
        for bar in (b for b in layer.bars if b.cause == "interference"):
            judge_fork(s, layer.node, bar)


def judge_fork(s: Stepped, node: str, bar: Any) -> None:
    """Each way's gradient at the fork by autograd through that way alone."""
    fork = s.torch.out[node]
    alone = {}
    for path in bar.paths:
        copy = fork.detach().clone().requires_grad_()
        end = s.torch.out["n3"].grad
        alone[path.node, path.part] = rms(through(s, path, copy, end))
    main = max(alone.values())
    for path in bar.paths:
        assert 10**path.decades == pytest.approx(alone[path.node, path.part] / main, rel=1e-9)
    assert 10**bar.decades == pytest.approx(rms(fork.grad) / main, rel=1e-9)


def through(s: Stepped, path: Any, x: Any, given: Any) -> Any:
    """Gradient at ``x`` of the way that leads into ``path.node``; ``given`` is that at the sum behind both."""
    graph = s.trainer.project.graph
    if path.node == "n3":
        return given
    parts = {(n, k): t.detach() for (n, k), t in s.torch.w.items() if n == path.node}
    reading = second.Reading(parts)
    if graph.nodes[path.node].type == "dense":
        y = second._value(reading, graph.nodes[path.node], [x], True)
    else:
        whole = {p: x if p == path.part else s.torch.out["n1"].detach() for p in ("query", "key", "value")}
        y = attention_of(reading, path.node, whole)
    return torch.autograd.grad(y, x, given)[0]


def attention_of(r: Any, node: str, fed: dict[str, Any]) -> Any:
    q, k, v = (
        torch.nn.functional.linear(fed[p], r.w[node, f"{p}_weight"], r.w[node, f"{p}_bias"])
        .unflatten(-1, (2, -1)).transpose(1, 2)
        for p in ("query", "key", "value")
    )  # fmt: skip
    mixed = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(WIDTH / 2), -1) @ v
    return torch.nn.functional.linear(mixed.transpose(1, 2).flatten(2), r.w[node, "out_weight"], r.w[node, "out_bias"])


@pytest.mark.parametrize(("net", "backend", "dtype"), CASES)
def test_maps_vectors_surfaces_and_kernels(net: str, backend: str, dtype: str) -> None:
    s = Stepped(net, backend, dtype, Spec("sgd", {"rate": 0.1}))
    rel = 1e-4 if dtype == "float32" else 1e-9
    now = s.trainer.executable.weights()
    grid = s.x[:4]
    request = ProbeRequest(frozenset({"maps", "kernels", "surfaces"}), {"x": s.x[:1]}, {"x": grid}, 2)
    seen = capture(s.trainer.executable, request, None, 1, 0)
    one, many = (second.read(NETS[net], now, x, training=False) for x in (s.x[:1], grid))
    shown = 0
    for node, values in (*seen.maps.items(), *seen.vectors.items()):
        if node not in ("n0", f"n{len(NETS[net].nodes) - 1}"):
            expected = array(one.out[node])[0]
            np.testing.assert_allclose(values, expected, rtol=rel, atol=rel * rms(expected))
            shown += 1
    for node, values in seen.surfaces.items():
        if NETS[net].nodes[node].type not in ("input", "output"):
            expected = array(many.out[node])
            np.testing.assert_allclose(values.reshape(len(values), -1).T, expected, rtol=rel, atol=rel * rms(expected))
            shown += 1
    for node, values in seen.kernels.items():
        np.testing.assert_array_equal(values, now[node, "weight"])
    assert shown >= 3 and (net != "cnn" or set(seen.kernels) == {"n1", "n3"})

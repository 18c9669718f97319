"""Counts, shares, columns, costs and each bar alone against PyTorch in float64, on the five networks of test_truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.analysis import infer
from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.primitives import Context
from engine.probes import ProbeRequest, capture
from engine.probes.autopsy import autopsy, trace
from engine.probes.ledger import dead_masks
from engine.probes.microscope import activation_of, exposure, respond
from engine.probes.snapshot import Histogram
from tests.engine.probes.test_truth import CASES, NETS, Stepped, array, kernels, rms, samples, second, torch

SGD = Spec("sgd", {"rate": 0.1})


def judge_counts(found: Histogram, values: Any) -> None:
    """Every value counted once, in the bin between the clips of these very values."""
    flat = np.asarray(values, np.float64).ravel()
    low, high = np.percentile(flat, (0.5, 99.5))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-15)
    edges = np.linspace(low, high, len(found.counts) + 1)
    places = np.clip(np.searchsorted(edges, flat, side="right") - 1, 0, len(found.counts) - 1)
    assert found.counts.tolist() == np.bincount(places, minlength=len(found.counts)).tolist()
    assert (found.minimum, found.maximum) == pytest.approx((flat.min(), flat.max()), rel=1e-9)


@pytest.mark.parametrize("net", NETS)
def test_histograms_and_spreads_count_torchs_values(net: str) -> None:
    s = Stepped(net, "numpy", "float64", SGD)
    hidden = list(NETS[net].nodes)[1:-1]
    request = ProbeRequest(frozenset({"layers", "histograms", "spreads"}), near=frozenset(hidden))
    seen = capture(s.trainer.executable, request, s.last, 1, 0)
    assert len(seen.layers) >= 3
    for layer in seen.layers:
        own = kernels(s.torch, layer.node)
        judge_counts(layer.histograms["activations"], array(s.torch.a[layer.node]))
        judge_counts(layer.histograms["pre-activations"], array(s.torch.z[layer.node]))
        judge_counts(layer.histograms["weights"], np.concatenate([array(k).ravel() for k in own]))
        judge_counts(layer.histograms["gradients"], np.concatenate([array(k.grad).ravel() for k in own]) / len(s.x))
    assert set(seen.spreads) == set(hidden)
    for node, spread in seen.spreads.items():
        judge_counts(spread, array(s.torch.out[node]))


@pytest.mark.parametrize("net", NETS)
def test_the_microscope_shows_torchs_curve_slope_and_shares(net: str) -> None:
    s, shown = Stepped(net, "numpy", "float64", SGD), 0
    request = ProbeRequest(frozenset({"layers", "histograms"}))
    for layer in capture(s.trainer.executable, request, s.last, 1, 0).layers:
        chosen = activation_of(s.trainer.plan, layer.node)
        if chosen is None:
            assert "activation" not in NETS[net].nodes[layer.node].params
            continue
        shown += 1
        z, a = s.torch.z[layer.node], s.torch.a[layer.node]
        seen = respond(chosen, array(z))
        given = a.grad.numpy()
        np.testing.assert_allclose(seen.phi, array(a), rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(seen.slope * given, z.grad.numpy(), rtol=1e-9, atol=1e-15)
        assert seen.flat.tolist() == flat_zone(chosen.id, z).tolist()
        # A histogram knows a value to its bin: what lies in bins at a zone's border, or beyond the clip, is open.
        pre = layer.histograms["pre-activations"]
        edges = np.linspace(pre.low, pre.high, len(pre.counts) + 1)
        fine = respond(chosen, np.linspace(edges[:-1], edges[1:], 65, axis=1))
        mixed = fine.flat.any(1) & ~fine.flat.all(1)
        mixed[[0, -1]] = True
        found = exposure(chosen, pre)
        assert abs(found.flat - seen.flat.mean()) <= pre.counts[mixed].sum() / pre.counts.sum() + 1e-12
        squares = fine.slope**2
        open_ = (pre.counts * (squares.max(1) - squares.min(1)))[1:-1].sum() + pre.counts[[0, -1]].sum()
        assert abs(found.passed**2 - np.mean(seen.slope**2)) <= open_ / pre.counts.sum() + 1e-12
    assert shown >= 2


def flat_zone(kind: str, z: Any) -> Any:
    """Where the glossary calls it saturated, else where torch's slope is below a twentieth."""
    at = z.detach().clone().requires_grad_()
    a = second.SHAPES[kind](at)
    a.sum().backward()
    if kind == "sigmoid":
        return (array(a) < 0.03) | (array(a) > 0.97)
    return np.abs(array(a)) > 0.97 if kind == "tanh" else np.abs(at.grad.numpy()) < 0.05


@pytest.mark.parametrize("net", NETS)
def test_dead_units_are_those_of_torch(net: str) -> None:
    """One unit of every ReLU is killed by its bias, or behind batch norm by its shift."""
    graph = NETS[net]
    rectified = {n.id for n in graph.nodes.values() if n.params.get("activation") == Spec("relu")}
    plan = build_plan(graph)
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float32", 0)
    weights = executable.weights()
    for node in rectified:
        normed = (node, "bn.beta") in weights and graph.nodes[node].params.get("batch_norm") == "before"
        weights[node, "bn.beta" if normed else "bias"][1] = -1e3
    executable.load_weights(weights)
    data = samples(net).train
    x, targets = data.x["x"][:24], Stepped(net, "numpy", "float32", SGD).trainer.targets
    masks = dead_masks(plan, executable.gradients({"x": x}, {k: v[:24] for k, v in targets.items()}, training=True))
    reading = second.read(graph, weights, x)
    assert set(masks) == rectified and (bool(rectified) or net == "attention")
    for node, dead in masks.items():
        a = array(reading.a[node])
        expected = (a == 0).all(axis=(0, *range(2, a.ndim)))
        assert expected[1] and not expected.all() and dead.tolist() == expected.tolist()


@pytest.mark.parametrize(("net", "backend", "dtype"), CASES)
def test_columns_of_a_step_and_the_figures_of_a_split(net: str, backend: str, dtype: str) -> None:
    s = Stepped(net, backend, dtype, SGD)
    rel = 1e-4 if dtype == "float32" else 1e-9
    view, last = s.trainer.columns.view, f"n{len(NETS[net].nodes) - 2}"
    logits = s.torch.out[last]
    assert view.loss[0] == pytest.approx(torch.nn.functional.cross_entropy(logits, s.y).item(), rel=rel)
    assert view.accuracy[0] == pytest.approx(float((logits.argmax(1) == s.y).double().mean()), rel=1e-7)
    penalties = [
        float(NETS[net].nodes[n].params.get("l2", 0.0)) / 2 * float((w.detach() ** 2).sum())
        for (n, name), w in s.torch.w.items() if name.endswith("weight")
    ]  # fmt: skip
    assert view.penalty[0] == pytest.approx(sum(penalties), rel=rel, abs=1e-12)
    assert view.rate[0] == pytest.approx(0.1, rel=1e-6)
    held = s.trainer.dataset.validation
    result = s.trainer.evaluate("validation")
    now = second.read(NETS[net], s.trainer.executable.weights(), held.x["x"].astype(dtype), training=False)
    truth = torch.tensor(held.y["y"])
    assert result.loss == pytest.approx(torch.nn.functional.cross_entropy(now.out[last], truth).item(), rel=rel)
    assert result.metrics["accuracy"] == float((now.out[last].argmax(1) == truth).double().mean())
    (shown,) = result.evaluation.shown.values()
    np.testing.assert_allclose(shown, torch.softmax(now.out[last], 1).detach(), rtol=rel, atol=rel)


@pytest.mark.parametrize("net", NETS)
def test_each_bar_alone(net: str) -> None:
    """Weights and norms by autograd through that one operation; what moves numbers only keeps their RMS."""
    s = Stepped(net, "numpy", "float64", SGD)
    graph = NETS[net]
    targets = {k: v[s.last.rows] for k, v in s.trainer.targets.items()}
    judged = 0
    for layer in autopsy(trace(s.trainer.plan, s.before, {"x": s.x}, targets, like=s.trainer.executable)):
        forked = any(b.cause == "interference" for b in layer.bars)
        for bar in layer.bars:
            node, expected = graph.nodes[bar.node], None
            if bar.cause == "weights" and node.type in ("dense", "conv2d") and not forked:
                expected = _through_weights(s, bar.node)
            elif bar.cause == "norm" and node.params.get("batch_norm"):
                expected = _through_norm(s, bar.node)
            elif bar.cause in ("merge", "shape"):
                given, taken = s.torch.out[bar.node], s.torch.fed[bar.node][0]
                expected = 1.0 if bar.cause == "merge" else rms(taken.grad) / rms(given.grad)
            elif bar.cause == "pool":
                expected = rms(s.torch.fed[bar.node][0].grad) / rms(s.torch.out[bar.node].grad)
            if expected is not None:
                assert bar.decades == pytest.approx(math.log10(expected), abs=1e-9), (bar.node, bar.cause)
                judged += 1
    assert judged >= 2


def _before_norm(s: Stepped, node: str) -> tuple[Any, Any]:
    """A layer's input, and its weighted sum before any norm."""
    x = s.torch.fed[node][0].detach().clone().requires_grad_()
    alone = second.Reading({k: w.detach() for k, w in s.torch.w.items()})
    return x, second._linear(alone, s.trainer.project.graph.nodes[node], x)


def _back_to_sum(s: Stepped, node: str) -> tuple[Any, Any, Any]:
    """(input, weighted sum, dL/d(weighted sum))."""
    x, y = _before_norm(s, node)
    params = s.trainer.project.graph.nodes[node].params
    if params.get("batch_norm") != "before":
        return x, y, s.torch.z[node].grad
    at = y.detach().requires_grad_()
    alone = second.Reading({k: w.detach() for k, w in s.torch.w.items()})
    z = second._norm(alone, node, "bn.", at, True)
    return x, y, torch.autograd.grad(z, at, s.torch.z[node].grad)[0]


def _through_weights(s: Stepped, node: str) -> float:
    x, y, given = _back_to_sum(s, node)
    return rms(torch.autograd.grad(y, x, given)[0]) / rms(given)


def _through_norm(s: Stepped, node: str) -> float:
    if s.trainer.project.graph.nodes[node].params["batch_norm"] == "before":
        return rms(_back_to_sum(s, node)[2]) / rms(s.torch.z[node].grad)
    return rms(s.torch.a[node].grad) / rms(s.torch.out[node].grad)


@pytest.mark.parametrize("net", NETS)
def test_parameters_multiply_adds_fans_and_memory(net: str) -> None:
    """Parameters by torch's tensors, multiply-adds by torch's flop counter, memory by what a forward pass keeps."""
    from torch.utils.flop_counter import FlopCounterMode

    graph, plan = NETS[net], build_plan(NETS[net])
    found, batch = infer(graph), 5  # no layer has five channels or a multiple
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float32", 0)
    x = samples(net).train.x["x"][:batch].astype(np.float32)
    for node, figures in found.nodes.items():
        own = [w for (n, name), w in executable.weights().items() if n == node and "running" not in name]
        assert figures.parameters == sum(w.size for w in own), node
    with FlopCounterMode(display=False) as counter:
        second.read(graph, executable.weights(), x[:1], training=False)
    assert found.macs == counter.get_total_flops() // 2
    for info in (w for w in plan.weights if w.is_kernel):
        w = torch.empty(info.shape)
        assert (info.fan_in, info.fan_out) == torch.nn.init._calculate_fan_in_and_fan_out(w), info.name
    kept = _kept_bytes(plan, executable, x)
    for node, figures in found.nodes.items():
        if graph.nodes[node].type != "output":  # the loss is counted with the training
            assert figures.activation_bytes * batch == kept.get(node, 0), node


def _kept_bytes(plan: Any, executable: NumpyExecutable, x: Any) -> dict[str, int]:
    """By node: bytes of each operation's output and of all else that its backward pass needs, as arrays have them."""
    stored = {i.value: executable.weights()[i.node, i.name] for i in (*plan.weights, *plan.states)}
    known: dict[int, Any] = {**stored, plan.inputs[0].value: x}
    found: dict[str, int] = {}
    context = Context(np, training=True, update_state=False)
    for k in plan.loss_steps:
        step = plan.steps[k]
        if not all(i in known for i in step.inputs) or step.primitive.id.endswith(("entropy", "loss")):
            continue
        given = [known[i] for i in step.inputs]
        y, saved = step.primitive.forward(context, *given)
        known[step.output] = y
        mine = [a for a in _arrays(saved) if len(a) % len(x) == 0 and not _same(a, [y, *given])]
        found[step.node] = found.get(step.node, 0) + y.nbytes + sum(a.nbytes for a in mine)
    return found


def _same(a: Any, others: list[Any]) -> bool:
    return any(np.shares_memory(a, o) for o in others)


def _arrays(saved: Any) -> list[Any]:
    if isinstance(saved, np.ndarray):
        return [saved]
    if isinstance(saved, (tuple, list)):
        return [a for part in saved for a in _arrays(part)]
    return []

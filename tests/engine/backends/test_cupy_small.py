"""The kernel of small nets: the very source that a GPU compiles, run by g++, trains as the reference does."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends import DivergedError
from engine.backends.cupy import CupyExecutable
from engine.backends.cupy.small import Small
from engine.backends.cupy.units import UNITS
from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.layers import LAYERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from tests.benchmarks.nets import NETS
from tests.engine.backends import cuda_twin
from tests.engine.backends.device_double import Device, Kernel
from tests.engine.backends.twins import data, distance
from tests.engine.training.nets import chain, mlp

MSE = Spec("mse")
needs_twin = pytest.mark.skipif(bool(cuda_twin.lacking()), reason=cuda_twin.lacking() or "never")


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    double = Device()
    monkeypatch.setitem(sys.modules, "cupy", double)
    yield double


def _pair(graph: Graph, optimizer: Spec | str, dtype: Any = "float64", **rules: Any) -> list[Any]:
    plan = build_plan(graph)
    chosen = Spec(optimizer) if isinstance(optimizer, str) else optimizer
    kinds: tuple[Any, ...] = (NumpyExecutable, CupyExecutable)
    return [kind(plan, OPTIMIZERS.make(chosen), dtype, 1, StepRules(**rules)) for kind in kinds]


def _train(executable: Any, steps: int, batch: int, seed: int = 1, **more: Any) -> Any:
    plan = executable.plan
    x, y = data(plan, 64)
    if plan.heads[0].loss.id == "kl":
        y = {k: np.exp(v) / np.exp(v).sum(1, keepdims=True) for k, v in y.items()}
    executable.bind(x, y)
    rows = np.random.default_rng(seed).integers(0, 64, (steps, batch))
    return executable.train(rows, np.full(steps, executable.optimizer.rate), 0, **more)


def _same(
    graph: Graph, optimizer: Spec | str, steps: int = 20, batch: int = 7, dtype: Any = "float64", **rules: Any
) -> Any:
    near, far = _pair(graph, optimizer, dtype, **rules)
    assert not far.why_slow
    start, before = near.weights(), Kernel.launches
    wanted, found = _train(near, steps, batch), _train(far, steps, batch)
    assert not far.why_slow and Kernel.launches == before + 2  # the proof of its first step, and all of them at once
    bar = 1e-10 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found.loss, wanted.loss, rtol=10 * bar)
    np.testing.assert_allclose(found.penalty, wanted.penalty, rtol=10 * bar)
    np.testing.assert_allclose(found.grad_norm, wanted.grad_norm, rtol=100 * bar, atol=10 * bar)
    np.testing.assert_array_equal(found.hits, wanted.hits)
    np.testing.assert_array_equal(found.samples, wanted.samples)
    after = near.weights()
    for key, value in far.weights().items():
        assert distance(value, after[key], start[key]) <= bar, key
    for key, slots in near.optimizer_state().items():
        for name, value in slots.items():
            assert distance(far.optimizer_state()[key][name], value) <= 100 * bar, (key, name)
    return near, far


@needs_twin
@pytest.mark.parametrize("name", ["W1", "W2"])
@pytest.mark.parametrize(("dtype", "steps"), [("float64", 300), ("float32", 10)])
def test_the_small_nets_of_the_benchmarks(name: str, dtype: Any, steps: int) -> None:
    _same(NETS[name].graph, NETS[name].optimizer, steps, NETS[name].batch, dtype)


@needs_twin
@pytest.mark.parametrize("optimizer", [cls.id for cls in OPTIMIZERS.classes()])
def test_every_optimizer(optimizer: str) -> None:
    given = {"weight_decay": 0.02} if "weight_decay" in OPTIMIZERS[optimizer].params else {}
    _same(mlp((3, 5, 2), activation="tanh", loss="mse"), Spec(optimizer, given), decay_biases=False)


@needs_twin
@pytest.mark.parametrize(
    "optimizer",
    [
        Spec("adam", {"amsgrad": True}), Spec("rmsprop", {"centered": True, "momentum": 0.5}),
        Spec("adamw", {"amsgrad": True, "weight_decay": 0.1}), Spec("adagrad", {"start": 0.1, "rate_fall": 0.3}),
        Spec("nadam", {"decoupled": True, "weight_decay": 0.1}), Spec("radam", {"beta2": 0.5}),
    ],
    ids=str,
)  # fmt: skip
def test_optimizers_in_their_other_forms(optimizer: Spec) -> None:
    _same(mlp((3, 5, 2), activation="tanh", loss="mse"), optimizer)


@needs_twin
@pytest.mark.parametrize("loss", [cls.id for cls in LOSSES.classes()])
def test_every_loss(loss: str) -> None:
    outputs = 1 if loss in ("binary_focal", "hinge") else 3
    _same(mlp((4, 6, outputs), activation="tanh", loss=loss), "sgd")


@needs_twin
@pytest.mark.parametrize(
    "loss",
    [
        Spec("softmax_cross_entropy", {"label_smoothing": 0.2}), Spec("binary_cross_entropy", {"label_smoothing": 0.2}),
        Spec("weighted_cross_entropy", {"weights": (0.5, 2.0, 1.5), "label_smoothing": 0.1}),
        Spec("huber", {"delta": 0.2}),
    ],
    ids=str,
)  # fmt: skip
def test_losses_in_their_other_forms(loss: Spec) -> None:
    _same(chain(("input", {"size": (4,)}), ("dense", {"units": 3}), ("output", {"loss": loss})), "sgd")


ACTIVATIONS = [
    cls.id for cls in LAYERS.classes()
    if cls.group == "activation" and all(
        s.primitive.id in UNITS or s.primitive.id in ("softmax", "linear")
        for s in build_plan(chain(("input", {"size": (4,)}), (cls.id, {}), ("dense", {"units": 1}),
                                  ("output", {"loss": MSE}))).steps
    )
]  # fmt: skip


@needs_twin
def test_every_activation() -> None:
    """Side by side on one dense layer, and added up: one kernel to compile."""
    graph = chain(("input", {"size": (4,)}), ("dense", {"units": 5}))
    for name, kind, params in (("sum", "add", {}), ("last", "dense", {"units": 2}), ("out", "output", {"loss": MSE})):
        graph = graph.add_node(Node(name, kind, name, params))
    for kind in ACTIVATIONS:
        graph = graph.add_node(Node(kind, kind, kind)).add_edge(Edge("n1", kind)).add_edge(Edge(kind, "sum"))
    _same(graph.add_edge(Edge("sum", "last")).add_edge(Edge("last", "out")), Spec("momentum", {"rate": 1e-4}))


def test_the_activations_are_really_there() -> None:
    assert len(ACTIVATIONS) >= 14


@needs_twin
def test_dropout_draws_the_references_masks() -> None:
    _same(mlp((5, 16, 16, 2), activation="relu", dropout=0.4, loss="mse"), "adam")


@needs_twin
@pytest.mark.parametrize("proximal", [False, True])
def test_penalties_and_clipping(proximal: bool) -> None:
    net = mlp((5, 8, 3), activation="tanh", l1=0.02, l2=0.03)
    _same(net, "sgd", clip_norm=0.3, clip_value=0.2, proximal=proximal)


@needs_twin
def test_branches_that_meet_again_frozen_layers_and_two_heads() -> None:
    graph = Graph()
    for name, kind, params, frozen in (
        ("x", "input", {"size": (2, 3)}, False), ("a", "dense", {"units": 4, "activation": Spec("tanh")}, True),
        ("b", "dense", {"units": 4}, False), ("s", "softmax", {}, False), ("c", "add", {}, False),
        ("f", "flatten", {}, False), ("d", "dense", {"units": 3, "rate_factor": 0.5}, False),
        ("e", "dense", {"units": 2}, False),
        ("o", "output", {"loss": Spec("softmax_cross_entropy")}, False),
        ("p", "output", {"loss": Spec("mse"), "weight": 0.3, "field": "z"}, False),
    ):  # fmt: skip
        known = {k: v for k, v in params.items() if k in LAYERS[kind].params}
        graph = graph.add_node(Node(name, kind, name, known, frozen=frozen))
    for wire in ("x-a", "a-b", "b-s", "a-c", "s-c", "c-f", "f-d", "f-e", "d-o", "e-p"):
        graph = graph.add_edge(Edge(*wire.split("-")))
    far = _same(graph, "adam", batch=5)[1]
    assert any(not w.trainable for w in far.plan.weights)


@needs_twin
def test_chunks_looks_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = mlp((5, 9, 3), activation="tanh", dropout=0.2)
    found = []
    for threads, cuts, keep in ((1, (0, 12), False), (3, (0, 5, 6, 12), True), (7, (0, 12), True)):
        monkeypatch.setattr(cuda_twin.run, "__defaults__", (1, threads))
        far = _pair(graph, "adam", "float32")[1]
        x, y = data(far.plan, 64)
        far.bind(x, y)
        rows, losses = np.random.default_rng(1).integers(0, 64, (12, 6)), []
        for a, b in itertools.pairwise(cuts):
            losses.extend(far.train(rows[a:b], np.full(b - a, 0.01), a, keep=keep).loss)
        found.append((losses, far.weights()))
    for losses, weights in found[1:]:
        assert losses == found[0][0]
        assert all(np.array_equal(weights[k], v) for k, v in found[0][1].items())


@needs_twin
def test_a_look_shows_the_references_step() -> None:
    near, far = _pair(NETS["W2"].graph, "adam")
    for one in (near, far):
        _train(one, 6, 8, keep=True)
    a, b = far.last(), near.last()
    np.testing.assert_array_equal(a.rows, b.rows)
    for found, wanted in ((a.values, b.values), (a.grads, b.grads), (a.updates, b.updates)):
        assert found.keys() == wanted.keys()
        for key in wanted:
            np.testing.assert_allclose(found[key], wanted[key], rtol=1e-8, atol=1e-12)


@needs_twin
@pytest.mark.parametrize("spoil", ["data", "rate"])
def test_a_bad_step_is_named_and_taken_back(spoil: str) -> None:
    stops = []
    for one in _pair(mlp((4, 6, 2), activation="relu", loss="mse"), "sgd"):
        x, y = data(one.plan, 64)
        rows, rates = np.arange(30).reshape(6, 5), np.full(6, 0.01)
        if spoil == "data":
            x = {k: v.copy() for k, v in x.items()}
            next(iter(x.values()))[22] = np.nan
        else:
            rates[4] = np.inf
        one.bind(x, y)
        with pytest.raises(DivergedError) as caught:
            one.train(rows, rates, 100)
        error = caught.value
        assert error.done is not None and len(error.done.loss) == 4
        stops.append((error.step, error.node, error.tensor, error.count, one.weights()))
    near, far = stops
    assert near[:4] == far[:4] and near[0] == 104
    for key, value in near[4].items():
        np.testing.assert_allclose(far[4][key], value, rtol=1e-10)


def test_a_kernel_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def lie(self: Any, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        return None  # as if it had run: every figure 0

    monkeypatch.setattr(Kernel, "__call__", lie)
    near, far = _pair(NETS["W1"].graph, "sgd")
    wanted, found = _train(near, 5, 10), _train(far, 5, 10)
    np.testing.assert_array_equal(found.loss, wanted.loss)
    assert "its first loss is 0" in far.why_slow
    told = [r.getMessage() for r in caplog.records]  # one line for each kernel that is given up
    assert len(told) == 2 and "step by step" in told[0] and "tensor by tensor" in told[1]


def test_a_compiler_that_refuses_leaves_the_primitives(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        raise RuntimeError("NVRTC_ERROR_COMPILATION (6)")

    monkeypatch.setattr(Kernel, "__call__", refuse)
    near, far = _pair(NETS["W1"].graph, "sgd")
    wanted, found = _train(near, 5, 10), _train(far, 5, 10)
    np.testing.assert_array_equal(found.loss, wanted.loss)
    assert far.why_slow == "RuntimeError: NVRTC_ERROR_COMPILATION (6)"


def test_what_is_too_large_or_not_known_trains_by_primitives() -> None:
    for name in ("W3", "W5", "W10"):
        assert _pair(NETS[name].graph, "sgd")[1].why_slow
    far = _pair(NETS["W4"].graph, "sgd")[1]
    assert not far.why_slow and not far._launcher.fits(128)


def _source(name: str, dtype: str) -> Small:
    far = _pair(NETS[name].graph, NETS[name].optimizer, dtype)[1]
    return far._launcher.small  # type: ignore[no-any-return]


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no nvcc on this machine")
@pytest.mark.parametrize("target", ["sm_70", "sm_80", "sm_90"])
def test_nvcc_takes_the_source(target: str, tmp_path: Path) -> None:
    listed = subprocess.run(["nvcc", "--list-gpu-code"], capture_output=True, text=True, check=True).stdout.split()
    if target not in listed:
        pytest.skip(f"this nvcc knows no {target} (its oldest is {listed[0]})")
    text = _source("W2", "float32").source
    (tmp_path / "small.cu").write_text(text)
    command = ["nvcc", f"-arch={target}", "-std=c++17", "-cubin", "-o", os.devnull, str(tmp_path / "small.cu")]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr

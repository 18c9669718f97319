"""The GPU backend: every primitive, loss and optimizer stays on the device and gives what the reference gives.

Without a GPU a stand-in that refuses what CuPy refuses takes its place; with one, the real device is judged, too.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.backends import BackendUnavailableError, available, cupy, make_executable
from engine.backends.cupy import CupyExecutable
from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.graph import Graph
from engine.layers import LAYERS, Layer, Sample
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from engine.primitives import Context
from tests.engine.backends.device_double import Device, DeviceArray
from tests.engine.backends.twins import data
from tests.engine.run_program import layer_net, random_inputs
from tests.engine.training.nets import chain, mlp

CASES = [(cls, k, s) for cls in LAYERS.classes() if cls.inputs for k, s in enumerate(cls.samples)]
RUNNING = [pytest.param(cls, s, id=f"{cls.id}-{k}") for cls, k, s in CASES]
NETS: dict[str, Graph] = {
    "mlp": mlp((6, 8, 3), batch_norm="before", dropout=0.3, l1=0.01, l2=0.02),
    "cnn": chain(
        ("input", {"size": (2, 9, 9)}),
        ("conv2d", {"filters": 4, "activation": Spec("relu"), "batch_norm": "before"}),
        ("max_pool2d", {}),
        ("flatten", {}),
        ("dense", {"units": 3}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    ),
    "attention": chain(
        ("input", {"size": (5, 8)}),
        ("layer_norm", {}),
        ("multi_head_attention", {"heads": 2}),
        ("flatten", {}),
        ("dense", {"units": 2}),
        ("output", {"loss": Spec("mse")}),
    ),
}


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    """The stand-in is what ``import cupy`` finds; nets train primitive by primitive, to the reference's very bits."""
    monkeypatch.setattr(CupyExecutable, "one_kernel", False)
    double = Device()
    monkeypatch.setitem(sys.modules, "cupy", double)
    yield double
    _names_are_cupys(double)


def _names_are_cupys(double: Device) -> None:
    """What the engine took from the stand-in is there in CuPy, where CuPy is installed."""
    sys.modules.pop("cupy", None)
    if importlib.util.find_spec("cupy") is None:
        return
    import cupy as real

    assert not [name for name in double.used if not hasattr(real, name)]


@pytest.mark.parametrize(("cls", "sample"), RUNNING)
def test_every_layer_stays_on_the_device(
    cls: type[Layer], sample: Sample, device: Device, rng: np.random.Generator
) -> None:
    net = layer_net(cls(**sample.params), sample.inputs, rng)
    x = random_inputs(net, rng, 3)
    far = layer_net(cls(**sample.params), sample.inputs, np.random.default_rng(0))
    far.stored = {k: device.asarray(v) for k, v in net.stored.items()}
    here, there = Context(np, training=True, seed=5), Context(device, training=True, seed=5)
    y, y_far = net.forward(here, *x), far.forward(there, *(device.asarray(v) for v in x))
    assert isinstance(y_far, DeviceArray)
    np.testing.assert_array_equal(y_far.get(), y)
    grad = rng.normal(size=y.shape)
    wanted, found = net.backward(here, grad), far.backward(there, device.asarray(grad))
    assert wanted.keys() == found.keys()
    for key, value in wanted.items():
        np.testing.assert_array_equal(found[key].get(), value)


@pytest.mark.parametrize("loss", [cls.id for cls in LOSSES.classes()])
def test_every_loss_stays_on_the_device(loss: str, device: Device) -> None:
    plan = build_plan(mlp((4, 1 if "binary" in loss or loss == "hinge" else 3), loss=loss))
    _same_training(plan, "sgd", StepRules(), device)


@pytest.mark.parametrize("optimizer", [cls.id for cls in OPTIMIZERS.classes()])
@pytest.mark.parametrize("net", NETS)
def test_a_training_is_the_references(net: str, optimizer: str, device: Device) -> None:
    _same_training(build_plan(NETS[net]), optimizer, StepRules(), device)


def test_rules_around_the_step_are_the_references(device: Device) -> None:
    rules = StepRules(clip_norm=0.5, clip_value=0.2, gather=2, mean_decay=0.9, proximal=True)
    _same_training(build_plan(NETS["mlp"]), "adam", rules, device)


def _same_training(plan: Any, optimizer: str, rules: StepRules, device: Device) -> None:
    near = NumpyExecutable(plan, OPTIMIZERS.make(Spec(optimizer)), "float32", 1, rules)
    far = CupyExecutable(plan, OPTIMIZERS.make(Spec(optimizer)), "float32", 1, rules)
    x, y = data(plan, 24)
    if plan.heads[0].loss.id == "kl":  # its targets are distributions
        y = {k: np.exp(v) / np.exp(v).sum(1, keepdims=True) for k, v in y.items()}
    rows, rates = np.arange(24).reshape(4, 6), np.full(4, 0.01)
    figures = []
    for executable in (near, far):
        executable.bind(x, y)
        figures.append(executable.train(rows, rates, 0, keep=True))
    one, other = figures
    np.testing.assert_array_equal(one.loss, other.loss)
    np.testing.assert_array_equal(one.hits, other.hits)
    np.testing.assert_allclose(one.grad_norm, other.grad_norm, rtol=1e-6)
    for key, value in near.weights().items():
        np.testing.assert_array_equal(far.weights()[key], value)
    left, right = near.last(), far.last()
    assert left is not None and right is not None
    assert all(type(v) is np.ndarray for v in (*right.values.values(), *right.grads.values()))
    for value, update in left.updates.items():
        np.testing.assert_array_equal(right.updates[value], update)
    a, b = near.evaluate(x, y, 7), far.evaluate(x, y, 7)
    assert a.loss == b.loss and all(np.array_equal(a.shown[k], b.shown[k]) for k in a.shown)
    twin = CupyExecutable(plan, OPTIMIZERS.make(Spec(optimizer)), "float32", 1, rules)  # goes on where that one is
    twin.load_weights(far.weights())
    twin.load_optimizer_state(far.optimizer_state())
    twin.load_carried(far.carried())
    twin.bind(x, y)
    for executable in (far, twin):
        executable.train(rows, rates, 4)
    for key, value in far.weights().items():
        np.testing.assert_array_equal(twin.weights()[key], value)
    far.close()
    assert device.freed == 1


def test_without_a_gpu_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cupy, "missing", lambda: "no NVIDIA driver was found")
    assert "cupy" not in available()
    with pytest.raises(BackendUnavailableError, match="'cupy': no NVIDIA driver was found; available"):
        make_executable("cupy", build_plan(NETS["mlp"]), OPTIMIZERS.make("sgd"), "float32", 0)


def test_a_wall_that_lets_nothing_through(device: Device) -> None:
    """The stand-in refuses what CuPy refuses, or the tests above show nothing."""
    far, near = device.asarray(np.ones(3)), np.ones(3)
    for forbidden in (
        lambda: np.asarray(far), lambda: far + near, lambda: near + far, lambda: device.exp(near), lambda: np.exp(far),
        lambda: far[np.arange(2)], lambda: far.__setitem__(0, near[:1]), lambda: far.tolist(),
    ):  # fmt: skip
        with pytest.raises((TypeError, AttributeError)):
            forbidden()
    assert isinstance(far.sum(), DeviceArray)


@pytest.mark.skipif(bool(cupy.missing()), reason=f"no GPU: {cupy.missing()}")
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_the_device_itself(net: str, dtype: Any) -> None:
    plan = build_plan(NETS[net])
    x, y = data(plan, 240)
    found = []
    for kind in (NumpyExecutable, CupyExecutable):
        executable = kind(plan, OPTIMIZERS.make("sgd"), dtype, 1)
        executable.bind(x, y)
        executable.train(np.arange(240).reshape(10, 24), np.full(10, 0.05), 0)
        found.append(executable.weights())
    near, far = found
    for key, value in near.items():
        scale = np.linalg.norm(value) + 1e-12
        assert np.linalg.norm(far[key] - value) / scale <= (1e-5 if dtype == "float32" else 1e-10)

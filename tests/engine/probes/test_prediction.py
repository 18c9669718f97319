"""The prediction before training against measurement: mean over 20 initializations within 3 %, singles in the band."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from engine.probes.alike import alike_of
from engine.probes.capture import layer_statistics
from engine.probes.prediction import predict
from tests.engine.training.nets import chain

WIDTH, DEPTH, SEEDS = 1000, 6, 20
INITS = {
    "xavier_uniform": Spec("xavier_uniform"),
    "xavier_normal": Spec("xavier_normal"),
    "he_normal": Spec("he_normal"),
    "lecun_normal": Spec("lecun_normal"),
    "uniform": Spec("uniform", {"low": -1 / math.sqrt(WIDTH), "high": 1 / math.sqrt(WIDTH)}),
}


def tower(activation: str, init: Spec, width: int = WIDTH, depth: int = DEPTH):  # type: ignore[no-untyped-def]
    hidden = {"units": width, "activation": Spec(activation), "weight_init": init}
    layers = [("dense", hidden)] * depth
    return build_plan(chain(("input", {"size": (width,)}), *layers, ("output", {"loss": Spec("half_squared")})))


@pytest.mark.parametrize(
    "init", [pytest.param(n, marks=[] if n in ("he_normal", "uniform") else pytest.mark.long) for n in INITS]
)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_forward_variance_and_gradient(activation: str, init: str) -> None:
    plan = tower(activation, INITS[init])
    predicted = predict(plan, {"x": 1.0})
    assert predicted.unknown is None and [p.node for p in predicted.layers] == list(plan.layer_order)
    measured, gradients, inside = [], [], 0
    for seed in range(SEEDS):
        executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", seed)
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(8, WIDTH)), 1000 * rng.normal(size=(8, WIDTH))
        last = executable.gradients({"x": x}, {"y": y}, training=True)
        q = [float(np.mean(last.values[plan.marks[n, "z"]] ** 2)) for n in plan.layer_order]
        r = [s.delta_rms for s in layer_statistics(plan, last)]
        measured.append(q)
        gradients.append(np.log(np.array(r) / r[-1]))
        inside += sum(abs(q[k] / p.q - 1) <= p.band for k, p in enumerate(predicted.layers))
    mean = np.mean(measured, axis=0)
    np.testing.assert_allclose(mean, [p.q for p in predicted.layers], rtol=0.03)
    assert inside >= 0.9 * SEEDS * DEPTH
    # relative to the last layer's own slope, which both sides contain
    expected = np.log([p.gradient / predicted.layers[-1].gradient for p in predicted.layers])
    np.testing.assert_allclose(np.mean(gradients, axis=0), expected, atol=0.03 * DEPTH)


def test_the_band_grows_like_root_of_depth_over_width() -> None:
    wide = predict(tower("relu", Spec("he_normal")), {"x": 1.0}).layers
    narrow = predict(tower("relu", Spec("he_normal"), width=WIDTH // 16), {"x": 1.0}).layers
    assert narrow[-1].band == pytest.approx(4 * wide[-1].band, rel=0.05)
    assert wide[5].band / wide[2].band == pytest.approx(math.sqrt(2), rel=0.1)


def test_trainable_depth_of_a_sigmoid_tower_is_short_and_of_he_relu_unbounded() -> None:
    assert predict(tower("sigmoid", Spec("xavier_normal")), {"x": 1.0}).depth < 1
    assert predict(tower("relu", Spec("he_normal")), {"x": 1.0}).depth > 1000


POOLED = {"units": 64, "activation": Spec("relu"), "weight_init": Spec("he_normal")}


def pooled_plan(size: tuple[int, ...], *layers: tuple[str, dict[str, Any]]) -> Plan:
    ends = [("dense", POOLED), ("dense", {"units": 50}), ("output", {"loss": Spec("half_squared")})]
    return build_plan(chain(("input", {"size": size}), *layers, *ends))


@pytest.mark.parametrize("layer, reason", [("upsample", "operation"), ("max_pool2d", "distribution")])
def test_what_is_not_predicted_is_said(layer: str, reason: str) -> None:
    """The greatest of the input itself, whatever that holds, is not."""
    plan = pooled_plan((1, 8, 8), (layer, {}), ("conv2d", {"filters": 4, "kernel": (3, 3)}), ("flatten", {}))
    found = predict(plan, {"x": 1.0})
    assert found.unknown is not None and found.unknown[1].startswith(layer) and found.reason == reason


def test_where_pooling_cannot_be_predicted_the_reason_is_given() -> None:
    conv = ("conv2d", {"filters": 4, "kernel": (3, 3)})
    large = predict(pooled_plan((1, 64, 64), conv, ("max_pool2d", {}), ("flatten", {})), {"x": 1.0})
    assert large.unknown == ("n2", "max_pool2d") and large.reason == "size"
    lapping = ("max_pool2d", {"size": (3, 3), "stride": (2, 2)})
    even = predict(pooled_plan((1, 16, 16), conv, lapping, conv, ("global_avg_pool", {})), {"x": 1.0})
    assert even.unknown == ("n2", "max_pool2d") and even.reason == "overlap"
    assert [math.isnan(p.gradient) for p in even.layers] == [True, False, False, False], "q is known all the same"


def textured(count: int, length: float) -> np.ndarray:
    """Pictures (N, 32, 12, 12) whose neighbours are alike over that many cells; 0: not at all."""
    rng, size = np.random.default_rng(0), 28
    x = rng.standard_normal((count, 32, size, size))
    if length:
        smooth = np.exp(-0.5 * (np.fft.fftfreq(size) * 2 * math.pi * length) ** 2)
        x = np.fft.ifft2(np.fft.fft2(x) * smooth[:, None] * smooth).real
    return x[..., 8:20, 8:20] / x.std()


@pytest.mark.parametrize("pool, activation, length", [
    ("max_pool2d", "relu", 0.0), ("max_pool2d", "tanh", 1.5), ("avg_pool2d", "relu", 1.5), ("avg_pool2d", "tanh", 0.0),
])  # fmt: skip
def test_pooling_is_predicted(pool: str, activation: str, length: float) -> None:
    """Two blocks of convolution and pooling, on pictures whose cells are alike or are not: q of each layer within
    10 % of the mean over nets, R within a tenth, too."""
    init = Spec("he_normal" if activation == "relu" else "xavier_normal")
    conv = {"filters": 64, "kernel": (3, 3), "padding": "same", "activation": Spec(activation), "weight_init": init}
    plan = pooled_plan((32, 12, 12), ("conv2d", conv), (pool, {}), ("conv2d", conv), (pool, {}), ("flatten", {}))
    judge_pooled(plan, textured(6, length), 64)


@pytest.mark.parametrize("last", ["global_avg_pool", "global_max_pool"])
def test_pooling_of_the_whole_picture_is_predicted(last: str) -> None:
    conv = {"filters": 96, "kernel": (3, 3), "activation": Spec("relu"), "weight_init": Spec("he_normal")}
    judge_pooled(pooled_plan((32, 12, 12), ("conv2d", conv), (last, {})), textured(6, 1.5), 48)


def judge_pooled(plan: Plan, x: np.ndarray, seeds: int) -> None:
    common = float(np.mean(x.mean((0, 2, 3)) ** 2))
    found = predict(plan, {"x": float(np.mean(x**2))}, {"x": common}, {"x": alike_of(x)})
    assert found.unknown is None
    q, gradients = [], []
    for seed in range(seeds):
        executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", seed)
        y = 1000 * np.random.default_rng(seed).normal(size=(len(x), 50))
        last = executable.gradients({"x": x}, {"y": y}, training=True)
        q.append([float(np.mean(last.values[plan.marks[n, "z"]] ** 2)) for n in plan.layer_order])
        r = [s.delta_rms for s in layer_statistics(plan, last)]
        gradients.append(np.log(np.array(r) / r[-1]))
    np.testing.assert_allclose([p.q for p in found.layers], np.mean(q, axis=0), rtol=0.1)
    expected = np.log([p.gradient / found.layers[-1].gradient for p in found.layers])
    np.testing.assert_allclose(np.mean(gradients, axis=0), expected, atol=0.1)


def measured_over_seeds(plan, shape: tuple[int, ...], offset: float, batch: int):  # type: ignore[no-untyped-def]
    """Mean over nets of q by layer, and of ln R relative to the last layer."""
    q, gradients, inside = [], [], []
    predicted = predict(plan, {"x": 1.0 + offset**2}, {"x": offset**2})
    for seed in range(SEEDS):
        executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", seed)
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(batch, *shape)) + offset * rng.choice((-1, 1), size=(1, shape[0], *(1,) * len(shape[1:])))
        y = 1000 * rng.normal(size=(batch, *plan.values[plan.heads[0].prediction].shape))
        last = executable.gradients({"x": x}, {"y": y}, training=True)
        q.append([float(np.mean(last.values[plan.marks[n, "z"]] ** 2)) for n in plan.layer_order])
        r = [s.delta_rms for s in layer_statistics(plan, last)]
        gradients.append(np.log(np.array(r) / r[-1]))
        inside += [abs(now / p.q - 1) <= p.band + 1e-3 for now, p in zip(q[-1], predicted.layers, strict=True)]
    return predicted, np.mean(q, axis=0), np.mean(gradients, axis=0), np.mean(inside)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_batch_norm_is_predicted(activation: str, place: str) -> None:
    """He's ReLU and a tanh whose weights are far too large: with batch norm neither matters for q, both for R."""
    width = 300
    init = Spec("he_normal") if activation == "relu" else Spec("normal", {"std": 3 / math.sqrt(width)})
    hidden = {"units": width, "activation": Spec(activation), "weight_init": init, "batch_norm": place}
    layers = [("dense", hidden)] * 5
    plan = build_plan(chain(("input", {"size": (width,)}), *layers, ("output", {"loss": Spec("half_squared")})))
    predicted, q, r, inside = measured_over_seeds(plan, (width,), 0.8, 256)
    assert predicted.unknown is None
    np.testing.assert_allclose(q, [p.q for p in predicted.layers], rtol=0.03)
    expected = np.log([p.gradient / predicted.layers[-1].gradient for p in predicted.layers])
    np.testing.assert_allclose(r, expected, atol=0.03 * len(layers))
    assert inside >= 0.9


def test_batch_norm_with_relu_multiplies_the_squared_gradient_by_pi_over_pi_minus_one() -> None:
    """Yang et al. 2019, whatever the initializer."""
    for sd in (0.01, 1.0):
        hidden = {"units": 64, "activation": Spec("relu"), "weight_init": Spec("normal", {"std": sd}),
                  "batch_norm": "before"}  # fmt: skip
        layers = [("dense", hidden)] * 8
        plan = build_plan(chain(("input", {"size": (64,)}), *layers, ("output", {"loss": Spec("half_squared")})))
        found = predict(plan, {"x": 1.0}).layers
        # eps is the only other thing: 1e-5 beside a variance of 64 sd^2 (1 - 1 / pi) / 2
        ratio = (found[3].gradient / found[4].gradient) ** 2
        assert ratio == pytest.approx(math.pi / (math.pi - 1), rel=6e-3)
        assert found[4].chi == pytest.approx(math.pi / (math.pi - 1), rel=6e-3)


@pytest.mark.parametrize(("norm", "padding", "stride"), [
    ("before", "same", 1), ("before", "valid", 1), ("before", "same", 2), ("none", "same", 1)])  # fmt: skip
def test_convolutions_are_predicted_with_their_borders(norm: str, padding: str, stride: int) -> None:
    """At the border a kernel sees fewer pixels, and pixels fewer kernels: counted in the mean over the picture, which
    is exact for one layer, and 10 % of q and a twentieth of a decade of R after three. Without it q is 28 % off here.
    """
    conv = {"filters": 48, "kernel": (3, 3), "activation": Spec("relu"), "weight_init": Spec("he_normal"),
            "batch_norm": norm, "padding": padding}  # fmt: skip
    layers = [("conv2d", conv), ("conv2d", {**conv, "stride": (stride, stride)}), ("conv2d", conv)]
    plan = build_plan(chain(("input", {"size": (16, 12, 12)}), *layers, ("output", {"loss": Spec("half_squared")})))
    predicted, q, r, _ = measured_over_seeds(plan, (16, 12, 12), 0.0, 8)
    assert q[0] == pytest.approx(predicted.layers[0].q, rel=0.03)
    np.testing.assert_allclose(q, [p.q for p in predicted.layers], rtol=0.03 if norm == "before" else 0.1)
    expected = np.log10([p.gradient / predicted.layers[-1].gradient for p in predicted.layers])
    np.testing.assert_allclose(r / math.log(10), expected, atol=0.05)

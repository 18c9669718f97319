"""Every loss: gradient against differences, value and gradient against torch and Keras, NaN, large logits, refusals."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

from engine.declare import ParamError, Spec
from engine.losses import LOSSES, Loss

FLAT: tuple[tuple[int, ...], ...] = ((5,), (2,), (3, 2, 4))
#: parameters besides the defaults, and per-sample shapes; a loss missing here is tested with its defaults on FLAT
CASES: dict[str, tuple[dict[str, Any], ...]] = {
    "huber": ({"delta": 0.3}, {"delta": 2.5}),
    "binary_cross_entropy": ({"label_smoothing": 0.1},),
    "softmax_cross_entropy": ({"label_smoothing": 0.2},),
    "weighted_cross_entropy": ({"weights": "random"}, {"weights": "random", "label_smoothing": 0.3}),
    "hinge": ({"margin": 0.4},),
    "multiclass_hinge": ({"margin": 2.0},),
    "focal": ({"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 3.0}),
    "binary_focal": ({"gamma": 0.0, "alpha": 0.5}, {"gamma": 0.7, "alpha": 0.9}),
}
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {"multiclass_hinge": ((5,), (2,))}
ONE_OUTPUT = ("mse", "half_squared", "mae", "huber", "binary_cross_entropy", "hinge", "binary_focal")


def all_cases() -> list[Any]:
    found = []
    for name in LOSSES:
        for params in ({}, *CASES.get(name, ())):
            for shape in (*SHAPES.get(name, FLAT), *([(1,)] if name in ONE_OUTPUT else [])):
                found.append(pytest.param(name, params, shape, id=f"{name}-{params}-{shape}".replace(" ", "")))
    return found


def made(name: str, params: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator) -> Loss:
    filled = {k: tuple(rng.uniform(0.2, 3, shape[0]).tolist()) if v == "random" else v for k, v in params.items()}
    return LOSSES[name](**filled)


def drawn(loss: Loss, shape: tuple[int, ...], rng: np.random.Generator, n: int = 7) -> tuple[Any, Any]:
    """Predictions and targets, kept away from the kinks of the piecewise losses by being random."""
    y = rng.normal(0, 2, (n, *shape))
    if loss.target == "classes":
        return y, rng.integers(0, shape[0], (n, *shape[1:]))
    if loss.target == "binary":
        return y, rng.integers(0, 2, (n, *shape)).astype(np.float64)
    if loss.id == "kl":
        t = rng.gamma(0.5, 1, (n, *shape))
        t[0, 0] = 0.0
        return y, t / t.sum(1, keepdims=True)
    return y, rng.normal(0, 2, (n, *shape))


@pytest.mark.parametrize(("name", "params", "shape"), all_cases())
def test_gradient_equals_differences(
    name: str, params: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    loss = made(name, params, shape, rng)
    assert loss.check(shape) == ""
    y, t = drawn(loss, shape, rng)
    assert loss.check_target(shape, t) == ""
    gradient = loss.gradient(np, y, t)
    assert gradient.shape == y.shape and gradient.dtype == y.dtype
    for _ in range(5):
        direction = rng.normal(size=y.shape)
        ahead, behind = (loss.per_sample(np, y + s * direction, t) for s in (1e-6, -1e-6))
        exact = (gradient * direction).reshape(len(y), -1).sum(1)
        np.testing.assert_allclose(exact, (ahead - behind) / 2e-6, rtol=2e-7, atol=2e-8)


@pytest.mark.parity
@pytest.mark.parametrize(("name", "params", "shape"), all_cases())
def test_value_and_gradient_equal_torch(
    name: str, params: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    loss = made(name, params, shape, rng)
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        for _ in range(3):
            y, t = drawn(loss, shape, rng, int(rng.integers(1, 40)))
            y = y.astype(dtype)
            t = t if loss.target == "classes" else t.astype(dtype)
            y_torch, t_torch = torch.tensor(y, requires_grad=True), torch.tensor(t)
            names = {"torch": torch, "F": torch.nn.functional, "y": y_torch, "t": t_torch}
            value = eval(loss.torch_text(), names)
            value.backward()
            ours, slope = loss.per_sample(np, y, t), loss.gradient(np, y, t) / len(y)
            assert ours.dtype == slope.dtype == np.dtype(dtype)
            assert ours.shape == (len(y),)
            np.testing.assert_allclose(ours.mean(), value.item(), rtol=tolerance, atol=tolerance)
            np.testing.assert_allclose(slope, y_torch.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parity("torch", "keras")
@pytest.mark.parametrize(("name", "params", "shape"), all_cases())
def test_value_equals_keras_text(
    name: str, params: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        loss = made(name, params, shape, rng)
        y, t = drawn(loss, shape, rng)
        tensors = {k: keras.ops.convert_to_tensor(v, dtype=str(v.dtype)) for k, v in (("y", y), ("t", t))}
        value = float(eval(loss.keras_text(), {"ops": keras.ops, **tensors}))
    finally:
        keras.config.set_floatx(before)
    # Keras' mean on torch computes in float32, whatever the type of its input.
    np.testing.assert_allclose(loss.per_sample(np, y, t).mean(), value, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_survives_in_its_sample_only(name: str, dtype: str, rng: np.random.Generator) -> None:
    loss = LOSSES[name]()
    y, t = drawn(loss, (3,), rng)
    y = y.astype(dtype)
    y[2, 1] = np.nan
    for worst in (0, 1, 2):  # whichever class is the target of the broken sample
        if loss.target == "classes":
            t[2] = worst
        values, slopes = loss.per_sample(np, y, t), loss.gradient(np, y, t)
        assert np.isnan(values).tolist() == [i == 2 for i in range(len(y))]
        assert np.isnan(slopes).any(1).tolist() == [i == 2 for i in range(len(y))]


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("scale", [1e4, -1e4, 0.0])
def test_extreme_outputs_stay_finite_and_right(name: str, scale: float, rng: np.random.Generator) -> None:
    loss = LOSSES[name]()
    y, t = drawn(loss, (3,), rng)
    y = np.round(y) * scale
    y[0] = [scale, -scale, scale]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = loss.per_sample(np, y.astype(np.float32), t), loss.gradient(np, y.astype(np.float32), t)
        exact = loss.per_sample(np, y, t), loss.gradient(np, y, t)
    for ours, truth in zip(small, exact, strict=True):
        assert np.isfinite(truth).all()
        np.testing.assert_allclose(ours, truth, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", [n for n in LOSSES if LOSSES[n].target != "classes"])
def test_a_flat_target_does_not_broadcast(name: str, rng: np.random.Generator) -> None:
    loss = LOSSES[name]()
    y, t = drawn(loss, (1,), rng) if name != "kl" else (rng.normal(size=(7, 1)), np.ones((7, 1)))
    assert loss.per_sample(np, y, t[:, 0]).tolist() == loss.per_sample(np, y, t).tolist()
    assert loss.gradient(np, y, t[:, 0]).shape == y.shape
    with pytest.raises(ValueError, match=r"\(6,\).*\(7, 1\)"):
        loss.per_sample(np, y, t[:6, 0])


@pytest.mark.parametrize("name", LOSSES)
def test_whole_number_targets_keep_single_precision(name: str, rng: np.random.Generator) -> None:
    loss = LOSSES[name]()
    y, _ = drawn(loss, (3,), rng)
    t = rng.integers(0, 2, 7 if loss.target == "classes" else (7, 3))
    y = y.astype(np.float32)
    assert loss.per_sample(np, y, t).dtype == np.float32
    assert loss.gradient(np, y, t).dtype == np.float32


@pytest.mark.parametrize(
    ("loss", "shape", "words"),
    [
        (LOSSES.make("softmax_cross_entropy"), (1,), "at least 2, but the prediction has 1"),
        (LOSSES.make("softmax_cross_entropy"), (), "at least 2, but the prediction has 1"),
        (LOSSES.make("focal"), (1, 4, 4), "at least 2"),
        (LOSSES.make("kl"), (1,), "at least 2 outputs, but the prediction has 1"),
        (LOSSES.make("cosine"), (1, 1), "at least 2 outputs"),
        (LOSSES.make("multiclass_hinge"), (3, 4, 4), "vector of at least 2 scores.*3 x 4 x 4"),
        (
            LOSSES.make(Spec("weighted_cross_entropy", {"weights": (1.0, 2.0)})),
            (3,),
            "2 class weights, but the prediction has 3",
        ),
    ],
)
def test_shapes_that_make_no_sense_are_refused_in_words(loss: Loss, shape: tuple[int, ...], words: str) -> None:
    assert re.search(words, loss.check(shape))
    assert loss.title in loss.check(shape)


@pytest.mark.parametrize(
    ("name", "shape", "target", "words"),
    [
        ("softmax_cross_entropy", (3,), np.array([0, 3]), "up to 2, but the data has 3; give the last layer 4 units"),
        ("softmax_cross_entropy", (3,), np.array([0, -1]), "starts at -1"),
        ("softmax_cross_entropy", (3,), np.array([0.5, 1.0]), "float64"),
        ("softmax_cross_entropy", (3,), np.eye(3), "1 target(s) per sample for this output, but the data has 3"),
        ("binary_cross_entropy", (1,), np.array([0, 7]), "0 or 1, but the data goes from 0 to 7"),
        ("mse", (2,), np.zeros(5), "2 target(s) per sample"),
        ("mse", (1,), np.array([np.nan, 1]), "NaN"),
        ("kl", (2,), np.array([[-0.5, 1.5]]), "down to -0.5"),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_words(
    name: str, shape: tuple[int, ...], target: Any, words: str
) -> None:
    assert words in LOSSES.make(name).check_target(shape, target)


def test_wrong_parameters_name_the_rule() -> None:
    with pytest.raises(ParamError, match=r"huber\.delta: expected a number above 0, got 0"):
        LOSSES["huber"](delta=0)


def test_known_values() -> None:
    zero = np.zeros((4, 10))
    t = np.array([0, 3, 9, 9])
    np.testing.assert_allclose(LOSSES["softmax_cross_entropy"]().per_sample(np, zero, t), np.log(10), rtol=1e-15)
    np.testing.assert_allclose(LOSSES["half_squared"]().per_sample(np, zero, zero + 2), 20)
    np.testing.assert_allclose(LOSSES["mse"]().per_sample(np, zero, zero + 2), 4)
    np.testing.assert_allclose(LOSSES["binary_cross_entropy"]().per_sample(np, zero, zero), np.log(2), rtol=1e-15)
    np.testing.assert_allclose(LOSSES["focal"](gamma=0).per_sample(np, zero, t), np.log(10), rtol=1e-15)
    sure = np.array([[1e4, -1e4]])
    assert LOSSES["softmax_cross_entropy"]().per_sample(np, sure, np.array([1])).tolist() == [2e4]


@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 1.5)])
def test_a_confident_prediction_keeps_its_digits(weights: tuple[float, ...] | None) -> None:
    """Found by random networks: p - 1 in float32 has none left where the logits lead by a dozen."""
    loss = LOSSES["weighted_cross_entropy"](weights=weights)
    t = np.array([1, 0, 2, 1])
    logits = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    logits[np.arange(4), t] += np.array([6, 9, 12, 15], np.float32)
    wide = logits.astype(np.float64)
    rest = np.exp(wide - wide[np.arange(4), t][:, None])
    rest[np.arange(4), t] = 0
    others = rest.sum(1)
    factor = np.ones(4) if weights is None else np.asarray(weights)[t]
    exact = rest / (1 + others)[:, None] * factor[:, None]
    exact[np.arange(4), t] = -exact.sum(1)
    np.testing.assert_allclose(loss.gradient(np, logits, t), exact, rtol=5e-6)
    np.testing.assert_allclose(loss.per_sample(np, logits, t), factor * np.log1p(others), rtol=5e-6)

"""Every initializer: the variance that it promises, its law, its fans, and orthogonality to the last digit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.declare import ParamError
from engine.initializers import INITIALIZERS, Initializer

Rng = np.random.Generator
DRAWN = [name for name in INITIALIZERS if INITIALIZERS[name].random]
#: parameters besides the defaults to test a law with
CASES: dict[str, tuple[dict[str, Any], ...]] = {
    "normal": ({"std": 0.3, "mean": 1.5},),
    "uniform": ({"low": 1.0, "high": 3.0},),
    "xavier_uniform": ({"gain": 5 / 3},),
    "he_normal": ({"slope": 0.5, "fan": "out"}, {"gain": 0.01}),
    "he_uniform": ({"slope": 5**0.5},),
    "orthogonal": ({"gain": 2.0},),
}
#: weight shape and fans: dense (out, in), convolution (out, in, h, w)
SHAPES = (((300, 200), 200, 300), ((64, 32, 5, 5), 800, 1600), ((40, 500), 500, 40))


def laws() -> list[Any]:
    return [
        pytest.param(INITIALIZERS[name](**params), *shape, id=f"{name}-{params}-{shape[0]}")
        for name in DRAWN
        for params in ({}, *CASES.get(name, ()))
        for shape in SHAPES
    ]


@pytest.mark.parametrize(("initializer", "shape", "fan_in", "fan_out"), laws())
def test_sample_variance_is_the_promised_one(
    initializer: Initializer, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: Rng
) -> None:
    w = initializer.draw(shape, fan_in, fan_out, rng)
    assert w.shape == shape and w.dtype == np.float64 and w.flags.c_contiguous
    promised = initializer.variance(fan_in, fan_out, shape)
    spread = 5 * np.sqrt(2 / w.size)  # a normal's relative deviation of the sample variance, five times
    assert w.var() == pytest.approx(promised, rel=spread)
    centre = {"normal": getattr(initializer, "mean", 0), "uniform": 0}.get(initializer.id, 0)
    if initializer.id == "uniform":
        centre = (initializer.low + initializer.high) / 2  # type: ignore[attr-defined]
    assert abs(w.mean() - centre) < 5 * np.sqrt(promised / w.size)


@pytest.mark.parametrize(("initializer", "shape", "fan_in", "fan_out"), laws())
def test_the_law_is_the_named_one(
    initializer: Initializer, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: Rng
) -> None:
    w = initializer.draw(shape, fan_in, fan_out, rng).ravel()
    z = (w - w.mean()) / np.sqrt(initializer.variance(fan_in, fan_out, shape))
    kurtosis = (z**4).mean()
    if "uniform" in initializer.id:
        assert np.abs(z).max() <= 3**0.5 * 1.05 and kurtosis == pytest.approx(1.8, abs=0.05)
    else:
        assert kurtosis == pytest.approx(3, abs=5 * np.sqrt(24 / w.size) + 0.05)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("ours", "name", "arguments"),
    [
        (INITIALIZERS["xavier_uniform"](gain=2.0), "xavier_uniform_", {"gain": 2.0}),
        (INITIALIZERS["xavier_normal"](), "xavier_normal_", {}),
        (INITIALIZERS["he_uniform"](), "kaiming_uniform_", {"nonlinearity": "relu"}),
        (INITIALIZERS["he_uniform"](slope=5**0.5), "kaiming_uniform_", {"a": 5**0.5}),
        (INITIALIZERS["he_normal"](fan="out", slope=0.2), "kaiming_normal_", {"mode": "fan_out", "a": 0.2}),
        (INITIALIZERS["orthogonal"](gain=1.5), "orthogonal_", {"gain": 1.5}),
    ],
)
@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), SHAPES)
def test_variance_is_torchs(
    ours: Initializer, name: str, arguments: dict[str, Any], shape: tuple[int, ...], fan_in: int, fan_out: int
) -> None:
    torch = pytest.importorskip("torch")
    weight = torch.empty(shape, dtype=torch.float64)
    getattr(torch.nn.init, name)(weight, generator=torch.Generator().manual_seed(1), **arguments)
    promised = ours.variance(fan_in, fan_out, shape)
    assert weight.numpy().var() == pytest.approx(promised, rel=5 * np.sqrt(2 / weight.numel()))


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("xavier_uniform", {}, 2 / 50),
        ("xavier_normal", {"gain": 2.0}, 8 / 50),
        ("he_uniform", {}, 2 / 20),
        ("he_normal", {"fan": "out"}, 2 / 30),
        ("he_normal", {"slope": 1.0}, 1 / 20),
        ("lecun_uniform", {}, 1 / 20),
        ("lecun_normal", {"gain": 0.5}, 0.25 / 20),
        ("lecun_uniform", {"gain": 3**-0.5}, 1 / 60),  # U(-1/sqrt n, 1/sqrt n), torch's own start of a dense layer
        ("orthogonal", {}, 1 / 30),
        ("uniform", {}, 1 / 12),
        ("normal", {"std": 0.2}, 0.04),
        ("zeros", {}, 0.0),
        ("constant", {"value": 7.0}, 0.0),
        ("given", {"values": (1.0, 3.0)}, 1.0),
    ],
)
def test_variance_in_numbers(name: str, params: dict[str, Any], expected: float) -> None:
    assert INITIALIZERS[name](**params).variance(20, 30) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3), (4, 2, 3, 3), (40, 2, 3, 3), (6,), (1, 7)])
def test_orthogonal_is_orthogonal(shape: tuple[int, ...], rng: Rng) -> None:
    w = INITIALIZERS["orthogonal"](gain=3.0).draw(shape, 1, 1, rng).reshape(shape[0] if len(shape) > 1 else 1, -1)
    rows, columns = w.shape
    square = w @ w.T if rows <= columns else w.T @ w
    np.testing.assert_allclose(square, 9 * np.eye(min(rows, columns)), atol=1e-13)


def test_orthogonal_is_uniform_over_rotations_and_reflections(rng: Rng) -> None:
    """Without the sign correction the first entry of Q would never be positive."""
    first = [INITIALIZERS["orthogonal"]().draw((4, 4), 4, 4, rng)[0, 0] for _ in range(400)]
    assert 150 < sum(f > 0 for f in first) < 250


@pytest.mark.parametrize("name", INITIALIZERS)
def test_same_generator_same_weights_and_zero_fans_do_no_harm(name: str) -> None:
    initializer = INITIALIZERS[name]()
    first, again, other = (initializer.draw((6, 4), 4, 6, np.random.default_rng(s)) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any() == initializer.random
    assert np.isfinite(initializer.draw((3,), 0, 0, np.random.default_rng(0))).all()
    assert np.isfinite(initializer.variance(0, 0))


def test_values_written_out() -> None:
    rng = np.random.default_rng(0)
    given = INITIALIZERS["given"](values=[1, 2, 3])
    assert given.draw((2, 2), 2, 2, rng).tolist() == [[1, 2], [3, 1]]
    assert given.variance(2, 2, (2, 2)) == pytest.approx(np.var([1, 2, 3, 1]))
    assert INITIALIZERS["constant"](value=0.1).draw((2,), 1, 1, rng).tolist() == [0.1, 0.1]
    assert INITIALIZERS["zeros"]().draw((2,), 1, 1, rng).tolist() == [0, 0]


def test_upside_down_bounds_are_refused() -> None:
    with pytest.raises(ParamError, match=r"uniform\.high: expected a number of at least low, which is 1, got 0\.5"):
        INITIALIZERS["uniform"](low=1.0)

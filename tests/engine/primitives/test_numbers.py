"""Values that a primitive must give: definitions, kinks, NaN, running statistics, determinism."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.primitives import PRIMITIVES, Context, Primitive
from engine.primitives.avg_pool2d import AvgPool2d
from engine.primitives.batch_norm import BatchNorm
from engine.primitives.conv2d import Conv2d
from engine.primitives.dropout import Dropout
from engine.primitives.elu import ELU
from engine.primitives.erf import erf
from engine.primitives.gaussian_noise import GaussianNoise
from engine.primitives.gelu import GELU
from engine.primitives.leaky_relu import LeakyReLU
from engine.primitives.max_pool2d import MaxPool2d
from engine.primitives.maximum import Maximum
from engine.primitives.prelu import PReLU
from engine.primitives.relu import ReLU
from engine.primitives.scale_shift import ScaleShift
from engine.primitives.sigmoid import Sigmoid
from engine.primitives.softmax import Softmax
from engine.primitives.step import Step
from engine.primitives.tanh import Tanh
from tests.engine.run_program import context

TRAIN, EVAL = context(training=True, update_state=True), context(training=False)


def forward(p: Primitive, *x: Any, ctx: Context = EVAL) -> Any:
    return p.forward(ctx, *x)[0]


def backward(p: Primitive, grad: Any, *x: Any, ctx: Context = TRAIN) -> Any:
    y, saved = p.forward(ctx, *x)
    return p.backward(ctx, grad, saved, x, y, [True] * len(x))


def test_erf_has_fifteen_digits() -> None:
    x = np.concatenate([np.linspace(-7, 7, 20001), np.geomspace(1e-300, 30, 2000), [0.46875, 4.0, 6.0]])
    exact = np.array([math.erf(v) for v in x])
    there = exact != 0
    assert np.abs(erf(np, x)[there] / exact[there] - 1).max() <= 1e-15
    assert np.array_equal(erf(np, np.array([0.0, np.inf, -np.inf])), [0.0, 1.0, -1.0])
    assert np.isnan(erf(np, np.array([np.nan])))[0]
    single = erf(np, x.astype(np.float32))
    assert single.dtype == np.float32 and np.abs(single - exact).max() < 3e-7


@pytest.mark.parametrize(
    ("p", "at_zero"), [(ReLU(), 0.0), (LeakyReLU(0.2), 0.2), (Step(), 0.0), (ELU(), 1.0)], ids=lambda v: str(v)
)
def test_slope_at_the_kink_is_torchs(p: Primitive, at_zero: float) -> None:
    (dx,) = backward(p, np.ones(1), np.zeros(1))
    assert dx[0] == at_zero


@pytest.mark.parametrize(
    "p", [ReLU(), LeakyReLU(), ELU(), GELU(), Sigmoid(), Tanh(), Softmax(), Step(), Dropout(0.5), ScaleShift((2.0,))],
    ids=lambda p: p.id,
)  # fmt: skip
def test_nan_stays(p: Primitive) -> None:
    x = np.array([[1.0, np.nan, -1.0, 2.0]])
    assert np.isnan(forward(p, x, ctx=TRAIN)[0, 1])
    (dx,) = backward(p, np.full((1, 4), np.nan), np.abs(x) + 1) if p.id != "step" else (np.full((1, 4), np.nan),)
    assert np.isnan(dx).any()


@pytest.mark.parametrize("p", [Sigmoid(), Softmax(), ELU(), GELU(), Tanh()], ids=lambda p: p.id)
def test_large_numbers_do_not_overflow(p: Primitive) -> None:
    for dtype in ("float32", "float64"):
        x = np.array([[1e4, -1e4, 0.0, 88.8]], dtype=dtype)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(forward(p, x)).all()
            assert np.isfinite(backward(p, np.ones_like(x), x)[0]).all()


def test_convolution_is_its_sum(rng: np.random.Generator) -> None:
    x, w, b = rng.normal(size=(2, 4, 6, 7)), rng.normal(size=(6, 2, 3, 2)), rng.normal(size=6)
    p = Conv2d((2, 1), (1, 0, 2, 1), (1, 2), 2)
    y = forward(p, x, w, b)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (0, 1)))
    assert y.shape == (2, 6, 4, 6) == (2, *p.shape(x.shape[1:], w.shape))
    for n, o, h, v in np.ndindex(y.shape):
        group = slice(2 * (o // 3), 2 * (o // 3) + 2)
        seen = padded[n, group, 2 * h : 2 * h + 3, v : v + 3 : 2]
        assert y[n, o, h, v] == pytest.approx((seen * w[o]).sum() + b[o], abs=1e-12)


def test_convolution_does_not_depend_on_the_chunk(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = rng.normal(size=(7, 3, 9, 8)), rng.normal(size=(4, 3, 3, 3))
    for p in (Conv2d((1, 1), (1, 1, 1, 1)), Conv2d((2, 3), (0, 1, 2, 0))):
        y = forward(p, x, w)
        grad = rng.normal(size=y.shape)
        whole = (y, *backward(p, grad, x, w))
        for budget in (1, 20_000):  # one sample at a time, a few
            monkeypatch.setattr("engine.primitives.window.HOST_BYTES", budget)
            parts = (forward(p, x, w), *backward(p, grad, x, w))
            for a, b in zip(whole, parts, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        monkeypatch.undo()


def test_convolution_memory_does_not_grow_with_the_batch() -> None:
    import tracemalloc

    w = np.ones((8, 8, 5, 5))
    peaks = []
    for batch in (64, 256):
        x = np.ones((batch, 8, 24, 24))
        tracemalloc.start()
        y, saved = Conv2d().forward(TRAIN, x, w)
        Conv2d().backward(TRAIN, y, saved, (x, w), y, (True, True))
        peaks.append((tracemalloc.get_traced_memory()[1] - y.nbytes - x.nbytes) / 2**20)
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 4, f"working memory {peaks[0]:.1f} MiB at 64 samples, {peaks[1]:.1f} at 256"


def test_max_pool_gives_the_first_of_equals_the_gradient() -> None:
    x = np.array([[[[1.0, 3.0], [3.0, 3.0]]]])
    (dx,) = backward(MaxPool2d(), np.full((1, 1, 1, 1), 5.0), x)
    assert np.array_equal(dx, [[[[0.0, 5.0], [0.0, 0.0]]]])


@pytest.mark.parametrize("place", range(4))
def test_max_pool_lets_nan_through_and_back(place: int) -> None:
    x = np.arange(4.0)
    x[place] = np.nan
    x = x.reshape(1, 1, 2, 2)
    assert np.isnan(forward(MaxPool2d(), x)).all()
    (dx,) = backward(MaxPool2d(), np.ones((1, 1, 1, 1)), x)
    assert np.array_equal(dx.ravel(), np.arange(4) == place)
    (dx,) = backward(MaxPool2d(), np.full((1, 1, 1, 1), np.nan), np.arange(4.0).reshape(1, 1, 2, 2))
    assert np.array_equal(np.isnan(dx).ravel(), [False, False, False, True]), "NaN goes to the winner only"


def test_max_pool_padding_never_wins() -> None:
    x = np.full((1, 1, 3, 3), -7.0)
    y = forward(MaxPool2d((2, 2), (2, 2), (1, 1, 0, 0)), x)
    assert (y == -7.0).all()


def test_max_pool_of_large_windows(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 1, 20, 20))
    p = MaxPool2d((20, 20), (1, 1))
    (dx,) = backward(p, np.ones((2, 1, 1, 1)), x)  # 400 cells: more than one byte can number
    for n in range(2):
        assert dx[n].ravel().argmax() == x[n].ravel().argmax() and dx[n].sum() == 1


def test_avg_pool_leaves_padding_out() -> None:
    y = forward(AvgPool2d((2, 2), (2, 2), (1, 1, 1, 1)), np.ones((1, 1, 4, 4)))
    assert np.array_equal(y, np.ones((1, 1, 3, 3)))


def test_batch_norm_by_hand() -> None:
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 10.0]])
    mean, var = np.zeros(2), np.ones(2)
    y = forward(BatchNorm(), x, np.array([2.0, 1.0]), np.array([1.0, 7.0]), mean, var, ctx=TRAIN)
    spread = math.sqrt(8 / 3 + 1e-5)
    np.testing.assert_allclose(y[:, 0], [1 - 4 / spread, 1.0, 1 + 4 / spread], rtol=1e-14)
    np.testing.assert_array_equal(y[:, 1], 7.0)
    np.testing.assert_allclose(mean, [0.3, 1.0], rtol=1e-14)
    np.testing.assert_allclose(var, [0.9 + 0.1 * 4, 0.9], rtol=1e-14)  # unbiased: 8 / 2
    kept = mean.copy(), var.copy()
    forward(BatchNorm(), x, np.ones(2), np.zeros(2), mean, var, ctx=context(training=True, update_state=False))
    forward(BatchNorm(), x, np.ones(2), np.zeros(2), mean, var, ctx=EVAL)
    assert np.array_equal(mean, kept[0]) and np.array_equal(var, kept[1])


def test_dropout_keeps_its_share_and_its_mean() -> None:
    x = np.ones((100, 1000))
    for rate in (0.1, 0.5, 0.95):
        y = forward(Dropout(rate), x, ctx=TRAIN)
        kept = (y != 0).mean()
        sd = math.sqrt(rate * (1 - rate) / x.size)
        assert abs(kept - (1 - rate)) < 5 * sd
        np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-15)


def test_dropout_keeps_from_its_threshold_on() -> None:
    class Drawn(Context):
        def uniform_bits(self, stream: int, shape: tuple[int, ...]) -> Any:
            return np.array([[0, 2**30 - 1, 2**30, 2**32 - 1]], dtype=np.uint32)

    y = forward(Dropout(0.25), np.ones((1, 4)), ctx=Drawn(np, training=True))
    assert np.array_equal(y != 0, [[False, False, True, True]])


def test_spatial_dropout_drops_whole_maps() -> None:
    y = forward(Dropout(0.5, spatial=True), np.ones((40, 5, 3, 2)), ctx=TRAIN)
    assert (y.reshape(40, 5, -1).std(2) == 0).all() and 0.3 < (y[:, :, 0, 0] == 0).mean() < 0.7


def test_gaussian_noise_is_normal() -> None:
    n = forward(GaussianNoise(2.0), np.zeros((300, 1000)), ctx=TRAIN) / 2
    assert abs(n.mean()) < 5 / math.sqrt(n.size) and abs(n.var() - 1) < 5 * math.sqrt(2 / n.size)
    assert abs((n**3).mean()) < 5 * math.sqrt(15 / n.size) and abs((n**4).mean() - 3) < 5 * math.sqrt(96 / n.size)
    assert abs((np.abs(n) < 1).mean() - 0.682689492) < 5 * math.sqrt(0.22 / n.size)
    assert abs((n[:, 1:] * n[:, :-1]).mean()) < 5 / math.sqrt(n.size), "neighbours are independent"


def test_maximum_gives_the_first_of_equals_the_gradient() -> None:
    one = np.array([1.0, np.nan, 2.0, 1.0])
    two = np.array([1.0, 3.0, np.nan, 4.0])
    parts = backward(Maximum(), np.ones(4), one, two)
    assert np.array_equal(parts, [[1, 1, 0, 0], [0, 0, 1, 1]])


def test_dropout_is_a_function_of_seed_stream_step_and_element() -> None:
    x = np.ones((4, 50))
    first = forward(Dropout(0.5, 1), x, ctx=context(seed=1, step=1))
    assert np.array_equal(first, forward(Dropout(0.5, 1), x, ctx=context(seed=1, step=1)))
    assert np.array_equal(first[:2], forward(Dropout(0.5, 1), x[:2], ctx=context(seed=1, step=1)))
    for stream, seed, step in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        assert not np.array_equal(first, forward(Dropout(0.5, stream), x, ctx=context(seed=seed, step=step)))
    assert np.array_equal(forward(Dropout(0.5), x), x), "everything passes outside training"


def test_standardizing_a_large_mean_costs_no_digits() -> None:
    x = (1e6 + np.arange(5.0)).astype(np.float32).reshape(5, 1)
    y = forward(ScaleShift((0.5,), (0.0,), (1e6,)), x)
    assert np.array_equal(y.ravel(), np.arange(5) / 2)


def test_prelu_slope_reaches_the_negative_half_only() -> None:
    x = np.array([[-2.0, 3.0], [-1.0, -4.0]])
    dx, da = backward(PReLU(), np.ones((2, 2)), x, np.array([0.5, 0.25]))
    assert np.array_equal(dx, [[0.5, 1.0], [0.5, 0.25]]) and np.array_equal(da, [-3.0, -4.0])


def test_softmax_of_an_image_sums_to_one_over_its_channels(rng: np.random.Generator) -> None:
    y = forward(Softmax(0), rng.normal(size=(2, 5, 3, 4)))
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-14)


def test_primitives_register_once() -> None:
    assert all(k == p.id for k, p in PRIMITIVES.items())
    with pytest.raises(TypeError, match="id of its own"):
        from engine.primitives import primitive

        primitive(type("Again", (Primitive,), {"id": "relu"}))

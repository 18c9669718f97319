"""What must go wrong in a known way: NaN is seen everywhere, a divergence costs nothing, and gaps are named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numba import njit

from engine.backends import BackendUnavailableError, DivergedError, make_executable
from engine.backends.tape import cache
from engine.backends.tape.kernels.gelu import gelu_back_run, gelu_run
from engine.backends.tape.kernels.math32 import exp32, expm1_32, sigmoid32, tanh32
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.backends.twins import BATCH, STEPS, data, reference, tape
from tests.engine.training.nets import chain, mlp

NANS: dict[str, Graph] = {
    **{a: mlp((3, 4, 3), activation=a) for a in ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "gelu",
                                                 "step", "softmax", "silu", "softplus", "softsign", "mish", "sine",
                                                 "hard_tanh", "growing_cosine")},
    **{loss: mlp((3, 3), loss=loss) for loss in ("softmax_cross_entropy", "binary_cross_entropy", "mse", "half_squared",
                                                 "mae", "huber")},
    "batch norm": mlp((3, 4, 3), batch_norm="before"),
    "dropout": mlp((3, 4, 3), dropout=0.5),
    "layer norm": chain(("input", {"size": (3,)}), ("layer_norm", {}), ("dense", {"units": 3}),
                        ("output", {"loss": Spec("softmax_cross_entropy")})),
}  # fmt: skip


@pytest.mark.parametrize("name", NANS)
def test_nan_survives_every_opcode_and_stops_within_the_step(name: str) -> None:
    graph = NANS[name]
    exact = reference(graph)
    with tape(graph, threads=2) as mine:
        x, y = data(mine.plan, 3 * BATCH)
        x["x"][2 * BATCH + 5, 1] = np.nan
        faults = []
        for executable in (exact, mine):
            executable.bind(x, y)
            rows = np.arange(3 * BATCH).reshape(3, BATCH)
            with pytest.raises(DivergedError) as caught:
                executable.train(rows, np.full(3, 0.01), 4)
            faults.append(caught.value)
        a, b = faults
        assert (b.step, b.node, b.tensor, b.count) == (a.step, a.node, a.tensor, a.count) == (6, "n0", "input", 1)
        assert b.done is not None and len(b.done.loss) == 2
        assert all(np.isfinite(v).all() for v in mine.weights().values())
        shown = mine.gradients({"x": x["x"][-BATCH:]}, {k: v[-BATCH:] for k, v in y.items()}, training=True)
        theirs = exact.gradients({"x": x["x"][-BATCH:]}, {k: v[-BATCH:] for k, v in y.items()}, training=True)
        for value, array in theirs.values.items():
            np.testing.assert_array_equal(np.isnan(shown.values[value]), np.isnan(array), err_msg=str(value))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rate", [1e30, 3e38])
def test_weights_are_those_before_the_bad_step(rate: float, threads: int) -> None:
    graph = mlp((4, 8, 3), activation="relu", batch_norm="before")
    with tape(graph, Spec("sgd", {"rate": 0.1}), threads) as mine:
        x, y = data(mine.plan, STEPS * BATCH)
        mine.bind(x, y)
        rates = np.full(STEPS, 0.1)
        mine.train(np.arange(3 * BATCH).reshape(3, BATCH), rates[:3], 0)
        rates[0] = rate
        before = mine.weights()
        with pytest.raises(DivergedError) as caught:
            mine.train(np.arange(4 * BATCH).reshape(4, BATCH), rates[:4], 3)
        done = caught.value.done
        assert done is not None and caught.value.node in ("n1", "n2") and caught.value.count > 0
        if not len(done.loss):
            assert all(np.array_equal(v, before[k]) for k, v in mine.weights().items())
        assert all(np.isfinite(v).all() for v in mine.weights().values())


def test_gaps_are_named_and_the_other_backend_too() -> None:
    blurred = chain(("input", {"size": (1, 2, 2)}), ("upsample", {"mode": "bilinear"}), ("flatten", {}),
                    ("dense", {"units": 2}), ("output", {}))  # fmt: skip
    plan = build_plan(blurred)
    with pytest.raises(BackendUnavailableError, match="no kernel for upsample of mode 'bilinear'; 'numpy'"):
        make_executable("tape", plan, OPTIMIZERS.make("lion"), "float32", 0)
    with pytest.raises(BackendUnavailableError, match="numbers of type float64"):
        make_executable("tape", build_plan(mlp((4, 3))), OPTIMIZERS.make("sgd"), "float64", 0)


def test_rows_and_targets_outside_are_refused() -> None:
    with tape(mlp((4, 3))) as mine:
        x, y = data(mine.plan, 20)
        mine.bind(x, y)
        for bad in (np.array([[0, 20]]), np.array([[-1, 3]])):
            with pytest.raises(IndexError, match="of a data set of 20"):
                mine.train(bad, np.array([0.1]), 0)
        with pytest.raises(ValueError, match="expected classes 0 to 2, got 0 to 3"):
            mine.bind(x, {"y": np.arange(20) % 4})
        with pytest.raises(KeyError, match="wants the field 'y'"):
            mine.bind(x, {"z": y["y"]})
        with pytest.raises(ValueError, match=r"'weight' of 'n1': expected shape \(3, 4\), got \(2, 2\)"):
            mine.load_weights({("n1", "weight"): np.zeros((2, 2))})


def test_preparing_twice_is_free_and_the_folder_is_known() -> None:
    told: list[Any] = []
    cache.prepare(lambda done, all_, what: told.append((done, all_, what)))
    assert told == [] and cache.is_ready()


POINTS = np.concatenate([
    np.linspace(-120, 120, 20001), np.linspace(-1.5, 1.5, 20001), 10.0 ** np.linspace(-38, -1, 500),
    [0.0, -0.0, np.inf, -np.inf, np.nan],
]).astype(np.float32)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "exact", "ulps"),
    [
        (exp32, np.exp, 1.5),
        (expm1_32, np.expm1, 3.0),
        (tanh32, np.tanh, 3.0),
        (sigmoid32, lambda x: np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x))), 4.0),
    ],
)
def test_functions_are_right_to_a_few_units_in_the_last_place(function: Any, exact: Any, ulps: float) -> None:
    points = POINTS[~(POINTS > 0)] if function is expm1_32 else POINTS
    if function is sigmoid32:
        points = points[~(points < -85)]
    found = np.empty_like(points)

    @njit
    def follow(x: Any, y: Any) -> None:
        for i in range(x.size):
            y[i] = function(x[i])

    follow(points, found)
    with np.errstate(all="ignore"):
        wanted = exact(points.astype(np.float64))
        rounded = wanted.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(points))
    far = np.isinf(rounded) | np.isnan(points)
    np.testing.assert_array_equal(found[far], rounded[far])
    unit = np.spacing(np.maximum(np.abs(rounded[~far]), np.float32(1.2e-38)))
    assert np.max(np.abs(found[~far] - wanted[~far]) / unit) <= ulps


def test_gelu_and_its_slope_are_as_right_as_float32_is_near_one() -> None:
    """Both there and back; where the slopes are kept, they are those that the way back takes, to the bit."""
    x = np.concatenate([POINTS, np.float32([1.0, -1.0, 0.99999994, -13.3, -13.1, 3e38, -3e38])])
    y, slope, dx = (np.empty_like(x) for _ in range(3))

    @njit
    def follow(x: Any, y: Any, slope: Any, dx: Any) -> None:
        dx[:] = 1
        gelu_run(x.ctypes.data, y.ctypes.data, slope.ctypes.data, x.size, 0, 0, 0, 0, 0, 0.0)
        gelu_back_run(dx.ctypes.data, x.ctypes.data, dx.ctypes.data, x.size, 0, 0, 0, 0, 0, 0.0)

    follow(x, y, slope, dx)
    np.testing.assert_array_equal(slope, dx)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        share = np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2)(wide)
        bell = np.exp(-wide * wide / 2) / math.sqrt(2 * math.pi)
        wanted, steep = wide * share, share + wide * bell
    assert np.isnan(y[np.isnan(x)]).all() and np.isnan(slope[np.isnan(x)]).all() and y[x == np.inf] == np.inf
    good = np.isfinite(x)
    wide, off, turn = wide[good], np.abs(y[good] - wanted[good]), np.abs(slope[good] - steep[good])
    assert np.max(off / np.maximum(np.abs(wide), 1e-30)) <= 1.3e-7 and turn.max() <= 2e-7
    tail = (wide > -5) & (wide < -1e-30)
    assert np.max(off[tail] / -wanted[good][tail]) <= 1.5e-6

"""What overflows in fast tiles only is done again by direct convolutions; what is bad in itself is reported."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.base import DivergedError
from engine.backends.tape.executable import TapeExecutable
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.training.nets import chain

STEPS, BATCH = 5, 4
#: the batch whose pixels direct sums hold and tiles do not
HUGE = 2
NET = chain(
    ("input", {"size": (8, 8, 8)}), ("conv2d", {"filters": 16, "kernel": (3, 3), "padding": "same"}),
    ("global_avg_pool", {}), ("tanh", {}), ("dense", {"units": 3}),
    ("output", {"loss": Spec("softmax_cross_entropy")}),
)  # fmt: skip


def made(winograd: int, x: np.ndarray, scale: float = 1e-38) -> TapeExecutable:
    found = TapeExecutable(build_plan(NET), OPTIMIZERS.make("sgd"), "float32", 0, 2, winograd)
    start = found.weights()
    found.load_weights({  # small enough behind the tiles that no gradient's square overflows
        ("n1", "weight"): start["n1", "weight"] * np.float32(scale),
        ("n4", "weight"): start["n4", "weight"] * np.float32(scale**0.6),
    })  # fmt: skip
    found.bind({"x": x}, {"y": np.arange(STEPS * BATCH) % 3})
    return found


def samples() -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(STEPS * BATCH, 8, 8, 8)).astype(np.float32)
    x[HUGE * BATCH : (HUGE + 1) * BATCH] *= np.float32(3e37)
    return x


def test_a_step_that_overflows_in_tiles_alone_is_made_directly() -> None:
    rows, rates = np.arange(STEPS * BATCH).reshape(STEPS, BATCH), np.zeros(STEPS)
    fast, exact = made(4, samples()), made(0, samples())
    a, b = fast.train(rows, rates, 0, keep=True), exact.train(rows, rates, 0)
    assert len(a.loss) == STEPS and np.isfinite(a.loss).all() and fast._direct is not None
    assert a.loss[HUGE] == b.loss[HUGE] and np.allclose(a.loss, b.loss, rtol=1e-6)
    last = fast.last()
    assert last is not None and last.step == STEPS - 1
    mine, theirs = (e.evaluate({"x": samples()}, {"y": np.arange(STEPS * BATCH) % 3}) for e in (fast, exact))
    assert mine.loss == theirs.loss and np.isfinite(mine.loss)


def test_however_the_steps_are_cut_the_bits_are_the_same() -> None:
    rows, rates = np.arange(STEPS * BATCH).reshape(STEPS, BATCH), np.full(STEPS, 1e-30)
    whole, parts = made(4, samples()), made(4, samples())
    together = whole.train(rows, rates, 0).loss
    apart = [parts.train(rows[k : k + 1], rates[k : k + 1], k, keep=k == HUGE).loss for k in range(STEPS)]
    assert np.array_equal(together, np.concatenate(apart))
    assert all(np.array_equal(v, parts.weights()[k]) for k, v in whole.weights().items())


def test_what_is_bad_in_itself_is_told_as_without_tiles() -> None:
    rows, rates = np.arange(STEPS * BATCH).reshape(STEPS, BATCH), np.zeros(STEPS)
    x = samples() * (np.abs(samples()) < 1e30)
    x[3 * BATCH, 2, 4, 4] = np.nan
    told = []
    for winograd in (4, 0):
        with pytest.raises(DivergedError) as caught:
            made(winograd, x, 1.0).train(rows, rates, 10)
        error = caught.value
        assert error.done is not None and len(error.done.loss) == 3
        told.append((error.step, error.node, error.tensor, error.count))
    assert told[0] == told[1] == (13, "n0", "input", 1)

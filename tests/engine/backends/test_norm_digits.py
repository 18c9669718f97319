"""Normalisations divide by next to nothing where numbers hardly differ: what rounding leaves there must be nothing.

Found by random networks beside PyTorch: a mean summed in single precision is not that of equal numbers, and what is
left came out hundreds of times larger.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.backends import make_executable
from engine.backends.base import Executable
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.training.nets import chain

NORMS = [("batch_norm", {}), ("layer_norm", {}), ("group_norm", {"groups": 1}), ("instance_norm", {})]
BACKENDS = pytest.mark.parametrize("backend", ["numpy", "tape"])


def _made(backend: str, norm: tuple[str, dict[str, Any]], shape: tuple[int, ...], dtype: str = "float32") -> Executable:
    """Input, a slope of 1 so that gradients are wanted before the norm, the norm, Output."""
    graph = chain(("input", {"size": shape}), ("prelu", {"alpha": 1.0}), norm, ("output", {}))
    return make_executable(backend, build_plan(graph), OPTIMIZERS.make("sgd"), dtype, 0)


def _trained(executable: Executable, x: Any, y: Any) -> Any:
    """What one step left, at a rate of 0."""
    executable.bind({"x": x}, {"y": y})
    executable.train(np.arange(len(x))[None], np.zeros(1), 0, keep=True)
    last = executable.last()
    assert last is not None
    executable.close()
    return last


@BACKENDS
@pytest.mark.parametrize("norm", NORMS, ids=[n for n, _ in NORMS])
@pytest.mark.parametrize("shape", [(3, 7, 11), (2, 1, 7), (5, 13, 3)])
def test_of_equal_numbers_nothing_is_left(
    backend: str, norm: tuple[str, dict[str, Any]], shape: tuple[int, ...]
) -> None:
    for value in np.float32([0.1, 1 / 3, 17.77, -1234.567]):
        executable = _made(backend, norm, shape)
        head = executable.plan.heads[0].prediction
        x = np.full((7, *shape), value, np.float32)
        last = _trained(executable, x, np.ones((7, *shape), np.float32))
        assert np.abs(last.values[head]).max() == 0.0  # beta is 0 at the start


@BACKENDS
def test_many_pixels_far_from_zero_cost_batch_norm_no_digits(backend: str) -> None:
    shape, rng = (3, 48, 48), np.random.default_rng(0)
    x = (3 + rng.normal(size=(16, *shape))).astype(np.float32)
    y = (1 + rng.uniform(size=x.shape)).astype(np.float32)  # of one sign: sums grow long
    found, exact = (
        _trained(_made(name, ("batch_norm", {}), shape, dtype), x.astype(dtype), y.astype(dtype))
        for name, dtype in ((backend, "float32"), ("numpy", "float64"))
    )
    for value, gradient in exact.weight_grads.items():
        if gradient.shape == (3,):
            assert found.weight_grads[value] == pytest.approx(gradient, rel=3e-6)

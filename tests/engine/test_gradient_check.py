"""The gradient check itself: it passes right gradients, also with kinks about, and fails wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.gradient_check import WrongGradientError, check_gradient


def test_passes_the_right_gradient_of_a_kinked_function(rng: np.random.Generator) -> None:
    x = rng.normal(size=20)
    x[:3] = [1e-7, -3e-6, 2e-6]  # nearer to the kink than the step
    check_gradient(lambda v: float(np.abs(v[3:]).sum()), x, np.sign(x) * (np.arange(20) > 2), rng)


@pytest.mark.parametrize("wrong", [lambda g: 1.001 * g, lambda g: -g, np.zeros_like, lambda g: g + 1e-3])
def test_fails_a_wrong_gradient(wrong: object, rng: np.random.Generator) -> None:
    x = rng.normal(size=20)
    with pytest.raises(WrongGradientError):
        check_gradient(lambda v: float(np.maximum(v, 0).sum()), x, wrong((x > 0) * 1.0), rng)  # type: ignore[operator]


def test_says_when_there_is_nothing_but_kinks(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="smooth"):
        check_gradient(lambda v: float(np.maximum(v, 0).sum()), np.full(50, 1e-6), np.ones(50), rng)

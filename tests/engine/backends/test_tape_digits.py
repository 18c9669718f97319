"""What the tape's losses keep of small differences in float32."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends import make_executable
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.training.nets import chain


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_confident_class_keeps_the_digits_of_its_gradient(smoothing: float) -> None:
    """Found by random networks: p - 1 has none left where the logits lead by a dozen."""
    loss = Spec("softmax_cross_entropy", {"label_smoothing": smoothing})
    plan = build_plan(chain(("input", {"size": (3,)}), ("dense", {"units": 3}), ("output", {"loss": loss})))
    classes, lead = np.array([1, 0, 2, 1]), np.array([6.0, 9.0, 12.0, 15.0])
    x = (np.eye(3)[classes] * lead[:, None] + 0.125).astype(np.float32).astype(np.float64)
    moved = {}
    for name, dtype in (("numpy", "float64"), ("tape", "float32")):
        executable = make_executable(name, plan, OPTIMIZERS.make("sgd"), dtype, 0)
        start = {k: np.eye(3) if v.ndim == 2 else np.zeros(3) for k, v in executable.weights().items()}
        executable.bind({"x": x}, {"y": classes})
        for sample in range(4):
            executable.load_weights(start)
            executable.train(np.array([[sample]]), np.full(1, 1e4), 0)
            for key, after in executable.weights().items():
                moved[name, sample, key] = after - start[key]
    for (name, sample, key), exact in moved.items():
        if name == "numpy":
            assert np.abs(moved["tape", sample, key] - exact).max() <= 3e-6 * np.abs(exact).max()

"""The ratio R_l / R_(l+1) of back-propagated gradients in wide deep nets meets its closed form.

Judged at width 600, depth 16, float64, 3 seeds, as the geometric mean over the half of the layers nearer the output,
within 2 %; and the forward variance under too small a ReLU initialization halves per layer.
"""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.probes.capture import layer_statistics
from tests.engine.training.nets import chain

WIDTH, DEPTH, BATCH = 600, 16, 64


def normal(variance: float) -> Spec:
    return Spec("normal", {"std": float(np.sqrt(variance / WIDTH))})


UNIFORM = Spec("uniform", {"low": -1 / np.sqrt(WIDTH), "high": 1 / np.sqrt(WIDTH)})

CASES = {
    "sigmoid, Var W = 1/n": ("sigmoid", normal(1.0), 1.0, 0.236),
    "sigmoid, U(+-1/sqrt n)": ("sigmoid", UNIFORM, 1.0, 0.141),
    "tanh, U(+-1/sqrt n)": ("tanh", UNIFORM, 1.0, 0.577),
    "tanh, gain 5/3": ("tanh", normal((5 / 3) ** 2), 1.0, 1.100),
    "ReLU, Var W = 2/n": ("relu", normal(2.0), 1.0, 1.0),
}


def statistics(activation: str, init: Spec, seed: int) -> tuple[list[float], list[float]]:
    """(delta RMS, pre-activation variance) per layer of a tower whose every layer has WIDTH units."""
    hidden = {"units": WIDTH, "activation": Spec(activation), "weight_init": init}
    layers = [("dense", hidden)] * DEPTH
    graph = chain(("input", {"size": (WIDTH,)}), *layers, ("output", {"loss": Spec("half_squared")}))
    plan = build_plan(graph)
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", seed)
    rng = np.random.default_rng(seed)
    # Far targets: the gradient y - t that enters at the top is then random, as the closed forms assume. Near ones
    # leave the activation in it, which the transposed weights hand back amplified.
    x, y = rng.normal(size=(BATCH, WIDTH)), 1000 * rng.normal(size=(BATCH, WIDTH))
    last = executable.gradients({"x": x}, {"y": y}, training=True)
    z = [last.values[plan.marks[node, "z"]] for node in plan.layer_order]
    return [s.delta_rms for s in layer_statistics(plan, last)], [float(np.mean(v**2)) for v in z]


@pytest.mark.parametrize("case", CASES)
def test_gradient_ratio(case: str) -> None:
    activation, init, _, expected = CASES[case]
    logs = []
    for seed in range(3):
        delta, _ = statistics(activation, init, seed)
        half = delta[DEPTH // 2 :]
        logs.append(np.log(half[0] / half[-1]) / (len(half) - 1))
    assert np.exp(np.mean(logs)) == pytest.approx(expected, rel=0.02)


def test_relu_variance_halves_with_too_small_an_initialization() -> None:
    rates = []
    for seed in range(3):
        _, variance = statistics("relu", normal(1.0), seed)
        rates.append(np.log(variance[-1] / variance[DEPTH // 2]) / (DEPTH - 1 - DEPTH // 2))
    assert np.exp(np.mean(rates)) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_first_loss_over_classes_is_log_of_their_number_for_zero_logits(classes: int) -> None:
    graph = chain(
        ("input", {"size": (5,)}),
        ("dense", {"units": classes, "weight_init": Spec("zeros")}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    )
    executable = NumpyExecutable(build_plan(graph), OPTIMIZERS.make("sgd"), "float64", 0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 5)), rng.integers(0, classes, 50)
    assert executable.evaluate({"x": x}, {"y": y}).loss == pytest.approx(np.log(classes), rel=1e-12)

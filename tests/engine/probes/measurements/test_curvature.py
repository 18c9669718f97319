"""Sharpness, slices, planes and noise against torch's autograd in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.declare import Spec
from engine.optimizers import OPTIMIZERS
from engine.probes.measurements import StoppedError, Watch
from engine.probes.measurements.loss_plane import filter_normalised, loss_plane
from engine.probes.measurements.noise_scale import batch_sizes, noise_scale
from engine.probes.measurements.objective import Objective
from engine.probes.measurements.sharpness import (
    hessian_product,
    largest_eigenvalue,
    preconditioner,
    sharpness,
    stable_limit,
)
from engine.probes.measurements.step_slice import step_slice
from tests.engine.probes.measurements.twin import NETS, Case, torch

PRECISION = {"float64": 1e-9, "float32": 1e-4}


def objective(case: Case, **more: Any) -> Objective:
    return Objective(case.plan, case.weights, case.x, case.y, **more)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_loss_and_gradient_are_torchs(name: str, dtype: str) -> None:
    case = Case(name, dtype)
    seen = objective(case)
    w = case.vector().requires_grad_()
    loss = case.loss(w)
    (expected,) = torch.autograd.grad(loss, w)
    found, gradient = seen.loss_and_gradient(seen.start)
    assert found == pytest.approx(loss.item(), rel=PRECISION[dtype]) == seen.loss(seen.start)
    assert np.linalg.norm(gradient - expected.numpy()) <= PRECISION[dtype] * np.linalg.norm(expected.numpy())


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_sharpness_is_the_hessians_largest_eigenvalue(name: str, dtype: str) -> None:
    case = Case(name, dtype)
    hessian = torch.autograd.functional.hessian(case.loss, case.vector()).numpy()
    values = np.linalg.eigvalsh(hessian)
    found = sharpness(objective(case), case.optimizer, 0.1, {}, 0)
    assert found.value == pytest.approx(values[-1], rel=1e-4)
    assert abs(found.value - values[-1]) <= found.error + 1e-6 * abs(values[-1])
    assert found.limit == pytest.approx(20.0) and not found.scaled
    w = case.vector().requires_grad_()
    loss = case.loss(w)
    (slope,) = torch.autograd.grad(loss, w)
    assert found.loss == pytest.approx(loss.item(), rel=PRECISION[dtype])
    assert found.gradient_norm == pytest.approx(float(slope.norm()), rel=PRECISION[dtype])
    v = np.random.default_rng(0).normal(size=len(hessian))
    product = hessian_product(objective(case), v)
    assert np.linalg.norm(product - hessian @ v) <= 1e-4 * np.linalg.norm(hessian @ v)


def test_the_largest_is_found_beside_a_more_negative_one() -> None:
    rng = np.random.default_rng(2)
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    matrix = (turn * np.concatenate([[-9.0, 2.5], rng.uniform(-1, 1, 38)])) @ turn.T
    value, error, _ = largest_eigenvalue(lambda v: matrix @ v, 40)
    assert value == pytest.approx(2.5, rel=1e-8) and error <= 1e-5


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_an_adaptive_optimizer_is_judged_by_the_curvature_that_it_sees(optimizer: str) -> None:
    case = Case("mlp")
    chosen = OPTIMIZERS.make(optimizer)
    rng = np.random.default_rng(5)
    slots = {k: {"square": rng.uniform(0.01, 1, v.shape), "mean": v} for k, v in case.weights.items()}
    seen, step = objective(case), 7
    squares = np.concatenate([slots[w.node, w.name]["square"].ravel() for w in case.plan.weights])
    share = 1 - chosen.beta2**step if optimizer == "adam" else 1.0  # type: ignore[attr-defined]
    divisor = np.sqrt(squares / share) + 1e-8
    hessian = torch.autograd.functional.hessian(case.loss, case.vector()).numpy()
    expected = np.linalg.eigvalsh(hessian / np.sqrt(np.outer(divisor, divisor)))[-1]
    found = sharpness(seen, chosen, 0.01, slots, step)
    assert found.scaled and found.value == pytest.approx(expected, rel=1e-4)
    assert found.limit == pytest.approx(3800.0 if optimizer == "adam" else 200.0)
    assert preconditioner(seen, chosen, slots, 0) is None
    assert math.isnan(sharpness(seen, chosen, 0.01, slots, 0).limit)


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        (Spec("sgd"), 0.99, 1.01),
        (Spec("momentum", {"momentum": 0.8}), 0.99, 1.01),
        (Spec("nesterov", {"momentum": 0.8}), 0.99, 1.01),
    ],
)
def test_the_limit_is_where_the_optimizer_turns_unstable(spec: Spec, low: float, high: float) -> None:
    """On a parabola of curvature 3: under the limit it dies away, above it grows."""
    rates = {}
    for factor in (low, high):
        optimizer = OPTIMIZERS.make(spec)
        rate = factor * stable_limit(optimizer, 1.0) / 3.0
        w, state = np.ones(1), {s: np.zeros(1) for s in optimizer.slots}
        for step in range(2000):
            optimizer.update(np, w, 3.0 * w, state, rate, step + 1)
        rates[factor] = abs(w[0])
    assert rates[low] < 1e-3 and rates[high] > 10


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_a_slice_is_the_loss_along_the_way(name: str, dtype: str) -> None:
    case, other = Case(name, dtype), Case(name, dtype, seed=1)
    other.x = {k: v[::-1] * 1.1 for k, v in case.x.items()}
    w = case.vector().requires_grad_()
    (gradient,) = torch.autograd.grad(case.loss(w), w)
    step = np.random.default_rng(4).normal(size=len(gradient)) * 0.05
    found = step_slice(objective(case), step, objective(other))
    length = np.linalg.norm(step)
    down = -gradient * (length / gradient.norm())
    for k in (0, 8, 20, 32):
        m = found.multiples[k]
        with torch.no_grad():
            expected = [case.loss(case.vector() + m * d) for d in (torch.tensor(step), down)]
            expected.append(other.loss(case.vector() + m * torch.tensor(step)))
        curves = (found.along_step[k], found.along_gradient[k], found.elsewhere[k])
        assert curves == pytest.approx([float(e) for e in expected], rel=PRECISION[dtype])
    assert found.multiples[0] == 0 and found.multiples[-1] == 4 and 1.0 in found.multiples
    assert found.cosine == pytest.approx(float(torch.tensor(step) @ down) / length**2, rel=PRECISION[dtype])
    assert found.best == found.multiples[found.along_step.argmin()]


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_a_plane_holds_the_loss_and_the_path(name: str, dtype: str) -> None:
    case = Case(name, dtype)
    seen = objective(case)
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(7, seen.size)) * 0.02, axis=0)
    frames = [(10 * k, seen.start + walk[k] - walk[-1]) for k in range(7)]
    found = loss_plane(seen, frames, "path", side=5)
    moves = walk - walk[-1]
    _, s, vt = np.linalg.svd(moves, full_matrices=False)
    places = moves @ vt[:2].T
    assert found.kind == "path" and found.steps == (0, 10, 20, 30, 40, 50, 60)
    assert np.abs(found.path) == pytest.approx(np.abs(places), rel=1e-9, abs=1e-12)
    assert found.shares == pytest.approx(s[:2] ** 2 / np.sum(s**2), rel=1e-9)
    signs = np.sign(found.path[0]) * np.sign(places[0])
    for i, j in ((0, 0), (4, 1), (2, 3)):
        w = case.vector() + torch.tensor(found.across[j] * signs[0] * vt[0] + found.up[i] * signs[1] * vt[1])
        with torch.no_grad():
            assert found.losses[i, j] == pytest.approx(float(case.loss(w)), rel=PRECISION[dtype])


def test_a_random_direction_has_each_filters_norm_and_leaves_biases() -> None:
    case = Case("cnn")
    seen = objective(case)
    d = filter_normalised(seen, 3)
    for info in seen.trained:
        part, w = seen.part(d, info), seen.part(seen.start, info)
        if info.is_kernel:
            norms = [np.linalg.norm(p) for p in w]
            assert [np.linalg.norm(p) for p in part] == pytest.approx(norms, rel=1e-12)
        else:
            assert not part.any()
    alone = loss_plane(seen, [(0, seen.start)], "path", side=3)
    assert alone.kind == "random" and alone.losses[1, 1] == pytest.approx(seen.loss(seen.start), rel=1e-12)
    assert alone.across.tolist() == pytest.approx([-1.7, 0.0, 1.7])


@pytest.mark.parametrize("name", ["mlp", "cnn", "residual", "attention"])
def test_the_noise_scale_is_the_formulas(name: str) -> None:
    """tr(Sigma) / |G|^2 from torch's gradient of every single sample; the estimate within its own error."""
    case, one = Case(name, samples=480), Case(name, samples=1)
    rng = np.random.default_rng(0)
    w = case.vector()
    each = []
    for k in range(480):
        one.x, one.y = ({f: v[k : k + 1] for f, v in part.items()} for part in (case.x, case.y))
        u = w.clone().requires_grad_()
        each.append(torch.autograd.grad(one.loss(u), u)[0].numpy())
        if k == 5:  # the same of ours
            seen = Objective(case.plan, case.weights, one.x, one.y)
            assert np.linalg.norm(seen.gradient(seen.start) - each[k]) <= 1e-9 * np.linalg.norm(each[k])
    gradients = np.array(each)[rng.permutation(480)]
    small, large = batch_sizes(480, 32)
    assert (small, large) == (15, 60)
    groups = gradients.reshape(8, 4, 15, -1)
    smaller, larger = np.sum(groups.mean(2) ** 2, -1), np.sum(groups.mean((1, 2)) ** 2, -1)
    found = noise_scale(smaller, larger, small, large)
    mean = gradients.mean(0)
    trace = float(np.sum(gradients.var(0, ddof=1)))
    signal = float(mean @ mean) - trace / 480
    assert found.noise == pytest.approx(trace, rel=0.35)
    if signal > 0 and math.isfinite(found.error):
        assert abs(found.value - trace / signal) <= 4 * found.error
    per_group_noise = (smaller.mean(1) - larger) / (1 / 15 - 1 / 60)
    per_group_signal = (60 * larger - 15 * smaller.mean(1)) / 45
    assert found.noise == pytest.approx(per_group_noise.mean(), rel=1e-12)
    assert found.signal == pytest.approx(per_group_signal.mean(), rel=1e-12)


def test_the_noise_scale_of_a_known_noise_and_its_error() -> None:
    """Gradients G + n with tr(Sigma) = 50 and |G|^2 = 0.5: B = 100; the error covers it as often as it should."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        noise = rng.normal(size=(8, 4, 200)) * math.sqrt(50 / 200 / 64)
        small = noise.copy()
        small[..., 0] += math.sqrt(0.5)
        found = noise_scale(np.sum(small**2, -1), np.sum(small.mean(1) ** 2, -1), 64, 256)
        inside += abs(found.value - 100) <= 2 * found.error
    assert 170 <= inside <= 200
    lost = noise_scale(np.full((2, 2), 1.0), np.full(2, 0.3), 4, 8)
    assert lost.signal < 0 and math.isinf(lost.value) and math.isinf(lost.error)
    assert batch_sizes(31, 32) == (0, 0)


def test_dropout_is_off_or_that_of_the_step() -> None:
    from engine.backends.numpy import NumpyExecutable
    from engine.plan import build_plan
    from tests.engine.training.nets import mlp

    plan = build_plan(mlp((4, 8, 3), dropout=0.5))
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", 3)
    case = Case("mlp")
    seen = Objective(plan, executable.weights(), case.x, case.y, seed=3, noise_step=11)
    exact = executable.gradients(case.x, case.y, training=True, step=11)
    expected = np.concatenate([exact.weight_grads[w.value].ravel() for w in plan.weights])
    assert seen.gradient(seen.start) == pytest.approx(expected, rel=1e-12, abs=1e-15)
    still = Objective(plan, executable.weights(), case.x, case.y)
    off = executable.gradients(case.x, case.y, training=False)
    expected = np.concatenate([off.weight_grads[w.value].ravel() for w in plan.weights])
    assert still.gradient(still.start) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_a_stopped_measurement_ends() -> None:
    watch, seen = Watch(), objective(Case("mlp"))
    assert watch.seconds_left == math.inf
    watch.tell(1, 4)
    assert watch.share == 0.25 and 0 < watch.seconds_left < 10
    part = watch.part(0.5, 1.0)
    part.tell(1, 2)
    assert watch.share == 0.75
    watch.stop()
    with pytest.raises(StoppedError):
        sharpness(seen, OPTIMIZERS.make("sgd"), 0.1, {}, 0, watch=part)

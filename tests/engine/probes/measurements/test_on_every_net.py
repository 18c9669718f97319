"""What is measured on a schedule, on each of the five networks: noise, read-outs, likeness, ways and filters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.probes.measurements.noise_scale import batch_sizes, noise_scale
from engine.probes.measurements.objective import Objective
from engine.probes.measurements.readout import PENALTIES, readouts
from engine.probes.measurements.travel import conv_layers, filmstrip, travel
from tests.engine.probes.measurements.twin import Case, torch

PRECISION = {"float64": 1e-9, "float32": 1e-4}
FIVE = ("mlp", "cnn", "residual", "batch norm", "attention")


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", FIVE)
def test_the_noise_scale_of_torchs_gradients(name: str, dtype: str) -> None:
    """Groups of batches as they are measured; with batch norm a batch has no gradient of single samples, so whole
    batches are compared. The jackknife's error is made by leaving each group out."""
    case, rel = Case(name, dtype, samples=128), PRECISION[dtype]
    small, large = batch_sizes(128, 16)
    rows = np.random.default_rng(0).permutation(128)[: 8 * large].reshape(8, 4, small)
    whole_x, whole_y = case.x, case.y

    def square(part: np.ndarray) -> tuple[float, float]:
        case.x, case.y = ({k: v[part] for k, v in given.items()} for given in (whole_x, whole_y))
        w = case.vector().requires_grad_()
        (exact,) = torch.autograd.grad(case.loss(w), w)
        seen = Objective(case.plan, case.weights, case.x, case.y)
        gradient = seen.gradient(seen.start)
        return float(gradient @ gradient), float(exact @ exact)

    smaller = np.array([[square(part) for part in group] for group in rows])
    larger = np.array([square(group.ravel()) for group in rows])
    np.testing.assert_allclose(smaller[..., 0], smaller[..., 1], rtol=rel)
    np.testing.assert_allclose(larger[..., 0], larger[..., 1], rtol=rel)
    found = noise_scale(smaller[..., 0], larger[:, 0], small, large)

    def ratio(groups: list[int]) -> tuple[float, float]:
        b, big = float(np.mean(smaller[groups, :, 1])), float(np.mean(larger[groups, 1]))
        return (large * big - small * b) / (large - small), (b - big) / (1 / small - 1 / large)

    signal, noise = ratio(list(range(8)))
    # A difference of nearly equal squares: relative to them.
    assert found.signal == pytest.approx(signal, rel=rel, abs=rel * larger.max())
    assert found.noise == pytest.approx(noise, rel=rel, abs=rel * larger.max() * small)
    left = [ratio([g for g in range(8) if g != k]) for k in range(8)]
    if signal > 0:
        assert found.value == pytest.approx(noise / signal, rel=1e-4)
        if all(s > 0 for s, _ in left):
            each = np.array([n / s for s, n in left])
            assert found.error == pytest.approx(math.sqrt(7 / 8 * np.sum((each - each.mean()) ** 2)), rel=1e-4)
    else:
        assert math.isinf(found.value)


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", FIVE)
def test_read_outs_ranks_and_likeness(name: str, dtype: str, classes: bool) -> None:
    """scikit-learn's ridge on torch's values, NumPy's SVD, and the HSIC form of CKA."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    case, other = Case(name, dtype, samples=40), Case(name, dtype, samples=30, seed=2)
    other.weights = case.weights
    wanted, judged = np.eye(3)[case.y["y"]], np.eye(3)[other.y["y"]]
    found, cka = readouts(case.plan, case.weights, (case.x, wanted), (other.x, judged), classes=classes)
    with torch.no_grad():
        values, held = (c.values(c.stored(), training=False) for c in (case, other))
    assert len(found) >= 3
    flat = []
    for r in found:
        a, b = (v[case.plan.outputs[r.node]].numpy().reshape(n, -1) for v, n in ((values, 40), (held, 30)))
        flat.append(a - a.mean(0))
        s = np.linalg.svd(flat[-1], compute_uv=False)
        model = linear_model.Ridge(alpha=r.penalty, solver="svd").fit(a, wanted)
        guess = model.predict(b)
        if classes:
            assert r.score == np.mean(guess.argmax(1) == judged.argmax(1))
        else:
            total = np.sum((judged - judged.mean(0)) ** 2)
            assert 1 - r.score == pytest.approx(np.sum((judged - guess) ** 2) / total, rel=1e-7)
        assert r.penalty == pytest.approx(_left_out(a, wanted, np.array(PENALTIES) * np.mean(s**2)), rel=1e-9)
        p = s[s > 0] / s.sum()
        assert r.rank == pytest.approx(np.exp(-np.sum(p * np.log(p))), rel=PRECISION[dtype]) and r.size == a.shape[1]
    for i, a in enumerate(flat):
        for j, b in enumerate(flat):
            alike = np.linalg.norm(a.T @ b) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
            assert cka[i, j] == pytest.approx(alike, rel=PRECISION[dtype])


def _left_out(a: np.ndarray, y: np.ndarray, penalties: np.ndarray) -> float:
    """The penalty whose fits without one sample each miss that sample least, each fit made anew."""
    errors = np.zeros(len(penalties))
    for k in range(len(a)):
        rest = np.arange(len(a)) != k
        x, t = a[rest], y[rest]
        gram = (x - x.mean(0)) @ (x - x.mean(0)).T
        values, vectors = np.linalg.eigh(gram)
        near = (a[k] - x.mean(0)) @ (x - x.mean(0)).T @ vectors
        for j, penalty in enumerate(penalties):
            guess = near @ ((vectors.T @ (t - t.mean(0))) / (values + penalty)[:, None]) + t.mean(0)
            errors[j] += np.sum((y[k] - guess) ** 2)
    return float(penalties[errors.argmin()])


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", FIVE)
def test_the_way_of_every_layer(name: str, dtype: str) -> None:
    case, rng = Case(name, dtype), np.random.default_rng(0)
    frames = [(0, case.weights)]
    for step in (3, 9, 40):
        frames.append((step, {k: v + (0.1 * rng.normal(size=v.shape)).astype(dtype) for k, v in frames[-1][1].items()}))
    found = travel(case.plan, frames)
    assert found.steps == (0, 3, 9, 40) and found.nodes == case.plan.layer_order
    for node, distances in zip(found.nodes, found.distances, strict=True):
        keys = [(w.node, w.name) for w in case.plan.weights if w.node == node and len(w.shape) > 1]
        start, *_ = moments = [[w[k].astype(np.float64) for k in keys] for _, w in frames]
        size = math.sqrt(sum(float((a**2).sum()) for a in start))
        for t, moment in enumerate(moments):
            gone = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(moment, start, strict=True)))
            assert distances[t] == pytest.approx(gone / size, rel=PRECISION[dtype], abs=1e-15)
    assert all(frames[found.steps.index(h)] for h in found.halfway)
    for node in conv_layers(case.plan):
        strip = filmstrip(case.plan, frames, node)
        for t, step in enumerate(strip.steps):
            kernel = dict(frames)[step][node, "weight"].astype(np.float64)
            np.testing.assert_allclose(strip.kernels[t], kernel.sum(1) / kernel.shape[1], rtol=PRECISION[dtype])
    assert bool(conv_layers(case.plan)) == (name == "cnn")

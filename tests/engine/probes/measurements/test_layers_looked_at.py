"""Jacobians, read-outs and distances against torch, NumPy's SVD and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.backends.initial import initial_weights
from engine.declare import Spec
from engine.plan import build_plan
from engine.probes.measurements.jacobian import jacobians, layer_values
from engine.probes.measurements.readout import PENALTIES, best_penalty, card_outputs, effective_rank, readouts
from engine.probes.measurements.travel import conv_layers, filmstrip, travel
from tests.engine.probes.measurements.twin import NETS, Case, torch
from tests.engine.training.nets import chain, mlp

PRECISION = {"float64": 1e-9, "float32": 1e-4}


def torch_jacobian(case: Case, sample: int, source: int, value: int) -> Any:
    """d value / d source of one sample, (m, n)."""
    stored = case.stored()
    x = {k: torch.tensor(v[sample : sample + 1]) for k, v in case.x.items()}
    seen = case.values(stored, x, training=False)

    def onwards(given: Any) -> Any:
        known = {source: given}
        for slot in case.plan.inputs:
            known.setdefault(slot.value, seen[slot.value])
        for k in case.plan.loss_steps:
            step = case.plan.steps[k]
            if step.output not in known:
                from tests.engine.probes.measurements.twin import apply

                inputs = [known.get(i, stored.get(i)) for i in step.inputs]
                known[step.output] = apply(step.primitive, inputs, False)
        return known[value].reshape(-1)

    made = torch.autograd.functional.jacobian(onwards, seen[source])
    return made.reshape(made.shape[0], -1).numpy()


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_every_spectrum_is_torchs(name: str, dtype: str) -> None:
    case = Case(name, dtype, samples=2)
    found = {j.node: j for j in jacobians(case.plan, case.weights, case.x)}
    targets = layer_values(case.plan)
    assert set(found) == set(targets)
    for node, (value, own) in targets.items():
        for spectrum, source in ((found[node].so_far, case.plan.inputs[0].value), (found[node].layer, own)):
            if source is None:
                assert spectrum is None
                continue
            parts = [np.linalg.svd(torch_jacobian(case, k, source, value), compute_uv=False) for k in range(2)]
            expected = np.sort(np.concatenate(parts))[::-1]
            assert spectrum is not None and spectrum.error == 0
            assert np.abs(spectrum.values - expected).max() <= PRECISION[dtype] * expected[0]
            assert spectrum.mean_square == pytest.approx(np.mean(expected**2), rel=PRECISION[dtype])
            spread = np.std(expected**2) / np.mean(expected**2)
            assert spectrum.spread == pytest.approx(spread, rel=PRECISION[dtype], abs=1e-7)


def test_a_large_layer_is_estimated_within_its_error() -> None:
    case = Case("cnn", samples=3)
    exact = {j.node: j.so_far for j in jacobians(case.plan, case.weights, case.x)}
    guessed = {j.node: j.so_far for j in jacobians(case.plan, case.weights, case.x, exact=8)}
    for node in ("n1", "n2"):
        assert not len(guessed[node].values) and guessed[node].error > 0
        assert abs(guessed[node].mean_square - exact[node].mean_square) <= 4 * guessed[node].error
        assert guessed[node].error < 0.2 * exact[node].mean_square
        assert guessed[node].spread == pytest.approx(exact[node].spread, abs=0.35)
    assert guessed["n4"].error == 0


def test_whole_numbers_start_behind_their_embedding() -> None:
    plan = build_plan(
        chain(
            ("input", {"size": (6,), "dtype": "int"}), ("embedding", {"vocabulary": 9, "width": 4}), ("flatten", {}),
            ("dense", {"units": 3}), ("output", {}),
        )
    )  # fmt: skip
    weights = initial_weights(plan, 0)
    tokens = {plan.inputs[0].field: np.arange(12).reshape(2, 6) % 9}
    found = {j.node: j for j in jacobians(plan, weights, tokens)}
    s = np.linalg.svd(weights["n3", "weight"], compute_uv=False)
    assert found["n3"].so_far.values == pytest.approx(np.sort(np.tile(s, 2))[::-1], rel=1e-9)
    assert found["n3"].so_far.shape == (3, 24)


def test_where_a_loss_takes_logits_so_do_jacobian_and_read_out() -> None:
    last = ("dense", {"units": 3, "activation": Spec("softmax")})
    plan = build_plan(chain(("input", {"size": (4,)}), last, ("output", {"loss": Spec("softmax_cross_entropy")})))
    weights = initial_weights(plan, 0)
    x = {"x": np.random.default_rng(0).normal(size=(2, 4))}
    (found,) = jacobians(plan, weights, x)
    s = np.linalg.svd(weights["n1", "weight"], compute_uv=False)
    assert found.so_far.values == pytest.approx(np.sort(np.tile(s, 2))[::-1], rel=1e-9)
    given = x["x"] @ weights["n1", "weight"].T + weights["n1", "bias"]
    assert card_outputs(plan, weights, x)["n1"] == pytest.approx(given, rel=1e-12)


def test_the_read_out_is_scikits_ridge() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    case, other = Case("mlp", samples=60), Case("mlp", samples=40, seed=1)
    other.x = {k: v[:40] * 0.9 + 0.1 for k, v in case.x.items()}
    wanted = np.eye(3)[case.y["y"]]
    judged = np.eye(3)[other.y["y"]]
    for classes in (True, False):
        found, cka = readouts(case.plan, case.weights, (case.x, wanted), (other.x, judged), classes=classes)
        with torch.no_grad():
            values = case.values(case.stored(), training=False)
            held = case.values(case.stored(), {k: torch.tensor(v) for k, v in other.x.items()}, training=False)
        assert [r.node for r in found] == ["n0", "n1", "n2", "n3"]
        for r in found:
            value = case.plan.outputs[r.node]
            a, b = values[value].numpy(), held[value].numpy()
            model = linear_model.Ridge(alpha=r.penalty).fit(a, wanted)
            guess = model.predict(b)
            if classes:
                assert r.score == np.mean(guess.argmax(1) == judged.argmax(1))
            else:
                total = np.sum((judged - judged.mean(0)) ** 2)
                assert r.score == pytest.approx(1 - np.sum((judged - guess) ** 2) / total, rel=1e-9)
            s = np.linalg.svd(a - a.mean(0), compute_uv=False)
            chosen = linear_model.RidgeCV(alphas=np.array(PENALTIES) * np.mean(s**2)).fit(a, wanted)
            assert r.penalty == pytest.approx(chosen.alpha_, rel=1e-9)
            p = s / s.sum()
            assert r.rank == pytest.approx(np.exp(-np.sum(p * np.log(p))), rel=1e-9)
            assert r.size == a.shape[1]
        a, b = (values[case.plan.outputs[n]].numpy() for n in ("n1", "n3"))
        a, b = a - a.mean(0), b - b.mean(0)
        expected = np.linalg.norm(a.T @ b) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
        assert cka[1, 3] == pytest.approx(expected, rel=1e-9) == cka[3, 1]
        assert np.diag(cka) == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", NETS)
def test_what_every_card_gives_is_torchs(name: str, dtype: str) -> None:
    case = Case(name, dtype)
    with torch.no_grad():
        values = case.values(case.stored(), training=False)
    found = card_outputs(case.plan, case.weights, case.x)
    assert len(found) >= 3
    for node, a in found.items():
        expected = values[case.plan.outputs[node]].numpy()
        assert np.linalg.norm(a - expected) <= PRECISION[dtype] * np.linalg.norm(expected)
        s, t = (np.linalg.svd(v.reshape(len(v), -1), compute_uv=False) for v in (a, expected))
        assert effective_rank(s) == pytest.approx(effective_rank(t), rel=PRECISION[dtype])


def test_ranks_and_penalties_at_their_ends() -> None:
    assert effective_rank(np.ones(5)) == pytest.approx(5.0)
    assert effective_rank(np.array([3.0, 0.0])) == 1.0
    assert effective_rank(np.zeros(3)) == 0.0
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4))
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    y = x - x.mean(0)
    assert best_penalty(u, s, y) == pytest.approx(PENALTIES[0] * np.mean(s**2))
    assert best_penalty(u, s, rng.normal(size=(50, 1))) > 1e-2 * np.mean(s**2)


def test_distances_and_kernels_are_those_of_the_keyframes() -> None:
    case = Case("cnn")
    rng = np.random.default_rng(0)
    turned = {k: rng.normal(size=v.shape) for k, v in case.weights.items()}
    steps = (0, 1, 2, 5, 29, 32, 60)
    frames = [(step, {k: v + step * 0.01 * turned[k] for k, v in case.weights.items()}) for step in steps]
    found = travel(case.plan, frames)
    assert found.nodes == ("n1", "n4") and found.steps == steps
    start = frames[0][1]["n4", "weight"]
    for k, (_, w) in enumerate(frames):
        expected = np.linalg.norm(w["n4", "weight"] - start) / np.linalg.norm(start)
        assert found.distances[1, k] == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert found.halfway == (32, 32)
    assert conv_layers(case.plan) == ("n1",)
    strip = filmstrip(case.plan, frames, "n1", most=3)
    assert strip.steps == (0, 29, 60) and strip.kernels.shape == (3, 3, 3, 3) and strip.channels == 2
    assert strip.kernels[1] == pytest.approx(frames[4][1]["n1", "weight"].mean(1), rel=1e-12)


def test_attention_counts_its_kernels_together() -> None:
    case = Case("attention")
    moved = {k: v * 2 if k == ("n1", "query_weight") else v for k, v in case.weights.items()}
    found = travel(case.plan, [(0, case.weights), (4, moved)])
    kernels = [v for (n, name), v in case.weights.items() if n == "n1" and name.endswith("weight")]
    total = np.sqrt(sum(np.sum(v**2) for v in kernels))
    assert found.distances[0, 1] == pytest.approx(np.linalg.norm(case.weights["n1", "query_weight"]) / total)
    assert found.distances[:, 0].tolist() == [0, 0]
    zero = mlp((4, 3))
    plan = build_plan(zero)
    still = {("n1", "weight"): np.zeros((3, 4)), ("n1", "bias"): np.zeros(3)}
    assert np.isnan(travel(plan, [(0, still)]).distances).all()

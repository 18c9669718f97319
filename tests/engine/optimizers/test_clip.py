"""Clipping against torch, and where torch overflows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.optimizers import clip_by_norm, clip_by_value, global_norm

Rng = np.random.Generator


@pytest.mark.parity
@pytest.mark.parametrize("limit", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-6)])
def test_equals_torch(limit: float, dtype: str, tolerance: float, rng: Rng) -> None:
    torch = pytest.importorskip("torch")
    grads = [rng.normal(0, 1, s).astype(dtype) for s in ((3, 4), (5,), (2, 2, 2))]
    weights = [torch.nn.Parameter(torch.zeros(g.shape, dtype=getattr(torch, dtype))) for g in grads]
    for how in ("norm", "value"):
        ours = [g.copy() for g in grads]
        for w, g in zip(weights, grads, strict=True):
            w.grad = torch.tensor(g)
        if how == "norm":
            norm = clip_by_norm(np, ours, limit)
            theirs = torch.nn.utils.clip_grad_norm_(weights, limit)
            np.testing.assert_allclose(float(norm), float(theirs), rtol=tolerance)
        else:
            clip_by_value(np, ours, limit)
            torch.nn.utils.clip_grad_value_(weights, limit)
        for mine, w in zip(ours, weights, strict=True):
            assert mine.dtype == np.dtype(dtype)
            np.testing.assert_allclose(mine, w.grad.numpy(), rtol=tolerance)


def test_small_gradients_keep_their_bits(rng: Rng) -> None:
    grads = [rng.normal(0, 1e-3, 7), rng.normal(0, 1e-3, (2, 2))]
    before = [g.copy() for g in grads]
    clip_by_norm(np, grads, 1.0)
    clip_by_value(np, grads, 1.0)
    assert all((a == b).all() for a, b in zip(grads, before, strict=True))


def test_huge_single_precision_gradients_do_not_overflow() -> None:
    g = np.full(4, 1e30, np.float32)
    assert clip_by_norm(np, [g], 1.0) == pytest.approx(2e30)
    np.testing.assert_allclose(g, 0.5, rtol=1e-6)


def test_nan_is_not_hidden() -> None:
    grads = [np.array([1.0, np.nan]), np.array([3.0])]
    clip_by_value(np, grads, 0.5)
    assert np.isnan(grads[0]).tolist() == [False, True] and grads[1].tolist() == [0.5]
    assert np.isnan(clip_by_norm(np, grads, 0.5))
    assert np.isnan(grads[0]).all() and np.isnan(grads[1]).all()


def test_norm_of_nothing_is_zero() -> None:
    assert global_norm(np, []) == 0.0

"""Attention beside torch's own layer, its maps for the probes, and what a causal mask promises."""

from __future__ import annotations

import numpy as np
import pytest

from engine.layers import LAYERS
from engine.primitives.attention import AttentionScores
from tests.engine.run_program import context, layer_net

TRAIN = context()


@pytest.mark.parity("torch")
@pytest.mark.parametrize("causal", [False, True])
def test_equals_torchs_multihead_attention(causal: bool, rng: np.random.Generator) -> None:
    import torch

    net = layer_net(LAYERS["multi_head_attention"](heads=3, causal=causal), [(5, 12)], rng)
    x = rng.normal(size=(4, 5, 12))
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True, dtype=torch.float64)
    part = {name: torch.from_numpy(net.stored[value]) for name, value in net.names.items()}
    three = ("query", "key", "value")
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([part[f"{p}_weight"] for p in three]),
            "in_proj_bias": torch.cat([part[f"{p}_bias"] for p in three]),
            "out_proj.weight": part["out_weight"],
            "out_proj.bias": part["out_bias"],
        }
    )
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    tensor = torch.from_numpy(x)
    y, maps = theirs(tensor, tensor, tensor, attn_mask=mask, average_attn_weights=False)
    np.testing.assert_allclose(net.forward(TRAIN, x), y.detach().numpy(), rtol=1e-10, atol=1e-10)
    seen = net.values[net.program.marks["n", "attention"]]
    np.testing.assert_allclose(seen, maps.detach().numpy(), rtol=1e-10, atol=1e-10)


def test_a_causal_place_does_not_see_later_ones(rng: np.random.Generator) -> None:
    net = layer_net(LAYERS["multi_head_attention"](heads=2, causal=True), [(6, 4)], rng)
    x = rng.normal(size=(1, 6, 4))
    before = net.forward(TRAIN, x)
    x[0, 3:] += 10
    after = net.forward(TRAIN, x)
    assert np.array_equal(before[0, :3], after[0, :3]) and not np.allclose(before[0, 3:], after[0, 3:])


def test_hidden_scores_pass_no_gradient(rng: np.random.Generator) -> None:
    q, k = rng.normal(size=(2, 1, 4, 6))
    scores = AttentionScores(2, causal=True)
    y, saved = scores.forward(TRAIN, q, k)
    hidden = np.triu(np.ones(y.shape), 1)
    assert not np.any(scores.backward(TRAIN, hidden, saved, (q, k), y, (True, True)))


def test_scores_stay_finite_under_the_mask(rng: np.random.Generator) -> None:
    net = layer_net(LAYERS["multi_head_attention"](heads=2, causal=True), [(6, 4)], rng)
    net.cast("float32")
    net.forward(TRAIN, rng.normal(size=(1, 6, 4)).astype(np.float32))
    assert all(np.isfinite(net.values[s.output]).all() for s in net.program.steps)


def test_an_id_out_of_the_table_is_named(rng: np.random.Generator) -> None:
    net = layer_net(LAYERS["embedding"](vocabulary=5, width=2), [(3,)], rng)
    for bad in (5, -1):
        with pytest.raises(IndexError, match=f"expected ids from 0 to 4, got {bad}"):
            net.forward(TRAIN, np.array([[0, bad, 1]]))

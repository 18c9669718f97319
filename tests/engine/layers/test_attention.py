"""Attention beside torch's own layer, its maps for the probes, and what a causal mask promises."""

from __future__ import annotations

import numpy as np
import pytest

from engine.layers import LAYERS, ShapeRefusal
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


def test_maps_between_two_sequences_can_be_read(rng: np.random.Generator) -> None:
    net = layer_net(LAYERS["cross_attention"](heads=3), [(5, 12), (7, 4), (7, 2)], rng)
    x = [rng.normal(size=(2, *s)) for s in ((5, 12), (7, 4), (7, 2))]
    net.forward(context(training=False), *x)
    maps = net.values[net.program.marks[("n", "attention")]]
    assert maps.shape == (2, 3, 5, 7)
    np.testing.assert_allclose(maps.sum(-1), 1)


@pytest.mark.parametrize("causal", [False, True])
def test_hidden_places_change_nothing_and_get_no_gradient(causal: bool, rng: np.random.Generator) -> None:
    net = layer_net(LAYERS["masked_attention"](heads=2, causal=causal), [(4, 6), (4, 6), (4, 3), (4,)], rng)
    x = [rng.normal(size=(2, *s)) for s in ((4, 6), (4, 6), (4, 3))]
    mask = np.array([[1, 0, 2, 0], [1, 1, 1, 1]])
    y = net.forward(context(training=False), *x, mask)
    maps = net.values[net.program.marks[("n", "attention")]]
    assert np.all(maps[0, :, :, [1, 3]] == 0) and np.all(maps[1, :, 3] > 0)
    np.testing.assert_allclose(maps.sum(-1), 1)
    grads = net.backward(context(training=False), rng.normal(size=y.shape))
    keys, values = grads[1], grads[2]
    assert np.all(keys[0, [1, 3]] == 0) and np.all(values[0, [1, 3]] == 0) and np.all(values[1] != 0)
    for hidden in x[1:]:
        hidden[0, [1, 3]] = rng.normal(size=hidden[0, [1, 3]].shape)
    np.testing.assert_array_equal(net.forward(context(training=False), *x, mask), y)


def test_keys_want_values_and_masks_of_their_number() -> None:
    layer, masked = LAYERS["cross_attention"](heads=2), LAYERS["masked_attention"](heads=2)
    with pytest.raises(ShapeRefusal, match="7 keys came with values N x 6 x 3"):
        layer.shape((5, 4), (7, 3), (6, 3))
    with pytest.raises(ShapeRefusal, match="the mask is N x 5, but there are 7 keys"):
        masked.shape((5, 4), (7, 3), (7, 3), (5,))

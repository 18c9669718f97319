"""A setting is the same as a node: Dense and Conv2D with chips are bit-equal to the same drawn as nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.declare import Spec, UnknownTypeError
from engine.layers import LAYERS
from engine.layers.activations import ACTIVATIONS
from engine.primitives import Shape
from tests.engine.run_program import Net, chain_net, context, random_inputs

KERNELS: dict[str, tuple[dict[str, Any], Shape]] = {
    "dense": ({"units": 6}, (5,)),
    "conv2d": ({"filters": 3, "padding": "same", "stride": (2, 1)}, (2, 5, 6)),
}


def same(setting: Net, nodes: Net, rng: np.random.Generator, dtype: str) -> None:
    """Equal weights by order, then equal bits: forward, backward, running statistics."""
    order = [i.value for i in (*setting.program.weights, *setting.program.states)]
    others = [i.value for i in (*nodes.program.weights, *nodes.program.states)]
    setting.cast(dtype)
    nodes.stored = {b: setting.stored[a].copy() for a, b in zip(order, others, strict=True)}
    x = random_inputs(setting, rng, 4)[0].astype(dtype)
    for training in (True, False):
        ctx = context(training=training, update_state=True)
        ours, theirs = setting.forward(ctx, x), nodes.forward(ctx, x)
        assert np.array_equal(ours, theirs) and ours.dtype == dtype
        grad = rng.normal(size=ours.shape).astype(dtype)
        ours, theirs = setting.backward(ctx, grad), nodes.backward(ctx, grad)
        assert np.array_equal(ours[setting.inputs[0].id], theirs[nodes.inputs[0].id])
        trained = len(setting.program.weights)
        for a, b in zip(order[:trained], others[:trained], strict=True):
            assert np.array_equal(ours[a], theirs[b])
        for a, b in zip(order[trained:], others[trained:], strict=True):
            assert np.array_equal(setting.stored[a], nodes.stored[b])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", ["none", "before", "after"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("kernel", list(KERNELS))
def test_setting_is_bit_equal_to_nodes(
    kernel: str, activation: str, place: str, dtype: str, rng: np.random.Generator
) -> None:
    params, shape = KERNELS[kernel]
    setting = {**params, "activation": activation, "batch_norm": place, "dropout": 0.3}
    norm: list[tuple[str, dict[str, Any]]] = [("batch_norm", {})]
    chain = [
        (kernel, params),
        *(norm if place == "before" else []),
        (activation, {}),
        *(norm if place == "after" else []),
        ("dropout", {"rate": 0.3}),
    ]
    same(chain_net([(kernel, setting)], shape, rng), chain_net(chain, shape, rng), rng, dtype)


def test_parameters_of_a_chosen_activation_count(rng: np.random.Generator) -> None:
    setting = {"units": 3, "activation": Spec("leaky_relu", {"slope": 0.3})}
    same(
        chain_net([("dense", setting)], (4,), rng),
        chain_net([("dense", {"units": 3}), ("leaky_relu", {"slope": 0.3})], (4,), rng),
        rng,
        "float64",
    )


def test_weight_names_of_stages_carry_their_scope(rng: np.random.Generator) -> None:
    net = chain_net([("dense", {"units": 3, "activation": "prelu", "batch_norm": "before"})], (4,), rng)
    assert list(net.names) == [
        "weight", "bias", "bn.gamma", "bn.beta", "act.alpha", "bn.running_mean", "bn.running_var",
    ]  # fmt: skip


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_marks_name_what_enters_and_leaves_the_activation(kernel: str, rng: np.random.Generator) -> None:
    params, shape = KERNELS[kernel]
    net = chain_net([(kernel, {**params, "activation": "tanh", "batch_norm": "before", "dropout": 0.5})], shape, rng)
    made = {s.primitive.id: s for s in net.program.steps}
    marks = net.program.marks
    assert (marks["n0", "z"], marks["n0", "a"]) == (made["tanh"].inputs[0], made["tanh"].output)
    assert made["tanh"].inputs[0] == made["batch_norm"].output


def test_activations_are_a_view_of_the_layers() -> None:
    assert "relu" in ACTIVATIONS and "dense" not in ACTIVATIONS and "nothing" not in ACTIVATIONS
    assert list(ACTIVATIONS) == sorted(ACTIVATIONS) == [c.id for c in ACTIVATIONS.classes()]
    assert len(ACTIVATIONS) == len(list(ACTIVATIONS)) >= 10
    assert ACTIVATIONS["relu"] is LAYERS["relu"]
    assert ACTIVATIONS.make(Spec("leaky_relu", {"slope": 0.5})).changed() == {"slope": 0.5}
    with pytest.raises(UnknownTypeError, match="unknown activation 'dense'"):
        ACTIVATIONS.make("dense")

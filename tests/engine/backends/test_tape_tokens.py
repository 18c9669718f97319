"""Sequences on the tape beside the reference: attention, layer norm, positions, tables; functions and optimizers that
are drawn less often; a class for each place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.optimizers import OPTIMIZERS
from tests.engine.backends.twins import BATCH, STEPS, close, compare, distance, tape
from tests.engine.training.nets import chain, mlp

CE, SGD = ("output", {"loss": Spec("softmax_cross_entropy")}), Spec("sgd", {"rate": 0.1})


def block(places: int = 5, width: int = 12, heads: int = 3, **attention: Any) -> Graph:
    """A pre-norm transformer block: positions, attention beside a short cut, two dense layers beside another."""
    nodes = (
        ("p", "positional_encoding", {}), ("l1", "layer_norm", {}),
        ("m", "multi_head_attention", {"heads": heads, **attention}), ("a1", "add", {}), ("l2", "layer_norm", {}),
        ("u", "dense", {"units": 2 * width, "activation": Spec("gelu")}), ("d", "dense", {"units": width}),
        ("a2", "add", {}), ("f", "flatten", {}), ("h", "dense", {"units": 3}), ("o", *CE),
    )  # fmt: skip
    graph = Graph().add_node(Node("x", "input", "x", {"size": (places, width)}))
    for name, kind, params in nodes:
        graph = graph.add_node(Node(name, kind, name, params))
    wires = "x-p p-l1 l1-m p-a1 m-a1 a1-l2 l2-u u-d a1-a2 d-a2 a2-f f-h h-o"
    for wire in wires.split():
        graph = graph.add_edge(Edge(*wire.split("-")))
    return graph


def flat_image(*readers: tuple[str, dict[str, Any]]) -> Graph:
    """A flattened image that layers read side by side: its order is that of images, theirs is not."""
    graph = chain(("input", {"size": (2, 3, 6)}), ("conv2d", {"filters": 2, "kernel": (3, 3)}), ("flatten", {}))
    ends = [("a", "add", {})] if len(readers) > 1 else []
    nodes = [(f"r{k}", *reader) for k, reader in enumerate(readers)] + ends + [("d", "dense", {"units": 3}), ("o", *CE)]
    for name, kind, params in nodes:
        graph = graph.add_node(Node(name, kind, name, params))
    inner = [f"n2-r{k}" for k in range(len(readers))] + [f"r{k}-{'a' if ends else 'd'}" for k in range(len(readers))]
    for wire in (*inner, *(["a-d"] if ends else []), "d-o"):
        graph = graph.add_edge(Edge(*wire.split("-")))
    return graph


def gated() -> Graph:
    """One map times another, and one times itself."""
    graph = chain(("input", {"size": (4,)}), ("dense", {"units": 6, "activation": Spec("tanh")}))
    nodes = (("g", "dense", {"units": 6, "activation": Spec("sigmoid")}), ("m", "multiply", {}), ("q", "multiply", {}))
    for name, kind, params in (*nodes, ("d", "dense", {"units": 3}), ("o", *CE)):
        graph = graph.add_node(Node(name, kind, name, params))
    for wire in ("n0-g", "n1-m", "g-m", "m-q", "n1-q", "q-d", "d-o"):
        graph = graph.add_edge(Edge(*wire.split("-")))
    return graph


NETS: dict[str, tuple[Graph, Spec]] = {
    "block": (block(), Spec("momentum", {"rate": 0.02})),
    "causal": (block(4, 6, 2, causal=True), SGD),
    "one head, wide": (block(18, 20, 1, use_bias=False), SGD),
    "sixteens": (block(32, 64, 4), Spec("sgd", {"rate": 0.003})),
    "learned positions": (chain(("input", {"size": (4, 5)}), ("positional_encoding", {"kind": "learned"}),
                                ("layer_norm", {}), ("flatten", {}), ("dense", {"units": 3}), CE), Spec("adam")),
    "layer norm of a vector": (chain(("input", {"size": (7,)}), ("dense", {"units": 19}), ("layer_norm", {}),
                                     ("dense", {"units": 3}), CE), SGD),
    "layer norm of a flattened image": (flat_image(("layer_norm", {})), SGD),
    "layer norm beside another reader": (flat_image(("layer_norm", {}), ("tanh", {})), SGD),
    "another reader beside layer norm": (flat_image(("tanh", {}), ("layer_norm", {})), SGD),
    "gated": (gated(), SGD),
    "class for each place": (chain(("input", {"size": (5, 4)}), ("dense", {"units": 6, "activation": Spec("tanh")}),
                                   CE), SGD),
    **{f"activation {a}": (mlp((4, 17, 16, 3), activation=a), Spec("momentum", {"rate": 0.05}))
       for a in ("silu", "softplus", "softsign", "mish", "sine", "selu", "hard_sigmoid", "hard_tanh",
                 "growing_cosine")},
    **{f"optimizer {p}": (mlp((4, 8, 3)), Spec(p))
       for p in ("adamax", "nadam", "radam", "adabelief", "adabound", "lion")},
    **{f"decayed {p}": (mlp((4, 8, 3)), Spec(p, {"weight_decay": 0.1, **more}))
       for p, more in (("nadam", {"decoupled": True}), ("radam", {}), ("lion", {}), ("adabound", {}))},
}  # fmt: skip


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NETS)
def test_ten_steps_beside_the_reference(name: str, threads: int) -> None:
    # what the softmax of attention does not see of its keys' biases has an exact gradient of zero
    compare(*NETS[name], threads, idle=("key_bias",))


def test_a_table_is_trained_as_in_the_reference() -> None:
    graph = chain(
        ("input", {"size": (6,), "dtype": "int"}), ("embedding", {"vocabulary": 11, "width": 5}),
        ("flatten", {}), ("dense", {"units": 3}), CE,
    )  # fmt: skip
    rng = np.random.default_rng(2)
    x, y = {"x": rng.integers(0, 11, (STEPS * BATCH, 6))}, {"y": rng.integers(0, 3, STEPS * BATCH)}
    rows, rates = np.arange(STEPS * BATCH).reshape(STEPS, BATCH), np.full(STEPS, 0.1)
    for threads in (1, 2):
        with tape(graph, SGD, threads) as mine:
            exact = NumpyExecutable(mine.plan, OPTIMIZERS.make(SGD), "float32", 0)
            for made in (mine, exact):
                made.bind(x, y)
                made.train(rows, rates, 0, keep=True)
            a, b = mine.last(), exact.last()
            assert a is not None and b is not None and a.weight_grads.keys() == b.weight_grads.keys()
            for value, expected in b.weight_grads.items():
                close(a.weight_grads[value], expected)
            after = exact.weights()
            assert all(distance(v, after[k]) <= 1e-5 for k, v in mine.weights().items())
            with pytest.raises(IndexError, match="expected ids from 0 to 10, got 11; enlarge the vocabulary"):
                mine.bind({"x": np.array([[0, 1, 2, 3, 4, 11]])}, {"y": np.array([0])})


def test_maps_of_attention_can_be_read() -> None:
    """Of a kept step and of a look without training; every row sums to one."""
    with tape(block(), threads=2) as mine:
        maps = next(s.output for s in mine.plan.steps if s.primitive.id == "softmax")
        x = {"x": np.random.default_rng(0).normal(size=(7, 5, 12))}
        seen = mine.forward(x, [maps])[maps]
        assert seen.shape == (7, 3, 5, 5)
        np.testing.assert_allclose(seen.sum(-1), 1, rtol=1e-6)
        mine.bind(x, {"y": np.zeros(7, np.int64)})
        mine.train(np.arange(7)[None, :], np.array([0.0]), 0, keep=True)
        last = mine.last()
        assert last is not None
        np.testing.assert_array_equal(last.values[maps], seen)
        assert last.grads[maps].shape == seen.shape

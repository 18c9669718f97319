"""Dense nets on the tape beside the reference: weights after 10 steps, every value and gradient, every figure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from tests.engine.backends.twins import BATCH, STEPS, compare, data, distance, reference, tape, trained
from tests.engine.training.nets import chain, mlp

CE = ("output", {"loss": Spec("softmax_cross_entropy")})


def branches() -> Graph:
    """Two paths of different depth, joined by concat; a third added to itself."""
    graph = chain(
        ("input", {"size": (5,)}), ("dense", {"units": 4, "activation": Spec("tanh")}), ("dense", {"units": 3})
    )
    for node, kind, params in (
        ("s", "dense", {"units": 3, "activation": Spec("sigmoid")}),
        ("a", "add", {}),
        ("c", "concat", {}),
        ("d", "dense", {"units": 3}),
        ("o", *CE),
    ):
        graph = graph.add_node(Node(node, kind, node, params))
    for source, target in (("n0", "s"), ("n2", "a"), ("s", "a"), ("a", "c"), ("s", "c"), ("c", "d"), ("d", "o")):
        graph = graph.add_edge(Edge(source, target))
    return graph


def two_heads() -> Graph:
    """One trunk, two Outputs with weights."""
    graph = chain(("input", {"size": (4,)}), ("dense", {"units": 6, "activation": Spec("tanh")}))
    for node, units, loss, weight in (("a", 3, "softmax_cross_entropy", 1.0), ("b", 2, "mse", 0.25)):
        graph = graph.add_node(Node(f"d{node}", "dense", node, {"units": units}))
        head = {"loss": Spec(loss), "field": node, "weight": weight}
        graph = graph.add_node(Node(f"o{node}", "output", node, head))
        graph = graph.add_edge(Edge("n1", f"d{node}")).add_edge(Edge(f"d{node}", f"o{node}"))
    return graph


def sequence() -> Graph:
    """Dense over the last axis of a sequence, then flat."""
    return chain(
        ("input", {"size": (5, 4)}), ("dense", {"units": 6, "activation": Spec("tanh")}), ("flatten", {}),
        ("dense", {"units": 3}), CE,
    )  # fmt: skip


NETS: dict[str, tuple[Graph, Spec]] = {
    **{f"activation {a}": (mlp((4, 17, 16, 3), activation=a), Spec("momentum", {"rate": 0.05}))
       for a in ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "gelu", "step", "softmax")},
    **{f"optimizer {p}": (mlp((4, 8, 3)), Spec(p))
       for p in ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad")},
    **{f"loss {n}": (mlp((4, 8, 3), loss=n), Spec("sgd", {"rate": 0.1}))
       for n in ("softmax_cross_entropy", "binary_cross_entropy", "mse", "half_squared", "mae", "huber")},
    "amsgrad": (mlp((4, 8, 3)), Spec("adam", {"amsgrad": True, "weight_decay": 0.1})),
    "rmsprop centred": (mlp((4, 8, 3)), Spec("rmsprop", {"centered": True, "momentum": 0.5, "epsilon": 1e-3})),
    "decayed": (mlp((4, 8, 3)), Spec("momentum", {"weight_decay": 0.1})),
    "penalised": (mlp((4, 8, 8, 3), l1=0.01, l2=0.02), Spec("adam")),
    "smoothed": (chain(("input", {"size": (4,)}), ("dense", {"units": 5}),
                       ("output", {"loss": Spec("softmax_cross_entropy", {"label_smoothing": 0.2})})), Spec("sgd")),
    "norm before": (mlp((4, 19, 3), batch_norm="before", use_bias=False), Spec("sgd", {"rate": 0.1})),
    "dropout": (mlp((4, 40, 40, 3), dropout=0.3), Spec("sgd", {"rate": 0.1})),
    "branches": (branches(), Spec("momentum")),
    "two heads": (two_heads(), Spec("sgd", {"rate": 0.1})),
    "sequence": (sequence(), Spec("sgd", {"rate": 0.1})),
    "wide": (mlp((70, 200, 50, 10)), Spec("sgd", {"rate": 0.1})),
    "standardized": (chain(("input", {"size": (3,)}), 
                            ("standardize", {"mean": (1.0, 2.0, 3.0), "std": (2.0, 3.0, 4.0)}),
                            ("dense", {"units": 3}), CE), Spec("sgd", {"rate": 0.1})),
}  # fmt: skip


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", NETS)
def test_ten_steps_beside_the_reference(name: str, threads: int) -> None:
    compare(*NETS[name], threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bits_however_it_is_cut(threads: int) -> None:
    graph = mlp((4, 30, 20, 3), dropout=0.2, batch_norm="before", l2=0.01)
    with tape(graph, "adam", threads) as whole, tape(graph, "adam", threads) as cut:
        expected = trained(whole)
        x, y = data(cut.plan, STEPS * BATCH)
        cut.bind(x, y)
        rows = np.random.default_rng(1).permutation(STEPS * BATCH).reshape(STEPS, BATCH)
        rates, losses, at = np.full(STEPS, cut.optimizer.rate), [], 0
        for count in (1, 4, 2, 3):
            records = cut.train(rows[at : at + count], rates[at : at + count], at, keep=True)
            cut.evaluate(x, y)
            cut.gradients(x, y, training=True)
            losses.extend(records.loss)
            at += count
        np.testing.assert_array_equal(losses, expected.loss)
        left, right = whole.weights(), cut.weights()
        assert all(np.array_equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_resume_goes_on_bit_for_bit(optimizer: str) -> None:
    graph = mlp((4, 12, 3), dropout=0.2, batch_norm="before")
    rows = np.random.default_rng(1).permutation(STEPS * BATCH).reshape(STEPS, BATCH)
    with tape(graph, optimizer) as first, tape(graph, optimizer, seed=5) as second:
        x, y = data(first.plan, STEPS * BATCH)
        for executable in (first, second):
            executable.bind(x, y)
        rates = np.full(STEPS, 0.01)
        first.train(rows[:6], rates[:6], 0)
        weights, state = first.weights(), first.optimizer_state()
        first.train(rows[6:], rates[6:], 6)
        second.seed = first.seed
        second.load_weights(weights)
        second.load_optimizer_state(state)
        second.train(rows[6:], rates[6:], 6)
        left, right = first.weights(), second.weights()
        assert all(np.array_equal(left[k], right[k]) for k in left)


def test_a_short_last_batch_and_then_a_larger_one() -> None:
    graph = mlp((4, 9, 3), batch_norm="before", use_bias=False)
    exact = reference(graph, "momentum")
    with tape(graph, "momentum", 2) as mine:
        x, y = data(mine.plan, 60)
        for executable in (exact, mine):
            executable.bind(x, y)
            for first, last in ((0, 16), (16, 19), (19, 60)):
                executable.train(np.arange(first, last)[None, :], np.array([0.05]), first)
        after = exact.weights()
        assert all(distance(v, after[k]) <= 1e-5 for k, v in mine.weights().items())


def test_dropout_drops_the_very_same_units() -> None:
    graph = mlp((4, 64, 3), dropout=0.4)
    exact = reference(graph)
    with tape(graph) as mine:
        trained(exact, keep=True)
        trained(mine, keep=True)
        a, b = mine.last(), exact.last()
        assert a is not None and b is not None
        dropped = [s.output for s in mine.plan.steps if s.primitive.id == "dropout"]
        assert dropped
        for value in dropped:
            np.testing.assert_array_equal(a.values[value] == 0, b.values[value] == 0)
            assert 0.3 < (a.values[value] == 0).mean() < 0.5

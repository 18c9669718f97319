"""Products of dense layers on the tape: tiles over one panel and two, and what they end with."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.tape import opcodes as o
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from tests.engine.backends.twins import distance, reference, tape, trained
from tests.engine.training.nets import mlp

#: widths of one panel, of two, of a pair and a rest, and a matrix too large for the nearest cache
GRAPH = mlp((70, 96, 33, 64, 5), activation="sigmoid")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [7, 8, 16, 21, 40, 131])
def test_any_number_of_rows(batch: int, threads: int) -> None:
    """8, 12, both, a rest of up to three; more than one part of a sum over samples; blocks of rows and their rest."""
    exact = reference(GRAPH, Spec("sgd", {"rate": 0.5}), dtype="float64")
    with tape(GRAPH, Spec("sgd", {"rate": 0.5}), threads) as mine:
        start = mine.weights()
        left, right = trained(mine, 3, batch), trained(exact, 3, batch)
        np.testing.assert_allclose(left.loss, right.loss, rtol=1e-5)
        np.testing.assert_allclose(left.grad_norm, right.grad_norm, rtol=1e-4)
        after = exact.weights()
        assert all(distance(v, after[k], start[k]) <= 1e-5 for k, v in mine.weights().items())


def opcodes(graph: Graph, mode: str) -> set[tuple[int, int]]:
    """Which instructions a tape has."""
    with tape(graph) as made:
        return {(int(row[0]), int(row[1])) for row in made._machine.program.tapes[mode]}


@pytest.mark.parametrize(("name", "code"), [("sigmoid", o.SIGMOID), ("tanh", o.TANH), ("relu", o.RELU)])
def test_activation_and_slope_are_ends_of_products(name: str, code: int) -> None:
    graph = mlp((4, 40, 33, 3), activation=name)
    both = {(o.ELEMENT, code), (o.ELEMENT, code + o.BACK)}
    assert both <= opcodes(graph, "kept") and not both & opcodes(graph, "train")


def test_a_value_that_two_layers_read_keeps_its_own_gradient() -> None:
    """Neither of the layers behind could end with the slope."""
    graph = mlp((4, 40, 33, 3), activation="tanh")
    graph = graph.add_node(Node("more", "dense", "more", {"units": 33})).add_edge(Edge("n1", "more"))
    graph = graph.add_node(Node("sum", "add", "sum", {})).add_edge(Edge("more", "sum"))
    wire = next(e for e in graph.edges if (e.source, e.target) == ("n2", "n3"))
    graph = graph.remove_edges([wire]).add_edge(Edge("n2", "sum")).add_edge(Edge("sum", "n3"))
    assert (o.ELEMENT, o.TANH + o.BACK) in opcodes(graph, "train")
    exact = reference(graph, Spec("sgd", {"rate": 0.5}), dtype="float64")
    with tape(graph, Spec("sgd", {"rate": 0.5})) as mine:
        start = mine.weights()
        trained(mine), trained(exact)
        after = exact.weights()
        assert all(distance(v, after[k], start[k]) <= 1e-5 for k, v in mine.weights().items())

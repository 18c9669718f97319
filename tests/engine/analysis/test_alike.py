"""What is worked out once for repeated layers is what each of them would be given on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.analysis import infer
from engine.analysis.infer import _analyse
from engine.files.project_file import read
from engine.graph import Edge, Graph, Node

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.json"))


def alone(graph: Graph) -> None:
    """Each node's figures, asked for it alone, equal those of the whole walk."""
    found = infer(graph)
    for node_id in graph.order:
        incoming = graph.incoming.get(node_id, ())
        types = tuple(found.output(e.source) for e in incoming)
        assert found.nodes[node_id] == _analyse(graph.nodes[node_id], incoming, types), node_id
        assert found.nodes[node_id].node is graph.nodes[node_id]


def test_layers_that_differ_in_anything_have_figures_of_their_own() -> None:
    kinds = {
        "a": Node("a", "dense", "a", {"units": 4}),
        "b": Node("b", "dense", "b", {"units": 4}),
        "c": Node("c", "dense", "c", {"units": 5}),
        "d": Node("d", "dense", "d", {"units": 4}, frozen=True),
        "e": Node("e", "dense", "e", {"units": 4}, muted=True),
        "f": Node("f", "dense", "f", {"units": True}),
        "g": Node("g", "dense", "g", {"units": 4.0}),
        "h": Node("h", "dense", "h", {"units": 4}, shares="a"),
        "i": Node("i", "dense", "i", {"units": 4, "use_bias": False}),
        "j": Node("j", "dense", "j", {"units": 0}),
        "k": Node("k", "dense", "k", {"units": 0}),
    }
    nodes = {"x": Node("x", "input", "x", {"size": (3,)}), **kinds}
    graph = Graph(nodes, tuple(Edge("x", n) for n in kinds))
    alone(graph)
    found = infer(graph)
    assert [found.nodes[n].parameters for n in "abcdi"] == [16, 16, 20, 16, 12]
    assert (found.nodes["d"].trainable, found.nodes["h"].parameters, found.nodes["e"].output) == (
        0, 0, found.output("x")
    )  # fmt: skip
    named = {p.node for p in found.problems if p.template.startswith("{name}: {param}")}
    assert {"j", "k"} <= named, "a problem is told once for each layer, in its own name"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_on_every_sample(path: Path) -> None:
    alone(read(path).project.graph)

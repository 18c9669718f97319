"""The graph as a value: edits share what they left alone, and refuse what would not be a DAG."""

from __future__ import annotations

import random

import pytest

from engine.graph import Edge, Graph, Node
from engine.graph import refusals as no


def line(*ids: str) -> Graph:
    graph = Graph()
    for k, name in enumerate(ids):
        graph = graph.add_node(Node(name, "relu", name))
        if k:
            graph = graph.add_edge(Edge(ids[k - 1], name))
    return graph


def test_an_edit_leaves_the_old_value_alone() -> None:
    before = line("a", "b")
    after = before.remove_nodes(["a"])
    assert set(before.nodes) == {"a", "b"} and len(before.edges) == 1
    assert set(after.nodes) == {"b"} and after.edges == ()
    assert after.nodes["b"] is before.nodes["b"]


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        (lambda g: g.add_node(Node("a", "relu", "again")), no.DuplicateIdRefusal),
        (lambda g: g.add_edge(Edge("a", "a")), no.SelfLoopRefusal),
        (lambda g: g.add_edge(Edge("a", "b")), no.DuplicateEdgeRefusal),
        (lambda g: g.add_edge(Edge("c", "a")), no.CycleRefusal),
        (lambda g: g.add_edge(Edge("a", "zz")), no.UnknownNodeRefusal),
        (lambda g: g.remove_nodes(["zz"]), no.UnknownNodeRefusal),
        (lambda g: g.replace_node(Node("zz", "relu", "")), no.UnknownNodeRefusal),
        (lambda g: g.remove_edges([Edge("a", "c")]), no.UnknownEdgeRefusal),
    ],
)
def test_each_refusal_has_its_own_type(edit: object, refusal: type[no.GraphRefusal]) -> None:
    graph = line("a", "b", "c")
    with pytest.raises(refusal):
        edit(graph)  # type: ignore[operator]


def test_a_cycle_refusal_names_the_loop() -> None:
    with pytest.raises(no.CycleRefusal, match=r"a -> b -> c -> a.*remove a wire") as caught:
        line("a", "b", "c").add_edge(Edge("c", "a"))
    assert caught.value.path == ("a", "b", "c")


def test_order_puts_sources_first_for_random_dags() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        ids = [f"v{k}" for k in range(rng.randint(1, 40))]
        graph = Graph()
        for name in rng.sample(ids, len(ids)):
            graph = graph.add_node(Node(name, "add", name))
        for _ in range(len(ids) * 2):
            a, b = sorted(rng.sample(range(len(ids)), 2)) if len(ids) > 1 else (0, 0)
            edge = Edge(ids[a], ids[b])
            if a != b and edge not in graph.edges:
                graph = graph.add_edge(edge)
        place = {n: k for k, n in enumerate(graph.order)}
        assert sorted(place) == sorted(ids)
        assert all(place[e.source] < place[e.target] for e in graph.edges)
        assert graph.order == Graph(graph.nodes, graph.edges).order


def test_replacing_a_node_keeps_the_known_wiring() -> None:
    graph = line("a", "b", "c")
    order = graph.order
    edited = graph.replace_node(Node("b", "tanh", "b"))
    assert edited.order is order and edited.nodes["b"].type == "tanh"
    assert list(edited.nodes) == ["a", "b", "c"]


def test_new_ids_are_free() -> None:
    graph = line("n1", "n2", "n4")
    name = graph.new_id()
    assert name not in graph.nodes
    graph.add_node(Node(name, "relu", ""))

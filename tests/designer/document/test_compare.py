"""Comparing two documents: a pure function, on small graphs and on random edits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.document import DocState, Point, verbs
from designer.document.compare import Change, Comparison, compare, match
from designer.document.templates import TEMPLATES
from designer.document.verbs.setup import set_data_field, set_training
from engine.declare import Spec
from engine.graph import Edge, Graph, Node


def chain(*layers: tuple[str, str], wired: bool = True) -> DocState:
    """Layers (id, type) one behind the other."""
    state = DocState()
    for k, (node, kind) in enumerate(layers):
        wires = (Edge(layers[k - 1][0], node),) if k and wired else ()
        state = verbs.add_node(state, node, kind, Point(200 * k, 0), wires)
    return state


NET = chain(("in", "input"), ("a", "dense"), ("b", "dense"), ("out", "output"))


def told(found: Comparison) -> list[tuple[str, str]]:
    return [(n.kind, n.name) for n in found.nodes if n.kind != "same"]


def test_a_document_is_the_same_as_itself() -> None:
    found = compare(NET, NET)
    assert found.same and not found.wires and found.kinds("after") == {} and found.count("same") == 4


def test_what_was_edited_is_named_with_both_values() -> None:
    after = verbs.set_param(NET, ("a",), "units", 7)
    after = verbs.set_param(after, ("b",), "activation", Spec("relu"))
    after = verbs.rename(verbs.set_muted(after, ("b",), True), "b", "last")
    found = compare(NET, after)
    by = {n.after: n for n in found.nodes}
    assert by["a"].kind == "changed" and [c.path for c in by["a"].changes] == [("units",)]
    assert by["a"].changes[0].after == 7 and by["a"].changes[0].before != 7
    assert {c.path for c in by["b"].changes} == {("name",), ("muted",), ("activation",)}
    assert found.kinds("before") == found.kinds("after") == {"a": "changed", "b": "changed"}


def test_a_default_that_is_written_out_is_no_change() -> None:
    node = NET.graph.nodes["a"]
    units = compare(NET, verbs.set_param(NET, ("a",), "units", 7)).nodes[1].changes[0].before
    graph = Graph({**NET.graph.nodes, "a": replace(node, params={"units": units})}, NET.graph.edges)
    assert compare(NET, replace(NET, graph=graph)).same


def test_a_value_inside_a_choice_is_compared_on_its_own() -> None:
    before = set_training(NET, "optimizer", Spec("adam", {"rate": 0.1}))
    after = set_training(set_training(before, "optimizer", Spec("adam", {"rate": 0.2})), "epochs", 3)
    assert compare(before, after).setup["training"] == (
        Change(("optimizer", "rate"), 0.1, 0.2), Change(("epochs",), before.training.epochs, 3)
    )  # fmt: skip
    other = set_data_field(before, "source", Spec("iris"))
    assert [c.path for c in compare(before, other).setup["data"]] == [("source",)]


def test_added_and_removed_are_the_two_sides_of_one_edit() -> None:
    after = verbs.remove_nodes(verbs.add_node(NET, "new", "dropout", Point(0, 200)), ("b",))
    names = after.graph.nodes["new"].name, NET.graph.nodes["b"].name
    assert told(compare(NET, after)) == [("added", names[0]), ("removed", names[1])]
    assert [k for k, _ in told(compare(after, NET))] == ["added", "removed"]


def test_wires_that_only_one_side_has_are_listed_unless_their_layer_is_missing() -> None:
    cut = verbs.disconnect(NET, (Edge("a", "b"),))
    assert [(w.kind, w.wire) for w in compare(NET, cut).wires] == [("removed", Edge("a", "b"))]
    assert [(w.kind, w.wire) for w in compare(cut, NET).wires] == [("added", Edge("a", "b"))]
    assert not compare(NET, verbs.remove_nodes(NET, ("b",))).wires


def test_a_pasted_copy_is_matched_by_name_and_order() -> None:
    other = chain(("x", "input"), ("y", "dense"), ("z", "dense"), ("w", "output"))
    found = compare(NET, other)
    assert found.pairs == {"x": "in", "y": "a", "z": "b", "w": "out"} and found.same


def test_an_id_that_means_another_type_there_is_not_trusted() -> None:
    other = chain(("in", "input"), ("b", "dropout"), ("a", "dense"), ("c", "dense"), ("out", "output"))
    pairs = match(NET.graph, other.graph)
    assert pairs["a"] == "a" and pairs["c"] == "b" and "b" not in pairs


def test_a_changed_type_is_a_change_and_not_a_removal() -> None:
    after = verbs.change_type(NET, ("b",), "relu")
    kept = Graph({**NET.graph.nodes, "b": Node("b", "relu", NET.graph.nodes["b"].name)}, NET.graph.edges)
    for other in (after, replace(NET, graph=kept)):
        found = {n.after: n for n in compare(NET, other).nodes}["b"]
        assert found.kind == "changed" and found.changes[0] == Change(("type",), "dense", "relu")


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_templates_are_the_same_as_themselves_and_differ_from_nothing(name: str) -> None:
    state = TEMPLATES[name].make()
    assert compare(state, TEMPLATES[name].make()).same
    assert compare(DocState(), state).count("added") == len(state.graph.nodes)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_two_graphs_give_a_matching_one_to_one_that_accounts_for_every_layer(data: st.DataObject) -> None:
    kinds, ids = ("dense", "relu", "dropout", "flatten"), tuple("abcdefgh")

    def graph() -> DocState:
        picked = data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=6))
        return chain(*((n, data.draw(st.sampled_from(kinds))) for n in picked), wired=False)

    before, after = graph(), graph()
    found = compare(before, after)
    assert len(set(found.pairs.values())) == len(found.pairs)
    assert {n.after for n in found.nodes if n.after} == set(after.graph.nodes)
    assert {n.before for n in found.nodes if n.before} == set(before.graph.nodes)
    assert found.count("added") + len(found.pairs) == len(after.graph.nodes)
    for new, old in found.pairs.items():
        one = {n.after: n for n in found.nodes}[new]
        assert one.before == old
        assert (one.kind == "same") == (not one.changes)

"""Add, remove, rename, change of type, flags."""

from __future__ import annotations

import pytest

from designer.document import DocState, Point, verbs
from designer.document.refusals import NameRefusal
from engine.declare import Spec
from engine.graph import Edge
from engine.graph.refusals import CycleRefusal, UnknownNodeRefusal
from tests.designer.document.drawn import chain, wires


def test_names_are_free_and_count_from_the_title() -> None:
    state = verbs.add_node(chain("input", "dense", "dense", "output"), "x", "input", Point(0, 0))
    assert [n.name for n in state.graph.nodes.values()] == ["Input", "Dense 1", "Dense 2", "Output", "Input 2"]


def test_removing_forgets_wires_positions_reroutes_probes_and_empty_groups() -> None:
    from designer.document import Group

    state = chain("input", "dense", "output")
    state = verbs.set_reroute(state, Edge("n1", "n2"), (Point(5, 5),))
    state = verbs.set_probes(state, ("n2:output", "n3:loss", "n21"))
    state = verbs.set_group(state, "g1", Group("a", ("n2",)))
    after = verbs.remove_nodes(state, ("n2",))
    assert wires(after) == [] and set(after.positions) == {"n1", "n3"} and not after.reroutes
    assert after.probes == ("n3:loss", "n21") and not after.groups


def test_delete_and_reconnect_bridges_a_run_of_layers_in_place() -> None:
    state = chain("input", "dense", "relu", "dense", "output")
    assert wires(verbs.delete_and_reconnect(state, ("n2", "n3"))) == [("n1", "n4"), ("n4", "n5")]


def test_delete_and_reconnect_keeps_the_order_of_wires_into_concat() -> None:
    state = chain("input", "dense")
    state = verbs.add_node(state, "c", "concat", Point(0, 0))
    state = verbs.add_node(state, "d", "dense", Point(0, 200), (Edge("n1", "d"),))
    for source in ("n2", "d"):
        state = verbs.connect(state, Edge(source, "c"))
    after = verbs.delete_and_reconnect(state, ("n2",))
    assert [e.source for e in after.graph.edges if e.target == "c"] == ["n1", "d"]


def test_delete_and_reconnect_of_a_merge_keeps_one_wire_for_a_single_input() -> None:
    state = chain("input", "dense")
    state = verbs.add_node(state, "a", "add", Point(0, 0), (Edge("n1", "a"), Edge("n2", "a")))
    state = verbs.add_node(state, "o", "output", Point(0, 0), (Edge("a", "o"),))
    after = verbs.delete_and_reconnect(state, ("a",))
    assert [e.source for e in after.graph.edges if e.target == "o"] == ["n1"]


def test_unknown_nodes_are_refused_by_name() -> None:
    with pytest.raises(UnknownNodeRefusal, match="nobody"):
        verbs.delete_and_reconnect(DocState(), ("nobody",))
    with pytest.raises(UnknownNodeRefusal):
        verbs.set_muted(DocState(), ("nobody",), True)


def test_rename_refuses_empty_and_taken_names_with_a_remedy() -> None:
    state = chain("input", "dense")
    assert verbs.rename(state, "n2", "  hidden   1 ").graph.nodes["n2"].name == "hidden 1"
    for name in ("", "   ", "Input"):
        with pytest.raises(NameRefusal) as refusal:
            verbs.rename(state, "n2", name)
        assert refusal.value.remedy
    assert verbs.rename(state, "n2", "Dense 1") is state


def test_change_of_type_keeps_what_fits() -> None:
    state = chain("input", "dense", "output")
    state = verbs.set_param(state, ("n2",), "units", 7)
    state = verbs.set_param(state, ("n2",), "activation", Spec("relu"))
    state = verbs.set_param(state, ("n2",), "l2", 0.01)
    after = verbs.change_type(state, ("n2",), "conv2d")
    node = after.graph.nodes["n2"]
    assert node.name == "Conv2D 1" and dict(node.params) == {"activation": Spec("relu"), "l2": 0.01}
    assert wires(after) == wires(state)
    named = verbs.rename(state, "n2", "mine")
    assert verbs.change_type(named, ("n2",), "conv2d").graph.nodes["n2"].name == "mine"


def test_change_to_a_source_or_sink_cuts_what_has_no_port() -> None:
    state = chain("input", "dense", "output")
    assert wires(verbs.change_type(state, ("n2",), "input")) == [("n2", "n3")]


def test_change_from_many_inputs_to_one_keeps_the_first() -> None:
    state = chain("input", "dense")
    state = verbs.add_node(state, "a", "add", Point(0, 0), (Edge("n1", "a"), Edge("n2", "a")))
    assert [e.source for e in verbs.change_type(state, ("a",), "relu").graph.edges if e.target == "a"] == ["n1"]


def test_flags_change_only_what_differs() -> None:
    state = chain("input", "dense")
    muted = verbs.set_muted(state, ("n1", "n2"), True)
    assert all(n.muted for n in muted.graph.nodes.values())
    assert verbs.set_muted(muted, ("n1",), True) is muted
    assert verbs.set_frozen(state, ("n2",), True).graph.nodes["n2"].frozen


def test_a_cycle_in_the_wires_of_a_new_node_is_refused_and_nothing_changes() -> None:
    state = chain("input", "dense")
    with pytest.raises(CycleRefusal):
        verbs.add_node(state, "x", "dense", Point(0, 0), (Edge("n2", "x"), Edge("x", "n2")))
    assert "x" not in state.graph.nodes

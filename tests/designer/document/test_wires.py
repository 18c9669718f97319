"""Connect, replace, insert, convert."""

from __future__ import annotations

import pytest

from designer.document import Point, verbs
from designer.document.refusals import ConvertRefusal, EditRefusal, InsertRefusal, UnknownPortRefusal
from engine.declare import Spec
from engine.graph import Edge
from engine.graph.refusals import CycleRefusal, DuplicateEdgeRefusal, SelfLoopRefusal, UnknownEdgeRefusal
from engine.layers import Fix
from tests.designer.document.drawn import SIZES, chain, wires


def test_a_wire_into_a_taken_input_replaces_it_in_its_place() -> None:
    state = chain("input", "dense", "dense", "output")
    after = verbs.connect(state, Edge("n1", "n3"))
    assert wires(after) == [("n1", "n2"), ("n1", "n3"), ("n3", "n4")]


def test_many_inputs_are_added_in_order() -> None:
    state = verbs.add_node(chain("input", "dense"), "a", "add", Point(0, 0))
    state = verbs.connect(verbs.connect(state, Edge("n1", "a")), Edge("n2", "a"))
    assert wires(state)[1:] == [("n1", "a"), ("n2", "a")]


def test_a_wire_dragged_to_another_port_moves_in_one_step() -> None:
    state = chain("input", "dense", "dense")
    after = verbs.connect(state, Edge("n1", "n3"), unplug=Edge("n1", "n2"))
    assert wires(after) == [("n1", "n3")]
    assert verbs.connect(state, Edge("n1", "n2"), unplug=Edge("n1", "n2")) is state


@pytest.mark.parametrize(
    ("wire", "refusal", "words"),
    [
        (Edge("n3", "n2"), CycleRefusal, "loop"),
        (Edge("n2", "n2"), SelfLoopRefusal, "itself"),
        (Edge("n1", "n2"), DuplicateEdgeRefusal, "already"),
        (Edge("n2", "n1"), UnknownPortRefusal, "it has none"),
        (Edge("n2", "n3", "left"), UnknownPortRefusal, "left"),
        (Edge("n2", "n3", "in", "up"), UnknownPortRefusal, "it has out"),
    ],
)
def test_each_refusal_has_its_type_and_words(wire: Edge, refusal: type[Exception], words: str) -> None:
    state = chain("input", "dense", "dense")
    with pytest.raises(refusal, match=words):
        verbs.connect(state, wire)
    assert isinstance(verbs.refusal_of(state, wire), refusal)


def test_insert_on_a_wire_takes_its_place_and_shoves() -> None:
    state = chain("input", "dense", "output")
    after = verbs.insert_on_wire(state, Edge("n1", "n2"), "x", "relu", Point(224, 0), {**SIZES, "x": (176.0, 128.0)})
    assert wires(after) == [("n1", "x"), ("x", "n2"), ("n2", "n3")]
    assert [after.position(n).x for n in ("n1", "x", "n2", "n3")] == [0, 224, 448, 672]
    assert {after.position(n).y for n in after.positions} == {0}


def test_cards_in_other_rows_are_not_shoved() -> None:
    state = verbs.move_nodes(chain("input", "dense", "output"), {"n3": Point(224, 200)})
    after = verbs.insert_on_wire(state, Edge("n1", "n2"), "x", "relu", Point(224, 0), {**SIZES, "x": (176.0, 128.0)})
    assert after.position("n3") == Point(224, 200)


def test_only_layers_with_both_sides_stand_on_a_wire() -> None:
    state = chain("input", "dense")
    with pytest.raises(InsertRefusal, match="output"):
        verbs.insert_on_wire(state, Edge("n1", "n2"), "x", "output", Point(0, 0), SIZES)
    with pytest.raises(InsertRefusal, match="input"):
        verbs.insert_on_wire(state, Edge("n1", "n2"), "x", "input", Point(0, 0), SIZES)
    with pytest.raises(UnknownEdgeRefusal):
        verbs.insert_on_wire(state, Edge("n2", "n1"), "x", "relu", Point(0, 0), SIZES)


def test_lazy_connect_takes_the_free_port() -> None:
    state = verbs.disconnect(chain("input", "dense"), (Edge("n1", "n2"),))
    assert wires(verbs.lazy_connect(state, "n1", "n2")) == [("n1", "n2")]
    with pytest.raises(InsertRefusal):
        verbs.lazy_connect(state, "n2", "n1")


def test_reroutes_go_with_their_wire_and_with_both_ends() -> None:
    wire = Edge("n1", "n2")
    state = verbs.set_reroute(chain("input", "dense", "output"), wire, (Point(10, 20),))
    moved = verbs.nudge(state, ("n1", "n2"), 8, 16)
    assert moved.reroutes[wire] == (Point(18, 36),)
    assert verbs.nudge(state, ("n1",), 8, 16).reroutes[wire] == (Point(10, 20),)
    assert not verbs.disconnect(state, (wire,)).reroutes


def test_settings_become_nodes_in_the_order_in_which_they_apply_and_back() -> None:
    state = chain("input", "dense", "output")
    for name, value in (("activation", Spec("leaky_relu", {"slope": 0.2})), ("batch_norm", "before"), ("dropout", 0.3)):
        state = verbs.set_param(state, ("n2",), name, value)
    drawn = verbs.settings_to_nodes(state, "n2", SIZES)
    order = [drawn.graph.nodes[n].type for n in drawn.graph.order]
    assert order == ["input", "dense", "batch_norm", "leaky_relu", "dropout", "output"]
    assert not drawn.graph.nodes["n2"].params
    folded = verbs.nodes_to_settings(drawn, "n2")
    assert folded.graph.nodes["n2"] == state.graph.nodes["n2"]
    assert set(wires(folded)) == set(wires(state))


def test_batch_norm_after_the_activation_round_trips() -> None:
    state = chain("input", "dense", "output")
    state = verbs.set_param(verbs.set_param(state, ("n2",), "activation", "tanh"), ("n2",), "batch_norm", "after")
    drawn = verbs.settings_to_nodes(state, "n2", SIZES)
    assert [drawn.graph.nodes[n].type for n in drawn.graph.order] == ["input", "dense", "tanh", "batch_norm", "output"]
    assert verbs.nodes_to_settings(drawn, "n2").graph.nodes["n2"].params["batch_norm"] == "after"


def test_a_branching_activation_is_not_folded() -> None:
    state = chain("input", "dense", "relu", "output")
    state = verbs.add_node(state, "o2", "output", Point(0, 0), (Edge("n2", "o2"),))
    with pytest.raises(ConvertRefusal) as refusal:
        verbs.nodes_to_settings(state, "n2")
    assert refusal.value.remedy


def test_fixes_are_edits() -> None:
    state = chain("input", "dense", "output")
    fixed = verbs.apply_fix(state, "n2", "in", Fix("Insert Flatten", "insert_before", {"layer": "flatten"}), SIZES)
    assert [fixed.graph.nodes[n].type for n in fixed.graph.order] == ["input", "flatten", "dense", "output"]
    fixed = verbs.apply_fix(state, "n2", "", Fix("10 units", "set_param", {"name": "units", "value": 10}), SIZES)
    assert fixed.graph.nodes["n2"].params["units"] == 10
    fixed = verbs.apply_fix(state, "n2", "", Fix("Remove", "remove", {"reconnect": True}), SIZES)
    assert wires(fixed) == [("n1", "n3")]
    with pytest.raises(EditRefusal, match="by hand"):
        verbs.apply_fix(state, "n2", "", Fix("?", "dance", {}), SIZES)


@pytest.mark.parametrize("width", [120.0, 168.0, 240.0])
def test_a_layer_put_before_another_stands_left_of_it_however_wide_it_is(width: float) -> None:
    state = chain("input", "conv2d", "dense", "output")
    sizes = {n: (168.0, 56.0) for n in state.graph.nodes} | {"new": (width, 56.0)}
    after = verbs.insert_before(state, "n3", "in", "new", "flatten", {}, sizes)
    xs = [after.position(n)[0] for n in ("n1", "n2", "new", "n3", "n4")]
    assert xs == sorted(set(xs)), "nothing turns back"
    assert after.position("new")[0] == state.position("n3")[0]
    assert after.position("new")[0] + width < after.position("n3")[0]

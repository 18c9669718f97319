"""Groups in the document: their ports, place and members; blocks and repeats, over a graph that stays flat."""

from __future__ import annotations

import pytest

from designer.document import DocState, Point, verbs
from designer.document.group_ports import input_ports, output_ports
from designer.document.layout import Group, Layout, Slot
from designer.document.nesting import nesting_of
from designer.document.sheet import card_of, cards_of, folded, members_of, on_sheet, place_of, sheet_of
from designer.document.templates.blocks import BLOCKS
from designer.document.verbs.blocks import add_block, block_of
from designer.document.verbs.repeat import RepeatRefusal, repeat
from engine.analysis import infer
from engine.graph import Edge
from tests.designer.document.drawn import SIZES, chain, wires


def drawn(*types: str, **params: object) -> DocState:
    """A chain with an input of that shape."""
    state = chain(*types)
    for name, value in params.items():
        state = verbs.set_param(state, ("n1",), name, value)
    return state


def ports(state: DocState, group: str = "g1") -> tuple[int, int]:
    own = state.groups[group]
    return len(input_ports(state.graph, own)), len(output_ports(state.graph, own))


def test_nesting_is_one_tree_whatever_a_file_says() -> None:
    groups = {
        "a": Group("a", ("1", "2", "3")),
        "b": Group("b", ("1", "2")),
        "c": Group("c", ("2", "3")),
        "d": Group("d", ("1", "2")),
        "e": Group("e", ()),
    }
    found = nesting_of(groups)
    assert found.parent == {"a": None, "b": "d", "c": "a", "d": "a", "e": None}
    assert found.home == {"1": "b", "2": "b", "3": "c"} and found.path("b") == ("a", "d", "b")
    assert found.common(("1", "3")) == "a" and found.common(("1", "9")) is None
    assert found.lies_in("b", "a") and not found.lies_in("a", "a") and found.lies_in("a", None)


def test_ports_are_what_crosses_what_was_declared_and_what_is_open() -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    assert ports(state) == (1, 1)
    assert input_ports(state.graph, state.groups["g1"])[0].wires == (Edge("n1", "n2"),)
    cut = verbs.disconnect(state, state.graph.edges)
    # The inner wire is cut too: ReLU's input is open now, and Dense feeds nothing.
    assert ports(cut) == (2, 2) and not any(p.wires for p in input_ports(cut.graph, cut.groups["g1"]))
    gone = verbs.remove_nodes(state, ("n2",))
    assert gone.groups["g1"].members == ("n3",) and gone.groups["g1"].inputs == ()


def test_a_group_and_its_undoing_leave_every_place() -> None:
    state = chain("input", "dense", "relu", "tanh", "output")
    made = verbs.group_nodes(state, ("n2", "n3", "n4"))
    assert made.graph is state.graph and place_of(made, "group:g1") == (448, 0)
    assert verbs.ungroup(made, ("n2", "n3", "n4"), SIZES) == state
    moved = on_sheet(made, None, verbs.move_nodes, {"group:g1": Point(448, 400)})
    assert moved.positions == state.positions
    out = verbs.ungroup(moved, ("n2", "n3", "n4"), SIZES)
    assert {n: out.position(n).y for n in ("n1", "n2", "n3", "n4", "n5")} == {"n1": 0, "n2": 400, "n3": 400, "n4": 400,
                                                                            "n5": 0}  # fmt: skip


def test_what_comes_out_of_a_group_makes_room() -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    near = on_sheet(state, None, verbs.move_nodes, {"n4": Point(460, 0)})
    out = verbs.ungroup(near, ("n2", "n3"), SIZES)
    assert out.position("n4").x >= out.position("n3").x + SIZES["n3"][0]


def test_a_sheet_shows_one_level_and_a_loop_through_a_group_can_be_laid_out() -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "tanh", "output"), ("n2", "n4"))
    sheet = sheet_of(state)
    assert sheet.nodes == ("n1", "n3", "n5") and sheet.groups == ("g1",) and sheet.owner["n4"] == "group:g1"
    assert cards_of(state, None, ("n4", "n2", "n1")) == ("group:g1", "n1") and members_of(state, ("group:g1",))
    flat = folded(state)
    assert set(flat.graph.order) == {"n1", "n3", "n5", "group:g1"}
    done = on_sheet(state, None, verbs.lay_out, None, {}, None)
    assert done.positions["n2"] == state.positions["n2"] and len({place_of(done, c) for c in flat.graph.nodes}) == 4


def test_inside_edits_join_and_the_wire_says_where_an_insert_belongs() -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    inner = verbs.insert_on_wire(state, Edge("n2", "n3"), "n9", "tanh", Point(0, 0), SIZES)
    assert "n9" in inner.groups["g1"].members
    outer = verbs.insert_on_wire(state, Edge("n3", "n4"), "n9", "tanh", Point(0, 0), SIZES)
    assert "n9" not in outer.groups["g1"].members
    border = verbs.insert_on_wire(state, Edge("n3", "n4"), "n9", "tanh", Point(0, 0), SIZES, None, "g1")
    assert "n9" in border.groups["g1"].members and border.groups["g1"].outputs == (Slot("n9", "out"),)
    split = verbs.set_param(state, ("n2",), "dropout", 0.5)
    split = verbs.settings_to_nodes(split, "n2", SIZES)
    assert len(split.groups["g1"].members) == 3 + ("activation" in split.graph.nodes["n2"].params)
    added = verbs.add_node(state, "n9", "relu", Point(0, 0))
    assert verbs.adopt(state, added, "g1").groups["g1"].members[-1] == "n9" and verbs.adopt(state, added, None) is added


def test_groups_are_kept_by_files_clipboard_and_older_entries() -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    raw = state.layout.to_json()
    assert raw["groups"]["g1"]["at"] == [336, 0] and Layout.from_json(raw) == state.layout  # type: ignore[index, call-overload]
    old = Layout.from_json({"groups": {"g1": {"title": "a", "members": ["n2"], "note": 1}}})
    assert old.groups["g1"].at is None and old.to_json()["groups"]["g1"]["note"] == 1  # type: ignore[index, call-overload]
    text = verbs.dump_fragment(verbs.cut_out(state, ("n2", "n3")))
    pasted = verbs.paste(state, verbs.load_fragment(text), 40, 80)
    assert pasted.groups["g2"].members == ("n5", "n6") and place_of(pasted, "group:g2") == (376, 80)
    led = verbs.set_reroute(state, Edge("n2", "n3"), (Point(300, 40),))
    copy = verbs.load_fragment(verbs.dump_fragment(verbs.cut_out(led, ("n2", "n3", "n4"))))
    assert verbs.paste(led, copy, 10, 20).reroutes[Edge("n5", "n6")] == (Point(310, 60),)
    assert pasted.groups["g2"].inputs == ((Slot("n5", "in"),),)
    assert not verbs.cut_out(state, ("n2",)).groups and not verbs.cut_out(state, ("n2", "n3"), "g1").groups
    with pytest.raises(ValueError, match="not copied"):
        verbs.load_fragment(text.replace('"n3"\n   ]', '"zz"\n   ]'))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_ready_block_fits_where_it_is_put_and_can_be_repeated(name: str) -> None:
    shape = (8, 32) if "coder" in name else (16, 8, 8)
    state = drawn("input", "output", size=shape)
    state = add_block(state, BLOCKS[name].make(shape), Point(300, 0), SIZES, None, state.graph.edges)
    group = state.groups["g1"]
    if name == "decoder":
        memory = input_ports(state.graph, group)[1]
        state = verbs.rewire(state, [Edge("n1", s.node, s.port) for s in memory.slots])
    analysis = infer(state.graph)
    assert not [p.text for p in analysis.problems if p.node in group.members]
    assert len(output_ports(state.graph, group)) == 1 and ("n1", "n2") not in wires(state)
    thrice = repeat(state, group.members, 3, SIZES)
    assert len(thrice.groups) == 3 and not [p.text for p in infer(thrice.graph).problems if p.severity == "error"
                                           and p.node in members_of(thrice, map(card_of, thrice.groups))]  # fmt: skip
    if name != "inception":
        same = repeat(state, group.members, 3, SIZES, None, True)
        assert infer(same.graph).parameters == analysis.parameters
        assert analysis.output(group.outputs[0].node) == analysis.output("n1")
    for free in (None, shape):
        alone = add_block(DocState(), BLOCKS[name].make(free), Point(0, 0))
        assert ports(alone) == (2 if name == "decoder" else 1, 1)


def test_a_residual_block_for_a_vector_and_a_block_inside_a_group() -> None:
    state = drawn("input", "output", size=(12,))
    state = add_block(state, BLOCKS["residual"].make((12,)), Point(0, 0), SIZES, None, (), Slot("n1", "out"))
    assert not [p for p in infer(state.graph).problems if p.node and p.severity == "error"]
    within = add_block(state, BLOCKS["encoder"].make(None), Point(0, 0), SIZES, "g1")
    assert within.layout.nesting.parent["g2"] == "g1"
    kept = block_of(within, "g1")
    assert len(kept.groups) == 2 and not kept.incoming and verbs.load_fragment(verbs.dump_fragment(kept)) == kept


def test_repeat_a_chain_with_own_and_with_shared_weights() -> None:
    state = drawn("input", "dense", "relu", "output", size=(8,))
    state = verbs.set_param(state, ("n2",), "units", 8)
    own = repeat(state, ("n2", "n3"), 4, SIZES)
    assert len(own.graph.nodes) == 10 and infer(own.graph).parameters == 4 * 72
    path = own.graph.path("n1", "n4")
    assert [own.graph.nodes[n].type for n in path] == ["input", *["dense", "relu"] * 4, "output"]
    assert own.position("n4").x > max(own.position(n).x for n in path[:-1]) and own.position("n2") == (224, 0)
    shared = repeat(state, ("n2", "n3"), 4, SIZES, None, True)
    assert infer(shared.graph).parameters == 72


def test_copies_keep_the_order_into_a_concat() -> None:
    state = drawn("input", "dense", "output", size=(4,))
    state = verbs.add_node(state, "n4", "concat", Point(500, 0), (Edge("n1", "n4"), Edge("n2", "n4")))
    state = verbs.group_nodes(state, ("n2", "n4"))
    twice = repeat(verbs.rewire(state, (Edge("n4", "n3"),), (Edge("n2", "n3"),)), ("n2", "n4"), 2, SIZES)
    copy = next(n for n in twice.graph.nodes if n not in state.graph.nodes and twice.graph.nodes[n].type == "concat")
    assert [twice.graph.nodes[e.source].type for e in twice.graph.incoming[copy]] == ["concat", "dense"]


@pytest.mark.parametrize(
    ("types", "ids", "times", "shared", "words"),
    [
        (("input", "dense", "relu", "output"), ("n1", "n2"), 2, False, "one way in"),
        (("input", "dense", "relu", "output"), ("n3", "n4"), 2, False, "one way out"),
        (("input", "dense", "relu", "output"), ("n2", "n3"), 1, False, "not a number of repeats"),
        (("input", "dense", "relu", "output"), ("n2", "n3"), 2, True, "one set of weights needs one shape"),
        (("input", "max_pool2d", "flatten", "output"), ("n2",), 4, False, "would not fit"),
    ],
)
def test_what_cannot_be_repeated_is_refused_in_words(
    types: tuple[str, ...], ids: tuple[str, ...], times: int, shared: bool, words: str
) -> None:
    state = drawn(*types, size=(1, 8, 8)) if "max_pool2d" in types else drawn(*types)
    with pytest.raises(RepeatRefusal, match=words):
        repeat(state, ids, times, SIZES, None, shared)

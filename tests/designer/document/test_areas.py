"""Frames and what they hold, collapsed cards, and flows that run down, as values."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.document import Box, DocState, Frame, Note, Point, verbs
from designer.document.frames import LEAST_HEIGHT, LEAST_WIDTH, contents, stretched
from designer.document.geometry import GRID
from designer.document.refusals import LayoutRefusal, UnknownItemRefusal
from designer.document.turn import turned
from engine.graph import Edge
from engine.graph.refusals import UnknownNodeRefusal
from tests.designer.document.drawn import SIZES, chain


def nested() -> DocState:
    """n1 in an inner frame in an outer one, n2 in the outer one only, n3 outside; a note in the inner one."""
    state = verbs.set_frame(chain("input", "dense", "output"), "f1", Frame("outer", Box(-100, -100, 600, 400)))
    state = verbs.set_frame(state, "f2", Frame("inner", Box(-40, -60, 240, 220)))
    return verbs.set_note(state, "t1", Note("x", Box(0, 130, 80, 24)))


def test_a_frame_holds_cards_by_their_middle_and_frames_and_notes_wholly() -> None:
    state = nested()
    outer, inner = contents(state, "f1", SIZES), contents(state, "f2", SIZES)
    assert (outer.nodes, outer.frames, outer.notes) == (("n1", "n2"), ("f2",), ("t1",))
    assert (inner.nodes, inner.frames, inner.notes) == (("n1",), (), ("t1",))


def test_a_frame_takes_all_of_it_along_and_reroute_points_too() -> None:
    state = verbs.set_reroute(nested(), Edge("n1", "n2"), (Point(180, 90),))
    after = verbs.move_areas(state, (("frame", "f1"),), 40, 80, SIZES, ("n3",))
    assert [tuple(after.position(n)) for n in ("n1", "n2", "n3")] == [(40, 80), (264, 80), (488, 80)]
    assert after.frames["f2"].box == Box(0, 20, 240, 220) and after.notes["t1"].box == Box(40, 210, 80, 24)
    assert after.reroutes[Edge("n1", "n2")] == (Point(220, 170),)
    with pytest.raises(UnknownItemRefusal):
        verbs.move_areas(state, (("frame", "nowhere"),), 8, 8, {})


@given(st.frozensets(st.sampled_from(["left", "right", "top", "bottom"]), min_size=1), st.integers(-900, 900),
       st.integers(-900, 900))  # fmt: skip
def test_a_stretched_box_stays_on_the_grid_and_keeps_its_other_edges(edges: frozenset[str], dx: int, dy: int) -> None:
    before = Box(80, 160, 400, 240)
    after = stretched(before, edges, dx, dy)
    assert after.width >= LEAST_WIDTH and after.height >= LEAST_HEIGHT
    assert all(v % GRID == 0 for v in (after.x, after.y, after.right, after.bottom))
    sides = {"left": (before.x, after.x), "right": (before.right, after.right), "top": (before.y, after.y),
             "bottom": (before.bottom, after.bottom)}  # fmt: skip
    assert all(was == now for name, (was, now) in sides.items() if name not in edges)


def test_a_layout_takes_frames_along() -> None:
    state = verbs.frame_around(chain("input", *["dense"] * 6, "output"), "f1", ("n4", "n5"), "f", SIZES)
    after = verbs.lay_out(state, None, SIZES, None, 700)
    assert after.position("n5") != state.position("n5") and after.frames["f1"].box != state.frames["f1"].box
    assert contents(after, "f1", SIZES).nodes == ("n4", "n5") or set(contents(after, "f1", SIZES).nodes) >= {"n4", "n5"}


def test_collapsing_moves_by_the_shift_and_only_what_changes() -> None:
    state = verbs.set_collapsed(chain("input", "dense", "output"), ("n1", "n2"), True, {"n1": (0, 16), "n2": (0, 16)})
    assert state.collapsed == {"n1", "n2"} and state.position("n2") == (224, 16)
    again = verbs.set_collapsed(state, ("n1", "n3"), True, {"n1": (0, 16), "n3": (0, 16)})
    assert again.position("n1").y == 16 and again.position("n3").y == 16
    assert verbs.set_collapsed(again, ("n1",), True) is again
    with pytest.raises(UnknownNodeRefusal):
        verbs.set_collapsed(state, ("n9",), True)


def test_layout_entries_round_trip_in_their_order_and_wrong_ones_are_named() -> None:
    from designer.document.layout import Layout

    for value in ({"collapsed": ["n2", "n1"], "direction": "down"}, {"direction": "right"}, {"collapsed": []}, {}):
        assert Layout.from_json(value).to_json() == value  # type: ignore[arg-type]
        assert list(Layout.from_json(value).to_json()) == list(value)  # type: ignore[arg-type]
    for wrong in ({"direction": "up"}, {"collapsed": "n1"}, {"collapsed": [1]}):
        with pytest.raises(LayoutRefusal, match="layout"):
            Layout.from_json(wrong)  # type: ignore[arg-type]


def test_a_flow_that_runs_down_has_its_cards_below_each_other_with_their_middles_in_line() -> None:
    sizes = {**SIZES, "n2": (248.0, 56.0), "n3": (96.0, 24.0)}
    state = verbs.lay_out(chain("input", "dense", "dense", "output"), None, sizes, None, 2000, 48, "down")
    assert state.down and DocState.of(state.project()) == state
    wide = {"n1": 176, "n2": 256, "n3": 96, "n4": 176}
    middles = {state.position(n).x + w / 2 for n, w in wide.items()}
    assert len(middles) == 1
    tops = [(state.position(n).y, state.position(n).y + sizes[n][1]) for n in wide]
    assert all(below[0] >= above[1] + 48 for above, below in itertools.pairwise(tops))
    assert all(v % GRID == 0 for n in wide for v in state.position(n))


def test_long_flows_down_wrap_into_columns_without_overlap() -> None:
    state = verbs.lay_out(chain("input", *["dense"] * 20, "output"), None, SIZES, None, 900, 48, "down")
    boxes = [Box(*state.position(n), *SIZES[n]) for n in state.graph.nodes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert len({b.x for b in boxes}) > 1 and max(b.bottom for b in boxes) < 1600


def test_another_direction_turns_all_and_comes_back() -> None:
    start = verbs.lay_out(chain("input", "dense", "dense", "output"), None, SIZES)
    down = verbs.lay_out(start, None, SIZES, None, 1200, 48, "down")
    back = verbs.lay_out(down, None, SIZES, None, 1200, 48, "right")
    assert down.positions != start.positions and back.positions == start.positions and not back.down


@pytest.mark.parametrize("name", ["insert", "chain", "settings", "room"])
def test_verbs_that_make_room_do_it_along_the_flow(name: str) -> None:
    state = verbs.lay_out(chain("input", "dense", "output"), None, SIZES, None, 2000, 48, "down")
    sizes = {**SIZES, "n4": (176.0, 128.0)}
    if name == "insert":
        at = Point(state.position("n1").x, state.position("n1").y + 104)
        after = verbs.insert_on_wire(state, Edge("n1", "n2"), "n4", "relu", at, sizes)
    elif name == "settings":
        from engine.declare import Spec

        after = verbs.settings_to_nodes(verbs.set_param(state, ("n2",), "activation", Spec("relu")), "n2", sizes)
    elif name == "room":
        after = verbs.move_and_make_room(state, {"n1": state.position("n2")}, sizes)
    else:
        from designer.document.chain_text import parse_chain

        links = parse_chain("dense 4")
        after = verbs.add_chain(state, links, "n2", None, sizes)
    assert after.down
    if name == "insert":
        assert after.position("n2").y == after.position("n4").y + 128 + 48, "it made room for the width"
    moved = {n for n in state.positions if after.position(n) != state.position(n)}
    assert moved and all(after.position(n).x == state.position(n).x for n in moved), "the rows became columns"
    if "n4" in after.positions:
        assert after.position("n4").x == state.position("n2").x and after.position("n4").y > after.position("n1").y
    boxes = [Box(*after.position(n), *sizes[n]) for n in after.graph.nodes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_turning_is_its_own_inverse() -> None:
    state = verbs.set_reroute(chain("input", "dense"), Edge("n1", "n2"), (Point(9, 5),))
    assert turned(turned(state, "down"), "right") == state

"""Align, distribute, make room, layered layout."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from designer.document import Box, DocState, Point, verbs
from designer.document.geometry import GRID, snap, snap_up
from designer.document.layered import _separate, layered, layered_with_routes
from designer.document.shove import make_room
from engine.graph import Edge
from tests.designer.document.drawn import SIZES, chain


def test_snapping_is_even_on_both_sides_of_zero() -> None:
    assert [snap(v) for v in (-12, -4, -3.9, 3.9, 4, 12)] == [-8, 0, 0, 0, 8, 16]
    assert [snap_up(v) for v in (-1, 0, 0.1, 8, 8.1)] == [0, 0, 8, 8, 16]


def test_align_and_distribute() -> None:
    state = verbs.move_nodes(chain("input", "dense", "output"), {"n2": Point(300, 40), "n3": Point(904, 96)})
    ids = ("n1", "n2", "n3")
    assert {verbs.align(state, ids, "top", SIZES).position(n).y for n in ids} == {0}
    assert {verbs.align(state, ids, "bottom", SIZES).position(n).y for n in ids} == {96}
    assert {verbs.align(state, ids, "right", SIZES).position(n).x for n in ids} == {904}
    spread = verbs.distribute(state, ids, "across", SIZES)
    assert [spread.position(n).x for n in ids] == [0, 456, 904]
    assert verbs.align(state, ("n1",), "top", SIZES) is state


@given(
    st.lists(st.tuples(st.integers(-60, 60), st.integers(-20, 20)), min_size=1, max_size=25),
    st.tuples(st.integers(-60, 60), st.integers(-20, 20)),
)
def test_nothing_that_moves_aside_covers_another(spots: list[tuple[int, int]], spot: tuple[int, int]) -> None:
    places = {f"n{k}": Point(8 * x, 8 * y) for k, (x, y) in enumerate(spots, 1)}
    sizes = {n: (176.0, 128.0) for n in [*places, "x"]}
    places["x"] = Point(8 * spot[0], 8 * spot[1])
    after = make_room(places, sizes, ("x",), 48)
    assert after["x"] == places["x"]
    assert all(after[n].y == places[n].y and after[n].x % GRID == 0 for n in places)
    boxes = {n: Box(*after[n], 176, 128) for n in after}
    moved = [n for n in places if after[n] != places[n]]
    for a, b in itertools.product(["x", *moved], ["x", *moved]):
        if a != b:
            assert not boxes[a].overlaps(boxes[b]), f"{a} covers {b}"
    assert not any(boxes["x"].overlaps(boxes[n]) for n in places if n != "x")


def test_a_chain_wraps_in_rows_like_the_drawing() -> None:
    state = verbs.lay_out(chain("input", *["dense"] * 6, "output"), None, SIZES, None, 900)
    assert [tuple(state.position(f"n{k}")) for k in range(1, 9)] == [
        *((224 * k, 0) for k in range(4)),
        *((224 * k, 208) for k in range(4)),
    ]


def residual(blocks: int) -> DocState:
    """input, then blocks of dense, dense, add with a shortcut."""
    state, last = chain("input"), "n1"
    for _ in range(blocks):
        k = len(state.graph.nodes)
        a, b, c = f"n{k + 1}", f"n{k + 2}", f"n{k + 3}"
        state = verbs.add_node(state, a, "dense", Point(0, 0), (Edge(last, a),))
        state = verbs.add_node(state, b, "dense", Point(0, 0), (Edge(a, b),))
        state = verbs.add_node(state, c, "add", Point(0, 0), (Edge(b, c), Edge(last, c)))
        last = c
    return state


def test_the_main_chain_stays_straight_and_the_shortcut_is_led_around() -> None:
    state = residual(1)
    places, routes = layered_with_routes(state.graph, tuple(state.graph.nodes), SIZES, 2000)
    assert len({p.y for p in places.values()}) == 1
    (wire,) = routes
    assert wire == Edge("n1", "n4")
    cards = [Box(*places[n], 176, 128) for n in ("n2", "n3")]
    for point in routes[wire]:
        assert not any(c.y <= point.y <= c.bottom for c in cards), "the shortcut runs through a card"


def test_residual_blocks_wrap_between_blocks_only() -> None:
    state = residual(6)
    places = layered(state.graph, tuple(state.graph.nodes), SIZES, 1000)
    rows = sorted({round(p.y) for p in places.values()})
    assert len(rows) >= 2
    for k in range(2, 20, 3):
        assert len({places[f"n{j}"].y for j in (k, k + 1, k + 2)}) == 1, "a block was torn apart"


def test_what_follows_a_merge_of_branches_runs_in_one_line() -> None:
    state = chain("input", "dense")
    for k, length in enumerate((1, 2, 2)):
        last = "n2"
        for j in range(length):
            state = verbs.add_node(state, f"b{k}{j}", "dense", Point(0, 0), (Edge(last, f"b{k}{j}"),))
            last = f"b{k}{j}"
    ends = tuple(Edge(n, "c") for n in ("b00", "b11", "b21"))
    state = verbs.add_node(state, "c", "concat", Point(0, 0), ends)
    for before, new in (("c", "t1"), ("t1", "t2"), ("t2", "t3")):
        state = verbs.add_node(state, new, "dense", Point(0, 0), (Edge(before, new),))
    sizes = {n: (176.0, 128.0) for n in state.graph.nodes}
    places = layered(state.graph, tuple(state.graph.nodes), sizes, 5000)
    assert len({places[n].y for n in ("c", "t1", "t2", "t3")}) == 1
    assert places["b10"].y == places["b11"].y and places["b20"].y == places["b21"].y


@given(st.integers(2, 24), st.integers(0, 2**32 - 1))
def test_no_two_cards_overlap_and_wires_run_forward_within_a_row(count: int, seed: int) -> None:
    import random

    rng = random.Random(seed)
    state = chain("input")
    for k in range(2, count + 1):
        sources = rng.sample(range(1, k), min(k - 1, rng.randint(0, 3)))
        wires = tuple(Edge(f"n{s}", f"n{k}") for s in sources)
        state = verbs.add_node(state, f"n{k}", "concat", Point(0, 0), wires)
    places = layered(state.graph, tuple(state.graph.nodes), SIZES, 900)
    boxes = [Box(*p, 176, 128) for p in places.values()]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(p.x % GRID == 0 and p.y % GRID == 0 for p in places.values())
    assert places == layered(state.graph, tuple(state.graph.nodes), SIZES, 900)


def test_laying_out_keeps_the_clicked_card_and_what_was_not_chosen() -> None:
    state = verbs.move_nodes(residual(2), {"n3": Point(800, 640)})
    after = verbs.lay_out(state, None, SIZES, "n3", 2000)
    assert after.position("n3") == Point(800, 640)
    part = verbs.lay_out(state, ("n1", "n2"), SIZES)
    assert part.position("n3") == Point(800, 640)


def test_missing_places_are_found_below_the_others() -> None:
    state = chain("input", "dense", "output")
    bare = state.with_layout(positions={"n1": Point(0, 0)})
    placed = verbs.place_missing(bare)
    assert placed.position("n1") == Point(0, 0) and placed.position("n2").y > 128
    assert verbs.place_missing(placed) is placed


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(0.05, 4)), min_size=1, max_size=6))
def test_separation_is_the_least_squares_answer(pairs: list[tuple[float, float]]) -> None:
    """Judged by scipy's quadratic minimiser."""
    import numpy as np
    import pytest

    optimize = pytest.importorskip("scipy.optimize")
    wanted, weights = [p[0] for p in pairs], [p[1] for p in pairs]
    own = _separate(wanted, weights, [100.0] * len(pairs))
    assert all(b - a >= 100 - 1e-6 for a, b in itertools.pairwise(own))

    def cost(x: np.ndarray) -> float:
        return float(np.sum(np.array(weights) * (x - np.array(wanted)) ** 2))

    start = np.arange(len(pairs)) * 100.0 + np.mean(wanted)
    rules = [{"type": "ineq", "fun": lambda x, k=k: x[k + 1] - x[k] - 100} for k in range(len(pairs) - 1)]
    best = optimize.minimize(cost, start, constraints=rules, method="SLSQP")
    assert cost(np.array(own)) <= best.fun * (1 + 1e-4) + 1e-3

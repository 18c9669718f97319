"""Walking from card to card by keys, and J."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from designer.canvas import Canvas
from designer.canvas.edits import next_card
from designer.document import DocState, Point, verbs
from tests.designer.canvas.conftest import CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain, wires

Draw = Callable[..., Canvas]
K = Qt.Key

CROSS = {"m": (0, 0), "r": (300, 40), "far": (700, 0), "l": (-300, 0), "u": (0, -200), "d": (20, 200), "dd": (0, 500)}


@pytest.mark.parametrize(
    ("start", "dx", "dy", "found"),
    [("m", 1, 0, "r"), ("m", -1, 0, "l"), ("m", 0, -1, "u"), ("m", 0, 1, "d"), ("r", 1, 0, "far"), ("far", 1, 0, None)],
)
def test_the_nearest_in_a_direction(start: str, dx: int, dy: int, found: str | None) -> None:
    assert next_card(CROSS, start, dx, dy) == found


def test_alt_arrows_walk_and_with_shift_gather(draw: Draw) -> None:
    canvas = draw("input", "dense", "relu")
    hand = Hand(canvas)
    hand.key(K.Key_Right, CTRL)
    assert canvas.selection.nodes == ("n1",)
    hand.key(K.Key_Right, CTRL)
    assert canvas.selection.nodes == ("n2",)
    hand.key(K.Key_Right, CTRL | SHIFT)
    assert canvas.selection.nodes == ("n2", "n3")
    hand.key(K.Key_Right, CTRL)
    assert canvas.selection.nodes == ("n2", "n3") and canvas.store.undo_stack.count() == 0


def test_j_connects_left_to_right(draw: Draw) -> None:
    state = verbs.add_node(verbs.add_node(DocState(), "n1", "dense", Point(400, 0)), "n2", "input", Point(0, 0))
    canvas = draw(state)
    Hand(canvas).key(K.Key_J)
    assert not canvas.store.state.graph.edges
    canvas.selection.show(("n1", "n2"))
    Hand(canvas).key(K.Key_J)
    assert wires(canvas.store.state) == [("n2", "n1")] and canvas.store.undo_stack.count() == 1


def test_tab_without_a_mouse_goes_on_behind_the_loose_end(draw: Draw) -> None:
    canvas = draw(chain("input", "dense"))
    canvas.selection.show(("n2",))
    Hand(canvas).key(K.Key_Tab)
    assert canvas.quick is not None and canvas.quick.origin is not None and canvas.quick.origin.node == "n2"
    Hand(canvas).canvas.close_quick_add()
    canvas.selection.show(("n1",))
    Hand(canvas).key(K.Key_Tab)
    assert canvas.quick is not None and canvas.quick.origin is None

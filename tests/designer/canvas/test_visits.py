"""Back and forward between visited places, by keys and by the mouse's side buttons."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from designer.canvas import Canvas, visits
from designer.document import verbs
from tests.designer.canvas.conftest import ALT, NONE, Hand
from tests.designer.document.drawn import chain

Draw = Callable[..., Canvas]
K = Qt.Key


@pytest.fixture(autouse=True)
def slow_leaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each leap of a test is one of its own."""
    monkeypatch.setattr(visits, "_BURST_S", -1.0)


def middle(canvas: Canvas) -> tuple[int, int, float]:
    at = canvas.visible_rect().center()
    return round(at.x() / 10), round(at.y() / 10), round(canvas.zoom, 2)


def long_chain(draw: Draw) -> Canvas:
    return draw(chain("input", *["dense"] * 18, "output", step=400))


def test_alt_left_and_right_walk_through_what_f_home_and_find_showed(draw: Draw) -> None:
    canvas = long_chain(draw)
    hand = Hand(canvas)
    start = middle(canvas)
    canvas.reveal("n10")
    tenth = middle(canvas)
    canvas.selection.show(("n19",))
    hand.key(K.Key_F)
    last = middle(canvas)
    hand.key(K.Key_Home)
    assert len({start, tenth, last, middle(canvas)}) == 4
    seen = []
    for _ in range(4):
        hand.key(K.Key_Left, ALT)
        seen.append(middle(canvas))
    assert seen == [last, tenth, start, start] and not canvas.visits.can_go(-1)
    for place in (tenth, last):
        hand.key(K.Key_Right, ALT)
        assert middle(canvas) == place
    hand.key(K.Key_Right, ALT)
    assert canvas.whole and canvas.visible_rect().contains(canvas.scene_.content())
    assert canvas.store.undo_stack.count() == 0


def test_the_side_buttons_of_the_mouse_do_the_same(draw: Draw) -> None:
    canvas = long_chain(draw)
    start = middle(canvas)
    canvas.reveal("n12")
    there = middle(canvas)
    spot = canvas.viewport().rect().center()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.BackButton, NONE, spot)
    assert middle(canvas) == start and canvas.tool is None
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.ForwardButton, NONE, spot)
    assert middle(canvas) == there


def test_near_places_are_one_and_wandering_is_remembered(draw: Draw) -> None:
    canvas = long_chain(draw)
    canvas.reveal("n10")
    count = len(canvas.visits.places)
    canvas.jump_to(canvas.visible_rect().center() + QPointF(30, 10))
    assert len(canvas.visits.places) == count
    canvas.pan(-2600, 0)
    wandered = middle(canvas)
    canvas.reveal("n1")
    Hand(canvas).key(K.Key_Left, ALT)
    assert middle(canvas) == wandered
    canvas.pan(-900, 0)
    Hand(canvas).key(K.Key_Left, ALT)
    assert middle(canvas) == wandered, "from where one has wandered off, back leads to the last place"


def test_a_new_leap_forgets_what_was_ahead(draw: Draw) -> None:
    canvas = long_chain(draw)
    canvas.reveal("n10")
    canvas.reveal("n19")
    canvas.visits.back()
    canvas.reveal("n2")
    assert not canvas.visits.can_go(1)


def test_leaps_in_a_burst_are_one(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "_BURST_S", 60.0)
    canvas = long_chain(draw)
    start = middle(canvas)
    for node in ("n6", "n10", "n14", "n18"):
        canvas.reveal(node)
    canvas.visits.back()
    assert middle(canvas) == start


def test_the_map_is_a_leap_and_a_drag_in_it_one(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = long_chain(draw)
    monkeypatch.setattr(visits, "_BURST_S", 60.0)
    start, small = middle(canvas), canvas.minimap
    across = small.rect().center()
    QTest.mousePress(small, Qt.MouseButton.LeftButton, NONE, across)
    canvas.jump_to(QPointF(6000, 0))
    canvas.jump_to(QPointF(7000, 0))
    QTest.mouseRelease(small, Qt.MouseButton.LeftButton, NONE, across)
    assert middle(canvas) != start
    canvas.visits.back()
    assert middle(canvas) == start


def test_back_leaves_a_group_and_forward_enters_it_again(draw: Draw) -> None:
    state = chain("input", *["dense"] * 8, "output", step=400)
    canvas = draw(verbs.group_nodes(state, ("n3", "n4")))
    start = middle(canvas)
    canvas.groups.enter("g1")
    assert canvas.groups.entered == "g1"
    canvas.visits.back()
    assert canvas.groups.entered is None and middle(canvas) == start
    canvas.visits.forward()
    assert canvas.groups.entered == "g1"


def test_another_document_has_no_past(draw: Draw) -> None:
    canvas = long_chain(draw)
    canvas.reveal("n10")
    canvas.store.open(verbs.paste(chain(), verbs.cut_out(chain(*["dense"] * 3), ("n2", "n3")), 900, 0))
    assert canvas.visits.can_go(-1), "the same ids: still the same drawing as far as a canvas can tell"
    canvas.store.open(chain())
    canvas.store.open(chain("input", "dense"))
    assert not canvas.visits.can_go(1) and not canvas.visits.can_go(-1)

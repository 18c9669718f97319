"""Groups by real keys and mouse: made, moved, entered, left, nested, dissolved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt

from designer.canvas import Canvas
from designer.canvas.scene import CanvasScene
from designer.document import verbs
from designer.document.layout import Layout
from designer.document.verbs.groups import GroupRefusal, path_to
from tests.designer.canvas.conftest import CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain
from widgets import tokens

Draw = Callable[..., Canvas]
K = Qt.Key


def title(canvas: Canvas, group: str) -> QPointF:
    rect = canvas.scene_.areas["group", group].rect()
    return QPointF(rect.center().x(), rect.top() + 12)


def shown(canvas: Canvas) -> set[str]:
    return {n for n, i in canvas.scene_.nodes.items() if i.isVisible()}


def grouped(draw: Draw) -> tuple[Canvas, Hand]:
    canvas = draw("input", "dense", "relu", "output")
    canvas.selection.show(("n2", "n3"))
    hand = Hand(canvas)
    hand.key(K.Key_G, CTRL)
    return canvas, hand


def test_ctrl_g_draws_an_area_around_the_cards_in_one_step(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    rect = canvas.scene_.areas["group", "g1"].rect()
    assert all(rect.contains(canvas.scene_.nodes[n].box()) for n in ("n2", "n3"))
    assert not rect.intersects(canvas.scene_.nodes["n1"].box()) and canvas.store.undo_stack.count() == 1
    canvas.selection.show(("n2",))
    hand.key(K.Key_G, CTRL | SHIFT)
    assert ("group", "g1") not in canvas.scene_.areas and len(canvas.store.state.graph.nodes) == 4
    canvas.store.undo()
    assert canvas.store.state.groups["g1"].members == ("n2", "n3")


def test_the_title_selects_and_moves_all(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    canvas.selection.clear()
    hand.click(title(canvas, "g1"))
    assert canvas.selection.nodes == ("n2", "n3")
    before = {n: canvas.store.state.position(n) for n in ("n2", "n3")}
    start = title(canvas, "g1")
    hand.drag(start, QPointF(start.x(), start.y() + 160))
    for n, at in before.items():
        assert canvas.store.state.position(n) == (at.x, at.y + 160)
    assert canvas.store.undo_stack.count() == 2
    assert canvas.scene_.areas["group", "g1"].rect().contains(canvas.scene_.nodes["n2"].box())


def test_enter_by_double_click_leave_by_escape(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.double(title(canvas, "g1"))
    assert (
        shown(canvas) == {"n2", "n3"} and canvas.groups.crumbs.isVisible() and "Group 1" in canvas.groups.crumbs.text()
    )
    assert canvas.visible_rect().contains(canvas.scene_.content(("n2", "n3")))
    hand.key(K.Key_Escape)
    assert shown(canvas) == {"n1", "n2", "n3", "n4"} and not canvas.groups.crumbs.isVisible()
    assert canvas.selection.nodes == ("n2", "n3") and canvas.store.undo_stack.count() == 1


def test_nested_groups_leave_level_by_level(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    canvas.selection.show(("n2", "n3", "n4"))
    hand.key(K.Key_G, CTRL)
    assert path_to(canvas.store.state, "g1") == ("g2", "g1")
    outer, inner = (canvas.scene_.areas["group", k].rect() for k in ("g2", "g1"))
    assert outer.contains(inner)
    hand.double(title(canvas, "g2"))
    hand.double(title(canvas, "g1"))
    assert shown(canvas) == {"n2", "n3"}
    hand.key(K.Key_Escape)
    assert shown(canvas) == {"n2", "n3", "n4"}
    canvas.selection.clear()
    hand.key(K.Key_Escape)
    assert len(shown(canvas)) == 4


def test_an_undo_that_takes_the_group_away_shows_everything(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.double(title(canvas, "g1"))
    canvas.store.undo()
    assert len(shown(canvas)) == 4 and not canvas.groups.crumbs.isVisible()


def test_half_of_a_group_is_refused(draw: Draw) -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    for ids, words in ((("n3", "n4"), "belong"), (("n2", "n3"), "already"), (("n1",), "two layers")):
        with pytest.raises(GroupRefusal, match=words):
            verbs.group_nodes(state, ids)
    with pytest.raises(GroupRefusal, match="no group"):
        verbs.ungroup(state, ("n1",))


def test_groups_are_stored_and_a_fresh_scene_is_equal(draw: Draw) -> None:
    canvas, _ = grouped(draw)
    state = canvas.store.state
    assert Layout.from_json(state.layout.to_json()) == state.layout
    fresh = CanvasScene(state, canvas.analyst.analysis, tokens.theme())
    assert fresh.snapshot()["areas"] == canvas.scene_.snapshot()["areas"]


def test_what_is_found_outside_leaves_the_group(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.double(title(canvas, "g1"))
    canvas.reveal("n4")
    assert len(shown(canvas)) == 4 and canvas.selection.nodes == ("n4",)

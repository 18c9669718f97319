"""Auto layout under the hand: of all or some, in both directions, animated, in a thread, taken back by Escape."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.canvas import Canvas, arranging, motion, scene
from designer.canvas.curtain import Curtain
from designer.canvas.scene import CanvasScene
from designer.document import Point, verbs
from engine.graph import Edge
from tests.designer.canvas.conftest import CTRL, Hand
from tests.designer.document.drawn import chain
from widgets import tokens

Draw = Callable[..., Canvas]
K = Qt.Key


def scattered(count: int = 4) -> object:
    state = chain("input", *["dense"] * count, "output", step=240)
    return verbs.move_nodes(state, {n: Point(80 * k, 304 * (k % 3)) for k, n in enumerate(state.graph.nodes)})


def test_ctrl_l_is_one_step_and_keeps_the_current_card_where_it_is_on_the_screen(draw: Draw) -> None:
    canvas = draw(scattered())
    canvas.selection.show(("n3",))
    before, zoom = canvas.mapFromScene(canvas.scene_.nodes["n3"].pos()), canvas.zoom
    Hand(canvas).key(K.Key_L, CTRL)
    assert canvas.mapFromScene(canvas.scene_.nodes["n3"].pos()) == before and canvas.zoom == zoom
    assert canvas.store.undo_stack.count() == 1 and canvas.store.undo_stack.undoText() == "Lay out"
    tops = {canvas.store.state.position(n).y for n in canvas.store.state.graph.nodes}
    assert len(tops) == 2, "two rows"


def test_the_card_under_the_mouse_stays_under_it(draw: Draw) -> None:
    canvas = draw(scattered())
    canvas.selection.show(("n1",))
    spot = canvas.scene_.nodes["n4"].box().center()
    QTest.mouseMove(canvas.viewport(), canvas.mapFromScene(spot))
    Hand(canvas).key(K.Key_L, CTRL)
    assert canvas.scene_.node_at(spot) == "n4" and canvas.store.undo_stack.count() == 1


def test_a_selection_is_laid_out_alone(draw: Draw) -> None:
    canvas = draw(scattered())
    canvas.selection.show(("n2", "n3", "n4"))
    before = canvas.store.state
    Hand(canvas).key(K.Key_L, CTRL)
    after = canvas.store.state
    moved = {n for n in after.graph.nodes if after.position(n) != before.position(n)}
    assert moved and moved <= {"n2", "n3", "n4"}


def test_top_down_turns_ports_and_wires_and_is_one_step(draw: Draw) -> None:
    canvas = draw(scattered())
    canvas.auto_layout("down")
    state = canvas.store.state
    assert state.down and canvas.store.undo_stack.count() == 1
    item = canvas.scene_.nodes["n2"]
    ((_, x, y, _),), ((_, u, v, _),) = item.card.inputs, item.card.outputs
    assert (x, y) == (item.card.width / 2, 0) and (u, v) == (item.card.width / 2, item.card.height)
    wire = canvas.scene_.wires[Edge("n2", "n3")]
    assert wire.start.x() == wire.end.x() and wire.end.y() > wire.start.y()
    hand = Hand(canvas)
    hand.drag(hand.output("n1"), hand.input("n4"))
    assert Edge("n1", "n4") in canvas.store.state.graph.edges
    canvas.store.undo()
    canvas.auto_layout("right")
    assert not canvas.store.state.down
    assert canvas.scene_.nodes["n2"].card.inputs[0][1:3] == (0.0, 28.0)
    canvas.store.undo()
    assert canvas.store.state.down and canvas.scene_.nodes["n2"].card.down


def test_escape_on_the_way_puts_everything_back_and_leaves_no_step(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw(scattered())
    tokens.reduce_motion(False)
    canvas.motion._run.setDuration(3000)
    before = canvas.store.state
    Hand(canvas).key(K.Key_L, CTRL)
    assert canvas.store.undo_stack.count() == 1
    first = canvas.scene_.nodes["n3"].pos()
    qtbot.waitUntil(lambda: canvas.scene_.nodes["n3"].pos() != first)
    Hand(canvas).key(K.Key_Escape)
    assert canvas.store.state is before and not canvas.store.undo_stack.canRedo()
    assert canvas.store.undo_stack.count() == 0 and not canvas.store.modified
    assert all(i.pos() == QPointF(*before.position(n)) for n, i in canvas.scene_.nodes.items())
    qtbot.wait(200)
    assert all(i.pos() == QPointF(*before.position(n)) for n, i in canvas.scene_.nodes.items())


def test_a_long_layout_runs_in_a_thread_and_escape_forgets_it(
    draw: Draw, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arranging, "_AT_ONCE", 3)
    canvas = draw(scattered())
    before = canvas.store.state
    job = canvas.edits.arranging
    Hand(canvas).key(K.Key_L, CTRL)
    assert job.busy and canvas.store.state is before, "it was done on the GUI thread"
    Hand(canvas).key(K.Key_Escape)
    qtbot.wait(60)
    assert canvas.store.state is before and not job.busy
    Hand(canvas).key(K.Key_L, CTRL)
    qtbot.waitUntil(lambda: canvas.store.undo_stack.count() == 1, timeout=20_000)
    assert len({canvas.store.state.position(n).y for n in before.graph.nodes}) == 2


def test_a_layout_of_a_drawing_that_changed_meanwhile_is_not_used(
    draw: Draw, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arranging, "_AT_ONCE", 3)
    canvas, said = draw(scattered()), []
    canvas.message.connect(said.append)
    Hand(canvas).key(K.Key_L, CTRL)
    canvas.store.apply("Rename", verbs.rename, "n2", "other")
    qtbot.waitUntil(lambda: len(said) == 2, timeout=20_000)
    assert "changed meanwhile" in said[1] and canvas.store.undo_stack.count() == 1


def drawn_as(canvas: Canvas) -> None:
    """All stands where the document says, as in a canvas built fresh."""
    fresh = CanvasScene(canvas.store.state, canvas.analyst.analysis, tokens.theme())
    fresh.show_selection(canvas.selection.nodes, canvas.selection.wires)
    assert canvas.scene_.snapshot() == fresh.snapshot()


@pytest.mark.parametrize("still", [False, True])
def test_many_cards_glide_behind_a_curtain_in_pieces(
    draw: Draw, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, still: bool
) -> None:
    monkeypatch.setattr(motion, "MOST", 20)
    monkeypatch.setattr(motion, "PIECE_S", 0.0)
    monkeypatch.setattr(scene, "PIECE", 4)
    canvas = draw(scattered(60))
    tokens.reduce_motion(still)
    before = canvas.store.state
    Hand(canvas).key(K.Key_L, CTRL)
    curtain = canvas.viewport().findChild(Curtain)
    assert curtain is not None and curtain.isVisible() and curtain.geometry() == canvas.viewport().rect()
    left = [n for n, i in canvas.scene_.nodes.items() if i.pos() != QPointF(*canvas.store.state.position(n))]
    assert len(left) > 20, "they were moved at one go"
    qtbot.waitUntil(lambda: not canvas.motion.busy, timeout=20_000)
    assert not any(c.isVisible() for c in canvas.viewport().findChildren(Curtain))
    drawn_as(canvas)
    canvas.store.undo()
    assert canvas.motion.busy, "an undone layout glides, too"
    canvas.store.apply("Rename", verbs.rename, "n2", "other")  # another edit does not wait
    assert not canvas.motion.busy and canvas.store.state.positions == before.positions
    drawn_as(canvas)


def test_escape_takes_many_cards_back_as_well(draw: Draw, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "MOST", 20)
    canvas = draw(scattered(60))
    tokens.reduce_motion(False)
    canvas.motion._run.setDuration(3000)
    before = canvas.store.state
    Hand(canvas).key(K.Key_L, CTRL)
    qtbot.waitUntil(lambda: canvas.motion._pieces is None, timeout=20_000)
    assert canvas.motion.busy, "the picture glides on when the cards behind it are through"
    Hand(canvas).key(K.Key_Escape)
    assert canvas.store.state is before and not canvas.store.undo_stack.canRedo()
    canvas.motion.finish()
    drawn_as(canvas)

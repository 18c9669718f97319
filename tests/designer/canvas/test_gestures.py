"""Every gesture with real mouse events: what it does, that it is one undo step, and that Escape cancels it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas import LAYER_MIME, Canvas
from designer.document import Point, verbs
from engine.graph import Edge
from tests.designer.canvas.conftest import ALT, CTRL, LEFT, MIDDLE, NONE, RIGHT, SHIFT, Hand
from tests.designer.document.drawn import chain, wires

Draw = Callable[..., Canvas]


def steps(canvas: Canvas) -> int:
    return canvas.store.undo_stack.count()


# ---------------------------------------------------------------------- select


def test_click_selects_shift_adds_ctrl_toggles_and_nothing_clears(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand, chosen = Hand(canvas), canvas.selection
    hand.click(hand.card("n1"))
    assert chosen.nodes == ("n1",) and canvas.scene_.nodes["n1"].selected
    hand.click(hand.card("n2"), held=SHIFT)
    assert chosen.nodes == ("n1", "n2")
    hand.click(hand.card("n1"), held=CTRL)
    assert chosen.nodes == ("n2",)
    hand.click((500, 300))
    assert chosen.nodes == () and not canvas.scene_.nodes["n2"].selected
    assert steps(canvas) == 0


def test_a_click_on_one_of_several_selected_leaves_it_alone_selected(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    canvas.selection.show(("n1", "n2"))
    hand.click(hand.card("n2"))
    assert canvas.selection.nodes == ("n2",)


def test_rubber_band_takes_what_it_touches_and_escape_brings_back(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand, chosen = Hand(canvas), canvas.selection
    hand.drag((-40, -60), (400, 90))
    assert chosen.nodes == ("n1", "n2")
    hand.drag((620, -60), (700, 90), held=SHIFT)
    assert chosen.nodes == ("n1", "n2", "n3")
    hand.drag((-40, -60), (100, 90), held=CTRL)
    assert chosen.nodes == ("n2", "n3")
    hand.begin((-40, -60), (100, 90))
    assert chosen.nodes == ("n1",)
    hand.key(Qt.Key.Key_Escape)
    assert chosen.nodes == ("n2", "n3") and canvas.tool is None
    hand.release((100, 90))
    assert chosen.nodes == ("n2", "n3")


def test_a_click_on_a_wire_selects_it_and_delete_cuts_it(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    middle = (hand.output("n1") + hand.input("n2")) / 2
    hand.click(middle)
    assert canvas.selection.wires == {Edge("n1", "n2")}
    hand.key(Qt.Key.Key_Delete)
    assert wires(canvas.store.state) == [("n2", "n3")] and steps(canvas) == 1


# ---------------------------------------------------------------------- move


def test_dragging_a_card_moves_it_on_the_grid_in_one_step(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand, store = Hand(canvas), canvas.store
    graph = store.state.graph
    hand.drag(hand.card("n2"), hand.card("n2") + QPointF(43, 205))
    assert store.state.position("n2") == Point(360, 208)
    assert store.state.graph is graph and steps(canvas) == 1
    assert canvas.scene_.wires[Edge("n1", "n2")].end == hand.input("n2")
    store.undo()
    assert canvas.scene_.nodes["n2"].pos() == QPointF(320, 0)


def test_several_selected_cards_move_together(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    canvas.selection.show(("n1", "n2"))
    hand.drag(hand.card("n1"), hand.card("n1") + QPointF(0, 160))
    state = canvas.store.state
    assert (state.position("n1"), state.position("n2")) == (Point(0, 160), Point(320, 160))
    assert state.position("n3") == Point(640, 0) and steps(canvas) == 1


def test_wires_follow_while_dragging_and_escape_puts_all_back(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand, before = Hand(canvas), canvas.scene_.snapshot()
    hand.begin(hand.card("n2"), hand.card("n2") + QPointF(0, 200))
    assert canvas.scene_.nodes["n2"].pos().y() == 200
    assert canvas.scene_.wires[Edge("n1", "n2")].end.y() == 228
    hand.key(Qt.Key.Key_Escape)
    assert canvas.scene_.snapshot() == before and steps(canvas) == 0
    hand.release(hand.card("n2"))
    assert canvas.scene_.snapshot() == before


def test_a_card_whose_wire_was_cut_can_be_dragged(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    canvas.store.apply("Cut", verbs.disconnect, (Edge("n1", "n2"),))
    hand.drag(hand.card("n2"), hand.card("n2") + QPointF(0, 160))
    hand.drag(hand.card("n1"), hand.card("n1") + QPointF(0, 160))
    assert canvas.scene_.wires[Edge("n2", "n3")].start == hand.output("n2") and steps(canvas) == 3


def test_a_second_button_cancels_too(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand, before = Hand(canvas), canvas.scene_.snapshot()
    hand.begin(hand.card("n2"), hand.card("n2") + QPointF(0, 200))
    hand.press(hand.card("n2"), RIGHT)
    assert canvas.scene_.snapshot() == before and canvas.tool is None


def test_a_card_snaps_to_the_line_of_another(draw: Draw) -> None:
    state = verbs.move_nodes(chain("input", "dense", "output"), {"n3": Point(452, 203)})
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag(hand.card("n2"), hand.card("n2") + QPointF(300, 199))
    assert canvas.store.state.position("n2").y == 203


def test_dropping_a_card_on_another_moves_that_aside(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    hand.drag(hand.card("n1"), hand.card("n1") + QPointF(290, 0))
    state = canvas.store.state
    width = canvas.scene_.nodes["n1"].card.width
    assert state.position("n1").x >= 280 and steps(canvas) == 1
    assert state.position("n2").x >= state.position("n1").x + width


def test_cards_step_aside_after_a_rest_and_come_back_when_the_drag_goes_on(draw: Draw, qtbot) -> None:  # type: ignore[no-untyped-def]
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    hand.begin(hand.card("n1"), hand.card("n1") + QPointF(290, 0))
    home = canvas.store.state.position("n2").x
    qtbot.waitUntil(lambda: canvas.scene_.nodes["n2"].x() > home)
    hand._from = hand.card("n1")
    hand.move(hand.card("n1") + QPointF(0, 300))
    assert canvas.scene_.nodes["n2"].x() == home
    hand.key(Qt.Key.Key_Escape)


def test_a_lone_card_dropped_on_a_wire_goes_on_it(draw: Draw) -> None:
    state = verbs.add_node(chain("input", "dense", step=400), "x", "relu", Point(200, 240))
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag(hand.card("x"), hand.card("x") + QPointF(10, -240))
    assert set(wires(canvas.store.state)) == {("n1", "x"), ("x", "n2")} and steps(canvas) == 1
    canvas.store.undo()
    assert canvas.store.state == state


def test_alt_drag_duplicates(draw: Draw) -> None:
    canvas = draw("input", "dense", "dense")
    hand = Hand(canvas)
    canvas.selection.show(("n2", "n3"))
    hand.drag(hand.card("n2"), hand.card("n2") + QPointF(0, 160), held=ALT)
    state = canvas.store.state
    assert len(state.graph.nodes) == 5 and wires(state)[-1] == ("n4", "n5") and steps(canvas) == 1
    assert state.position("n2") == Point(320, 0) and state.position("n4") == Point(320, 160)
    assert canvas.selection.nodes == ("n4", "n5")


# ---------------------------------------------------------------------- wires


def test_a_wire_is_dragged_from_an_output_to_an_input(draw: Draw) -> None:
    canvas = draw(verbs.disconnect(chain("input", "dense", step=320), (Edge("n1", "n2"),)))
    hand = Hand(canvas)
    hand.drag(hand.output("n1"), hand.input("n2") + QPointF(-12, 6))
    assert wires(canvas.store.state) == [("n1", "n2")] and steps(canvas) == 1


def test_and_from_an_input_to_an_output(draw: Draw) -> None:
    canvas = draw(verbs.disconnect(chain("input", "dense", step=320), (Edge("n1", "n2"),)))
    hand = Hand(canvas)
    hand.drag(hand.input("n2"), hand.output("n1") + QPointF(10, 0))
    assert wires(canvas.store.state) == [("n1", "n2")]


def test_a_wire_dropped_on_a_card_takes_its_free_port(draw: Draw) -> None:
    canvas = draw(verbs.disconnect(chain("input", "dense", step=320), (Edge("n1", "n2"),)))
    hand = Hand(canvas)
    hand.drag(hand.output("n1"), hand.card("n2"))
    assert wires(canvas.store.state) == [("n1", "n2")]


def test_a_new_wire_into_a_taken_input_replaces_it_in_one_step(draw: Draw) -> None:
    state = verbs.add_node(chain("input", "dense", step=320), "x", "input", Point(0, 160))
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag(hand.output("x"), hand.input("n2"))
    assert wires(canvas.store.state) == [("x", "n2")] and steps(canvas) == 1
    canvas.store.undo()
    assert wires(canvas.store.state) == [("n1", "n2")]


def test_dragged_off_its_input_and_dropped_on_nothing_a_wire_is_unplugged(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand = Hand(canvas)
    hand.drag(hand.input("n2"), (260, 300))
    assert wires(canvas.store.state) == [] and steps(canvas) == 1 and canvas.quick is None


def test_dragged_off_and_back_nothing_has_changed(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand = Hand(canvas)
    hand.begin(hand.input("n2"), (260, 300))
    hand._from = QPointF(260, 300)
    hand.move(hand.input("n2"))
    hand.release(hand.input("n2"))
    assert wires(canvas.store.state) == [("n1", "n2")] and steps(canvas) == 0


def test_near_its_start_a_wire_comes_off_its_output(draw: Draw) -> None:
    state = verbs.add_node(chain("input", "dense", step=400), "x", "input", Point(0, 160))
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag(hand.output("n1") + QPointF(22, 0), hand.output("x"))
    assert wires(canvas.store.state) == [("x", "n2")] and steps(canvas) == 1


def test_a_loop_is_refused_in_words_and_colour_and_nothing_changes(draw: Draw) -> None:
    state = verbs.disconnect(chain("input", "dense", "dense", step=320), (Edge("n1", "n2"),))
    canvas = draw(state)
    hand, said = Hand(canvas), []
    canvas.message.connect(said.append)
    hand.begin(hand.output("n3"), hand.input("n2"))
    assert canvas.bubble.isVisible() and "loop" in canvas.bubble.text() and "Dense 1" in canvas.bubble.text()
    assert "n2" not in canvas.bubble.text()
    hand.release(hand.input("n2"))
    assert canvas.store.state is state or canvas.store.state == state
    assert steps(canvas) == 0 and len(said) == 1 and not canvas.bubble.isVisible()


def test_a_wire_that_fits_the_graph_but_not_the_shapes_warns_and_connects(draw: Draw) -> None:
    state = verbs.add_node(
        verbs.add_node(chain(), "i", "input", Point(0, 0), (), {"size": (1, 8, 8)}), "d", "dense", Point(320, 0)
    )
    canvas = draw(state)
    hand = Hand(canvas)
    hand.begin(hand.output("i"), hand.input("d"))
    assert "flatten" in canvas.bubble.text().lower()
    hand.release(hand.input("d"))
    assert wires(canvas.store.state) == [("i", "d")]
    assert canvas.scene_.nodes["d"].card.severity == "error"


def test_escape_during_a_wire_leaves_everything(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand, before = Hand(canvas), canvas.scene_.snapshot()
    count = len(canvas.scene_.items())
    hand.begin(hand.input("n2"), (300, 300))
    hand.key(Qt.Key.Key_Escape)
    hand.release((300, 300))
    assert canvas.scene_.snapshot() == before and len(canvas.scene_.items()) == count
    assert canvas.scene_.wires[Edge("n1", "n2")].opacity() == 1.0


def test_a_wire_dropped_on_nothing_offers_what_fits_and_wires_the_choice(draw: Draw) -> None:
    canvas = draw(verbs.add_node(chain(), "i", "input", Point(0, 0), (), {"size": (1, 8, 8)}))
    hand = Hand(canvas)
    hand.drag(hand.output("i"), (400, 200))
    assert canvas.quick is not None
    offered = [canvas.quick.list.item(k).text() for k in range(canvas.quick.list.count())]
    assert offered[0] == "Conv2D" and "Dense" not in offered and "Input" not in offered and "Flatten" in offered
    QTest.keyClicks(canvas.quick.field, "maxp")
    QTest.keyClick(canvas.quick.field, Qt.Key.Key_Return)
    (new,) = canvas.selection.nodes
    state = canvas.store.state
    assert state.graph.nodes[new].type == "max_pool2d" and wires(state) == [("i", new)] and steps(canvas) == 1
    assert canvas.quick is None and canvas.hasFocus()


def test_alt_click_cuts_one_wire(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    hand = Hand(canvas)
    hand.click((hand.output("n2") + hand.input("n3")) / 2, held=ALT)
    assert wires(canvas.store.state) == [("n1", "n2")] and steps(canvas) == 1


def test_the_cut_stroke_cuts_every_wire_it_crosses_in_one_step(draw: Draw) -> None:
    state = verbs.add_node(
        chain("input", "dense", "output", step=320), "x", "dense", Point(320, 160), (Edge("n1", "x"),)
    )
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag((300, -80), (300, 260), RIGHT, CTRL)
    assert wires(canvas.store.state) == [("n2", "n3")] and steps(canvas) == 1
    canvas.store.undo()
    hand.begin((300, -80), (300, 260), RIGHT, CTRL)
    hand.key(Qt.Key.Key_Escape)
    hand.release((300, 260), RIGHT, CTRL)
    assert len(wires(canvas.store.state)) == 3


# ---------------------------------------------------------------------- view


def test_wheel_zooms_to_the_cursor(draw: Draw, qtbot) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtGui import QWheelEvent

    canvas = draw("input", "dense")
    spot = QPointF(300, 200)
    before = canvas.mapToScene(spot.toPoint())
    turn, phase = QPoint(0, 240), Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(spot, canvas.viewport().mapToGlobal(spot), QPoint(), turn, LEFT & ~LEFT, NONE, phase, False)
    QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.zoom == pytest.approx(1.44)
    after = canvas.mapToScene(spot.toPoint())
    assert abs(after.x() - before.x()) <= 1.5 and abs(after.y() - before.y()) <= 1.5


@pytest.mark.parametrize("way", ["middle", "space"])
def test_middle_and_space_drags_pan(draw: Draw, way: str) -> None:
    canvas = draw("input", "dense")
    hand, before = Hand(canvas), canvas.mapToScene(QPoint(0, 0))
    if way == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    start = hand.card("n1")
    spot = canvas.mapFromScene(start)
    button = MIDDLE if way == "middle" else LEFT
    QTest.mousePress(canvas.viewport(), button, NONE, spot)
    hand._from = start
    hand.move(canvas.mapToScene(spot + QPoint(120, 40)), button)
    QTest.mouseRelease(canvas.viewport(), button, NONE, spot + QPoint(120, 40))
    if way == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    after = canvas.mapToScene(QPoint(0, 0))
    assert (before.x() - after.x(), before.y() - after.y()) == (120, 40)
    assert not canvas.selection.nodes and not canvas.space_held and steps(canvas) == 0


def test_keys_frame_and_zoom(draw: Draw) -> None:
    canvas = draw("input", *["dense"] * 8, "output")
    hand = Hand(canvas)
    hand.key(Qt.Key.Key_Home)
    everything = canvas.visible_rect()
    assert all(everything.contains(i.box()) for i in canvas.scene_.nodes.values())
    hand.key(Qt.Key.Key_0, CTRL)
    assert canvas.zoom == pytest.approx(1.0)
    canvas.selection.show(("n10",))
    hand.key(Qt.Key.Key_F)
    assert canvas.visible_rect().contains(canvas.scene_.nodes["n10"].box())
    assert not canvas.visible_rect().contains(canvas.scene_.nodes["n1"].box())


def test_a_click_on_the_map_goes_there(draw: Draw) -> None:
    canvas = draw("input", *["dense"] * 8, "output")
    canvas.zoom_to(1.0)
    canvas.centre_on(QPointF(100, 0))
    assert canvas.minimap.isVisible()
    QTest.mouseClick(canvas.minimap, LEFT, NONE, QPoint(canvas.minimap.width() - 14, canvas.minimap.height() // 2))
    assert canvas.visible_rect().contains(canvas.scene_.nodes["n10"].box())


# ---------------------------------------------------------------------- palette


def palette_drag(canvas: Canvas, type_name: str, at: tuple[float, float], drop: bool = True) -> None:
    """The events of a drag from a palette."""
    mime = QMimeData()
    mime.setData(LAYER_MIME, type_name.encode())
    spot, view = canvas.mapFromScene(QPointF(*at)), canvas.viewport()
    action, none = Qt.DropAction.CopyAction, NONE
    enter = QDragEnterEvent(spot, action, mime, LEFT, none)
    QApplication.sendEvent(view, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(view, QDragMoveEvent(spot, action, mime, LEFT, none))
    if drop:
        QApplication.sendEvent(view, QDropEvent(QPointF(spot), action, mime, LEFT, none))
    else:
        QApplication.sendEvent(view, QDragLeaveEvent())


def test_a_palette_drop_adds_a_selected_card_on_the_grid(draw: Draw) -> None:
    canvas = draw()
    assert canvas.hint.isVisible() and not canvas.minimap.isVisible()
    palette_drag(canvas, "input", (203, 101))
    (node,) = canvas.store.state.graph.nodes
    place = canvas.store.state.position(node)
    assert place.x % 8 == 0 and place.y % 8 == 0 and abs(place.x + 88 - 203) <= 4 and abs(place.y + 28 - 101) <= 4
    assert canvas.selection.nodes == (node,) and steps(canvas) == 1 and canvas.hasFocus()
    assert not canvas.hint.isVisible() and not canvas.minimap.isVisible()


def test_a_palette_drop_on_a_wire_inserts_and_shoves(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    palette_drag(canvas, "relu", (240, 28))
    state = canvas.store.state
    (new,) = canvas.selection.nodes
    assert set(wires(state)) == {("n1", new), (new, "n2"), ("n2", "n3")} and steps(canvas) == 1
    boxes = [i.box() for i in canvas.scene_.nodes.values()]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)


def test_a_layer_without_output_is_dropped_beside_the_wire(draw: Draw) -> None:
    canvas = draw("input", "dense")
    palette_drag(canvas, "output", (240, 28))
    assert wires(canvas.store.state) == [("n1", "n2")] and len(canvas.store.state.graph.nodes) == 3


def test_a_palette_drag_that_leaves_leaves_nothing(draw: Draw) -> None:
    canvas = draw("input", "dense")
    count = len(canvas.scene_.items())
    palette_drag(canvas, "relu", (240, 28), drop=False)
    assert len(canvas.scene_.items()) == count and canvas.drop_tool is None and steps(canvas) == 0


def test_foreign_drags_are_not_taken(draw: Draw) -> None:
    canvas = draw()
    mime = QMimeData()
    mime.setText("dense")
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), enter)
    assert not enter.isAccepted()
    mime.setData(LAYER_MIME, b"no such layer")
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), enter)
    assert not enter.isAccepted()


def test_the_context_menu_is_asked_for_unless_the_press_cancelled_a_gesture(draw: Draw) -> None:
    canvas, asked = draw("input", "dense"), []
    canvas.menu_wanted.connect(lambda at, what: asked.append(what))
    hand = Hand(canvas)

    def menu(at: QPointF, held: Qt.KeyboardModifier = NONE) -> None:
        spot = canvas.mapFromScene(at)
        QTest.mousePress(canvas.viewport(), RIGHT, held, spot)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, canvas.viewport().mapToGlobal(spot), held)
        QApplication.sendEvent(canvas.viewport(), event)
        QTest.mouseRelease(canvas.viewport(), RIGHT, held, spot)

    menu(hand.card("n2"))
    assert asked == ["n2"] and canvas.selection.nodes == ("n2",)
    menu((hand.output("n1") + hand.input("n2")) / 2)
    assert asked[1:] == [Edge("n1", "n2")]
    menu(QPointF(450, 400), CTRL)
    hand.begin(hand.card("n2"), hand.card("n2") + QPointF(0, 200))
    menu(hand.card("n2"))
    assert len(asked) == 2 and steps(canvas) == 0

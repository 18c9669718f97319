"""Keys, quick add, clipboard, rename."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from designer.canvas import Canvas
from designer.canvas.scene import CanvasScene
from designer.document import Point, verbs
from designer.document.verbs.fragment import MIME
from engine.graph import Edge
from tests.designer.canvas.conftest import CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain, wires
from widgets import tokens

Draw = Callable[..., Canvas]
K = Qt.Key


def steps(canvas: Canvas) -> int:
    return canvas.store.undo_stack.count()


@pytest.mark.parametrize("opening", ["tab", "shift_a", "double_click"])
def test_quick_add_at_the_cursor(draw: Draw, opening: str) -> None:
    canvas = draw()
    hand = Hand(canvas)
    if opening == "double_click":
        hand.double((300, 200))
    else:
        hand.key(
            K.Key_Tab if opening == "tab" else K.Key_A,
            SHIFT if opening == "shift_a" else Qt.KeyboardModifier.NoModifier,
        )
    assert canvas.quick is not None and canvas.quick.field.hasFocus()
    QTest.keyClicks(canvas.quick.field, "cnv")
    assert canvas.quick.list.currentItem().text() == "Conv2D"
    QTest.keyClick(canvas.quick.field, K.Key_Return)
    (node,) = canvas.store.state.graph.nodes.values()
    assert node.type == "conv2d" and canvas.quick is None and canvas.hasFocus() and steps(canvas) == 1


def test_quick_add_walks_by_arrows_and_leaves_by_escape(draw: Draw) -> None:
    canvas = draw()
    canvas.quick_add()
    assert canvas.quick is not None
    first = canvas.quick.list.currentRow()
    QTest.keyClick(canvas.quick.field, K.Key_Down)
    assert canvas.quick.list.currentRow() == first + 1
    QTest.keyClick(canvas.quick.field, K.Key_Escape)
    assert canvas.quick is None and canvas.hasFocus() and steps(canvas) == 0


def test_quick_add_says_when_nothing_matches(draw: Draw) -> None:
    canvas = draw()
    canvas.quick_add()
    assert canvas.quick is not None
    QTest.keyClicks(canvas.quick.field, "zzzz")
    assert canvas.quick.list.item(0).text() == "No layer of that name"
    QTest.keyClick(canvas.quick.field, K.Key_Return)
    assert canvas.quick is not None and steps(canvas) == 0
    canvas.close_quick_add()


def test_single_letters_do_not_fire_in_a_text_field(draw: Draw, qtbot) -> None:  # type: ignore[no-untyped-def]
    window = QWidget()
    qtbot.addWidget(window)
    canvas, field = draw("input", "dense"), QLineEdit()
    column = QVBoxLayout(window)
    column.addWidget(canvas)
    column.addWidget(field)
    window.show()
    canvas.selection.show(("n2",))
    field.setFocus()
    QTest.keyClicks(field, "mf")
    assert field.text() == "mf" and not canvas.store.state.graph.nodes["n2"].muted
    canvas.quick_add()
    assert canvas.quick is not None
    QTest.keyClicks(canvas.quick.field, "m")
    QTest.keyClick(canvas.quick.field, K.Key_Delete)
    assert not canvas.store.state.graph.nodes["n2"].muted and len(canvas.store.state.graph.nodes) == 2
    canvas.close_quick_add()
    canvas.setFocus()
    QTest.keyClicks(canvas, "m")
    assert canvas.store.state.graph.nodes["n2"].muted
    canvas.setParent(None)
    window.close()


def test_arrows_nudge_and_a_burst_is_one_step(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand = Hand(canvas)
    canvas.selection.show(("n2",))
    for _ in range(4):
        hand.key(K.Key_Right)
    hand.key(K.Key_Down, SHIFT)
    assert canvas.store.state.position("n2") == Point(352, 40) and steps(canvas) == 1
    canvas.selection.show(("n1",))
    hand.key(K.Key_Left)
    assert steps(canvas) == 2


def test_nudges_after_a_pause_are_another_step(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    from designer.canvas import edits

    canvas, now = draw("input", "dense"), [100.0]
    monkeypatch.setattr(edits.time, "monotonic", lambda: now[0])
    canvas.selection.show(("n2",))
    canvas.edits.nudge(8, 0)
    now[0] += 5
    canvas.edits.nudge(8, 0)
    assert steps(canvas) == 2


def test_delete_reconnect_mute_and_select_all(draw: Draw) -> None:
    canvas = draw("input", "dense", "relu", "output")
    hand = Hand(canvas)
    canvas.selection.show(("n3",))
    hand.key(K.Key_Delete, CTRL)
    assert ("n2", "n4") in wires(canvas.store.state)
    hand.key(K.Key_A, CTRL)
    assert canvas.selection.nodes == ("n1", "n2", "n4") and len(canvas.selection.wires) == 2
    hand.key(K.Key_M)
    assert all(n.muted for n in canvas.store.state.graph.nodes.values())
    hand.key(K.Key_Delete)
    assert not canvas.store.state.graph.nodes and not canvas.selection.nodes and steps(canvas) == 3
    while canvas.store.undo_stack.canUndo():
        canvas.store.undo()
    assert len(canvas.scene_.nodes) == 4 and len(canvas.scene_.wires) == 3


def test_copy_and_paste_go_through_the_system_clipboard_as_json(draw: Draw) -> None:
    first, second = draw("input", "dense", "output"), draw()
    hand = Hand(first)
    first.selection.show(("n1", "n2"))
    hand.key(K.Key_C, CTRL)
    mime = QApplication.clipboard().mimeData()
    assert mime.hasFormat(MIME) and '"dense"' in mime.text()
    Hand(second).key(K.Key_V, CTRL)
    assert wires(second.store.state) == [("n1", "n2")] and second.selection.nodes == ("n1", "n2")
    Hand(second).key(K.Key_V, CTRL)
    a, b = second.store.state.position("n1"), second.store.state.position("n3")
    assert a != b and steps(second) == 2
    hand.key(K.Key_X, CTRL)
    assert set(first.store.state.graph.nodes) == {"n3"}


def test_paste_with_incoming_wires(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.selection.show(("n2",))
    hand = Hand(canvas)
    hand.key(K.Key_C, CTRL)
    hand.key(K.Key_V, CTRL | SHIFT)
    assert wires(canvas.store.state) == [("n1", "n2"), ("n1", "n3")]


def test_pasting_something_else_is_a_sentence(draw: Draw) -> None:
    canvas, said = draw("input"), []
    canvas.message.connect(said.append)
    QApplication.clipboard().setText("hello")
    Hand(canvas).key(K.Key_V, CTRL)
    assert len(said) == 1 and "clipboard" in said[0] and steps(canvas) == 0


def test_duplicate_selects_the_copies(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.selection.show(("n2",))
    Hand(canvas).key(K.Key_D, CTRL)
    assert canvas.selection.nodes == ("n3",) and wires(canvas.store.state) == [("n1", "n2")]


def test_rename_in_place(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.selection.show(("n2",))
    Hand(canvas).key(K.Key_F2)
    field = canvas.findChild(QLineEdit)
    assert field is not None and field.hasFocus() and field.selectedText() == "Dense 1"
    QTest.keyClicks(field, "hidden 1")
    QTest.keyClick(field, K.Key_Return)
    assert canvas.store.state.graph.nodes["n2"].name == "hidden 1" and steps(canvas) == 1 and canvas.hasFocus()
    assert canvas.scene_.nodes["n2"].card.title == "hidden 1"


def test_rename_by_double_click_and_escape_keeps_the_name(draw: Draw, qtbot) -> None:  # type: ignore[no-untyped-def]
    canvas = draw("input", "dense")
    hand = Hand(canvas)
    box = canvas.scene_.nodes["n2"].box()
    hand.double((box.x() + 60, box.y() + 14))
    field = canvas.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "other")
    QTest.keyClick(field, K.Key_Escape)
    assert canvas.store.state.graph.nodes["n2"].name == "Dense 1" and steps(canvas) == 0
    with qtbot.waitSignal(canvas.node_activated) as told:
        hand.double(hand.card("n2"))
    assert told.args == ["n2"]


def test_a_layer_from_the_palette_by_keyboard_chains(draw: Draw) -> None:
    canvas = draw()
    for type_name in ("input", "dense", "output"):
        canvas.add_layer(type_name)
    assert wires(canvas.store.state) == [("n1", "n2"), ("n2", "n3")] and steps(canvas) == 3
    assert [canvas.store.state.position(n).y for n in ("n1", "n2", "n3")] == [canvas.store.state.position("n1").y] * 3


def test_settings_and_nodes_convert_by_command(draw: Draw) -> None:
    state = verbs.set_param(chain("input", "dense", "output"), ("n2",), "activation", "relu")
    canvas = draw(state)
    canvas.selection.show(("n2",))
    canvas.edits.settings_to_nodes()
    assert [n.type for n in canvas.store.state.graph.nodes.values()] == ["input", "dense", "output", "relu"]
    canvas.edits.nodes_to_settings()
    assert canvas.store.state.graph.nodes == state.graph.nodes and steps(canvas) == 2


def test_auto_layout_is_one_step_and_frames(draw: Draw) -> None:
    state = chain("input", *["dense"] * 6, "output")
    state = verbs.move_nodes(state, {n: Point(0, 0) for n in state.graph.nodes})
    canvas = draw(state)
    Hand(canvas).key(K.Key_L, CTRL)
    boxes = [i.box() for i in canvas.scene_.nodes.values()]
    assert steps(canvas) == 1 and not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    assert all(canvas.visible_rect().contains(b) for b in boxes)
    canvas.store.undo()
    assert canvas.store.state == state and Edge("n1", "n2") in canvas.scene_.wires


def test_motion_glides_to_the_same_end_and_an_edit_on_the_way_finishes_it(draw: Draw, qtbot) -> None:  # type: ignore[no-untyped-def]
    state = verbs.move_nodes(chain("input", "dense", "output"), {"n3": Point(0, 480)})
    canvas = draw(state)
    tokens.reduce_motion(False)
    canvas.auto_layout()
    item, end = canvas.scene_.nodes["n3"], canvas.store.state.position("n3")
    assert (item.x(), item.y()) == (0, 480) and steps(canvas) == 1
    qtbot.waitUntil(lambda: (item.x(), item.y()) not in ((0, 480), tuple(end)))
    assert canvas.scene_.wires[Edge("n2", "n3")].end == item.port_point("in", True)
    qtbot.waitUntil(lambda: (item.x(), item.y()) == tuple(end))
    canvas.store.undo()
    canvas.auto_layout()
    canvas.store.apply("Mute", verbs.set_muted, ("n1",), True)
    fresh = CanvasScene(canvas.store.state, canvas.analyst.analysis, tokens.theme())
    assert canvas.scene_.snapshot() == fresh.snapshot()
    tokens.reduce_motion(True)

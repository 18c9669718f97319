"""Click-chain, reroute dots, fixes at the badge, another type: by real mouse and keys, one undo step each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from designer.canvas import Canvas
from designer.document import DocState, Point, verbs
from designer.document.chain_text import parse_chain
from engine.graph import Edge
from tests.designer.canvas.conftest import CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain, wires

Draw = Callable[..., Canvas]
K = Qt.Key


def steps(canvas: Canvas) -> int:
    return canvas.store.undo_stack.count()


def loose(*types: str) -> DocState:
    state = DocState()
    for k, type_name in enumerate(types):
        state = verbs.add_node(state, f"n{k + 1}", type_name, Point(280 * k, 0))
    return state


# ---------------------------------------------------------------------- click-chain


def test_clicks_wire_one_layer_after_the_other(draw: Draw) -> None:
    canvas = draw(loose("input", "dense", "relu", "output"))
    hand = Hand(canvas)
    hand.click(hand.output("n1"))
    for node in ("n2", "n3", "n4"):
        hand.click(hand.card(node))
    assert wires(canvas.store.state) == [("n1", "n2"), ("n2", "n3"), ("n3", "n4")]
    assert canvas.click_chain is None and steps(canvas) == 3
    canvas.store.undo()
    assert wires(canvas.store.state) == [("n1", "n2"), ("n2", "n3")]


@pytest.mark.parametrize("ending", ["escape", "paper"])
def test_a_click_chain_ends_and_clicks_select_again(draw: Draw, ending: str) -> None:
    canvas = draw(loose("input", "dense", "relu"))
    hand = Hand(canvas)
    hand.click(hand.output("n1"))
    assert canvas.click_chain is not None
    hand.key(K.Key_Escape) if ending == "escape" else hand.click((300, 300))
    assert canvas.click_chain is None and not canvas.store.state.graph.edges
    hand.click(hand.card("n2"))
    assert canvas.selection.nodes == ("n2",) and not canvas.store.state.graph.edges


def test_a_click_chain_goes_on_along_wires_that_are_there(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand = Hand(canvas)
    hand.click(hand.output("n1"))
    hand.click(hand.card("n2"))
    assert steps(canvas) == 0 and canvas.click_chain is not None and canvas.click_chain.origin.node == "n2"


def test_what_would_close_a_loop_is_refused_in_words(draw: Draw) -> None:
    canvas = draw("input", "dense", "relu")
    hand, said = Hand(canvas), []
    canvas.message.connect(said.append)
    hand.click(hand.output("n3"))
    hand.click(hand.card("n2"))
    assert len(canvas.store.state.graph.edges) == 2 and len(said) == 2 and "loop" in said[-1]


# ---------------------------------------------------------------------- reroute dots


def test_dots_come_move_and_go(draw: Draw) -> None:
    canvas = draw("input", "dense")
    hand, edge = Hand(canvas), Edge("n1", "n2")
    middle = canvas.scene_.wires[edge].path().pointAtPercent(0.5)
    hand.double(middle)
    (dot,) = canvas.store.state.reroutes[edge]
    assert steps(canvas) == 1 and abs(dot.x - middle.x()) <= 4
    hand.drag(QPointF(*dot), QPointF(dot.x + 8, dot.y + 96))
    (moved,) = canvas.store.state.reroutes[edge]
    assert (moved.x, moved.y) == (dot.x + 8, dot.y + 96) and steps(canvas) == 2
    path = canvas.scene_.wires[edge].path()
    assert min(abs(path.pointAtPercent(k / 50).y() - moved.y) for k in range(51)) < 4
    hand.double(QPointF(*moved))
    assert edge not in canvas.store.state.reroutes and steps(canvas) == 3
    canvas.store.undo()
    canvas.store.undo()
    canvas.store.undo()
    assert not canvas.store.state.reroutes


def test_a_second_dot_takes_its_place_along_the_wire(draw: Draw) -> None:
    canvas = draw(verbs.set_reroute(chain("input", "dense", step=640), Edge("n1", "n2"), (Point(400, 120),)))
    path = canvas.scene_.wires[Edge("n1", "n2")].path()
    early = path.pointAtPercent(0.2)
    Hand(canvas).double(early)
    first, second = canvas.store.state.reroutes[Edge("n1", "n2")]
    assert second == Point(400, 120) and first.x < 400


def test_escape_puts_a_dragged_dot_back(draw: Draw) -> None:
    canvas = draw(verbs.set_reroute(chain("input", "dense", step=320), Edge("n1", "n2"), (Point(240, 120),)))
    hand, before = Hand(canvas), canvas.scene_.wires[Edge("n1", "n2")].path()
    hand.begin((240, 120), (240, 240))
    assert canvas.scene_.wires[Edge("n1", "n2")].path() != before
    hand.key(K.Key_Escape)
    assert canvas.scene_.wires[Edge("n1", "n2")].path() == before and steps(canvas) == 0


# ---------------------------------------------------------------------- fixes and types


def broken() -> DocState:
    return verbs.add_chain(DocState(), parse_chain("input 1x8x8 > dense 10 softmax > output ce"))


@pytest.mark.parametrize("how", ["badge", "key"])
def test_a_fix_is_offered_at_the_card_and_done(draw: Draw, qtbot: QtBot, how: str) -> None:
    canvas = draw(broken())
    hand, item = Hand(canvas), canvas.scene_.nodes["n2"]
    assert canvas.analyst.analysis.errors
    if how == "badge":
        hand.click(item.badge().translated(item.pos()).center())
    else:
        canvas.selection.show(("n2",))
        hand.key(K.Key_Period, CTRL)
    (menu,) = canvas.findChildren(QMenu)
    assert menu.activeAction().text() == "Insert Flatten"
    QTest.keyClick(menu, K.Key_Return)
    assert not canvas.analyst.analysis.problems and steps(canvas) == 1
    assert [canvas.store.state.graph.nodes[n].type for n in canvas.selection.nodes] == ["flatten"]
    canvas.store.undo()
    assert canvas.analyst.analysis.errors


def test_a_healthy_card_offers_nothing(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    assert canvas.offer_fixes("n2") is None


def test_another_type_keeps_wires_and_what_fits(draw: Draw) -> None:
    state = verbs.add_chain(DocState(), parse_chain("input 1x8x8 > conv 8 5 same relu > gap > dense 3 > output"))
    canvas = draw(state)
    canvas.selection.show(("n2",))
    Hand(canvas).key(K.Key_S, SHIFT)
    assert canvas.quick is not None
    QTest.keyClicks(canvas.quick.field, "depthwise")
    QTest.keyClick(canvas.quick.field, K.Key_Return)
    node = canvas.store.state.graph.nodes["n2"]
    assert node.type == "depthwise_conv2d" and node.params["kernel"] == (5, 5) and node.params["padding"] == "same"
    assert wires(canvas.store.state) == wires(state) and steps(canvas) == 1 and canvas.hasFocus()
    assert canvas.selection.nodes == ("n2",)

"""The quick line with real keys: opens, tells, refuses, draws, leaves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from designer.canvas import Canvas
from tests.designer.canvas.conftest import Hand
from tests.designer.document.drawn import wires

Draw = Callable[..., Canvas]
K = Qt.Key


def typed(canvas: Canvas, text: str) -> None:
    Hand(canvas).key(K.Key_Slash)
    assert canvas.chain_line is not None and canvas.chain_line.field.hasFocus()
    QTest.keyClicks(canvas.chain_line.field, text)


def test_a_line_draws_a_wired_network_in_one_step(draw: Draw) -> None:
    canvas = draw()
    typed(canvas, "input 1x28x28 > conv 8 3 relu > pool 2 > flatten > dense 10 softmax > output ce")
    assert "N x 8 x 26 x 26" in canvas.chain_line.answer.text()
    QTest.keyClick(canvas.chain_line.field, K.Key_Return)
    graph = canvas.store.state.graph
    assert [n.type for n in graph.nodes.values()] == ["input", "conv2d", "max_pool2d", "flatten", "dense", "output"]
    assert len(graph.edges) == 5 and not canvas.analyst.analysis.problems
    assert canvas.chain_line is None and canvas.hasFocus() and canvas.store.undo_stack.count() == 1
    assert canvas.visible_rect().contains(canvas.scene_.content())
    canvas.store.undo()
    assert not canvas.store.state.graph.nodes


def test_it_goes_on_behind_the_selected_layer_and_selects_its_end(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.selection.show(("n2",))
    typed(canvas, "relu > dense 3")
    QTest.keyClick(canvas.chain_line.field, K.Key_Return)
    assert set(wires(canvas.store.state)) == {("n1", "n2"), ("n2", "n3"), ("n3", "n4")}
    assert canvas.selection.nodes == ("n4",)


def test_a_mistake_is_told_at_once_and_marked_by_enter(draw: Draw) -> None:
    canvas = draw("input")
    typed(canvas, "dense 8 > dens1 4")
    line = canvas.chain_line
    assert "did you mean “dense”" in line.answer.text()
    QTest.keyClick(line.field, K.Key_Return)
    assert line.field.selectedText() == "dens1" and len(canvas.store.state.graph.nodes) == 1
    QTest.keyClicks(line.field, "dense")
    QTest.keyClick(line.field, K.Key_Return)
    assert len(canvas.store.state.graph.nodes) == 3


def test_a_shape_that_does_not_fit_is_told_before_it_is_drawn(draw: Draw) -> None:
    canvas = draw("input")
    canvas.selection.show(("n1",))
    typed(canvas, "conv 8 3")
    assert "image" in canvas.chain_line.answer.text()


def test_escape_leaves_and_gives_the_focus_back(draw: Draw) -> None:
    canvas = draw("input")
    typed(canvas, "dense 8")
    QTest.keyClick(canvas.chain_line.field, K.Key_Escape)
    assert canvas.chain_line is None and canvas.hasFocus() and canvas.store.undo_stack.count() == 0

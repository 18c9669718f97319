"""Collapsed cards: one key for several, wires stay level, the file remembers, copies stay so."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from designer.canvas import Canvas
from designer.document import DocState, verbs
from engine.graph import Edge
from tests.designer.canvas.conftest import ALT, CTRL, Hand
from tests.designer.document.drawn import chain

Draw = Callable[..., Canvas]
K = Qt.Key


def test_h_collapses_all_that_is_selected_and_opens_them_again(draw: Draw) -> None:
    canvas = draw("input", "dense", "dense", "output")
    hand, store = Hand(canvas), canvas.store
    canvas.selection.show(("n2", "n3"))
    port = hand.input("n2")
    hand.key(K.Key_H)
    cards = canvas.scene_.nodes
    assert store.state.collapsed == {"n2", "n3"} and store.undo_stack.count() == 1
    assert cards["n2"].card.height == 24 and not cards["n2"].card.chips and cards["n1"].card.height == 56
    assert hand.input("n2") == port, "the wire is no longer level"
    start, end = canvas.scene_.wires[Edge("n1", "n2")].start, canvas.scene_.wires[Edge("n1", "n2")].end
    assert start.y() == end.y() == port.y()
    assert DocState.of(store.state.project()) == store.state
    hand.key(K.Key_H)
    assert not store.state.collapsed and hand.input("n2") == port and store.undo_stack.count() == 2
    store.undo()
    assert store.state.collapsed == {"n2", "n3"} and cards["n3"].card.height == 24


def test_a_mixed_selection_is_collapsed_first(draw: Draw) -> None:
    canvas = draw(verbs.set_collapsed(chain("input", "dense", "output"), ("n2",), True))
    canvas.selection.show(("n1", "n2"))
    Hand(canvas).key(K.Key_H)
    assert canvas.store.state.collapsed == {"n1", "n2"}


def test_a_collapsed_card_keeps_its_badge_and_ports_and_shows_no_picture(draw: Draw) -> None:
    state = verbs.set_param(chain("input", "dense", "output"), ("n1",), "size", (1, 8, 8))
    state = verbs.add_node(state, "n4", "add", state.position("n3")._replace(y=200))
    canvas = draw(verbs.set_collapsed(state, ("n2", "n4"), True))
    card = canvas.scene_.nodes["n2"].card
    assert card.problem and len(card.inputs) == len(card.outputs) == 1
    canvas.overlay.show_pictures({"n2": QImage(8, 8, QImage.Format.Format_RGB32)})
    assert canvas.scene_.nodes["n2"].card.height == 24
    badge = canvas.scene_.nodes["n2"].badge()
    assert badge.top() >= 0 and badge.bottom() <= 24
    hand = Hand(canvas)
    hand.drag(hand.output("n1"), hand.input("n4"))
    assert Edge("n1", "n4", "in") in canvas.store.state.graph.edges or canvas.store.state.graph.incoming["n4"]


def test_copies_of_collapsed_cards_are_collapsed_and_what_is_deleted_is_forgotten(draw: Draw) -> None:
    canvas = draw(verbs.set_collapsed(chain("input", "dense", "output"), ("n2",), True))
    hand = Hand(canvas)
    canvas.selection.show(("n2",))
    hand.key(K.Key_C, CTRL)
    hand.key(K.Key_V, CTRL)
    assert canvas.store.state.collapsed == {"n2", "n4"}
    canvas.selection.show(("n2", "n4"))
    hand.key(K.Key_Delete)
    assert canvas.store.state.layout.collapsed == ()


def test_a_single_letter_with_alt_is_not_the_key(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.selection.show(("n2",))
    Hand(canvas).key(K.Key_H, ALT)
    assert not canvas.store.state.collapsed

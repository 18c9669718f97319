"""Groups by real keys and mouse: made, moved, entered, left, nested, renamed, dissolved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas import Canvas
from designer.canvas.border import around, spread
from designer.canvas.card import short_count
from designer.canvas.group_card import totals_of
from designer.canvas.hover import tip_at
from designer.canvas.overlay import NodeValue
from designer.canvas.rename import RenameField
from designer.canvas.scene import CanvasScene
from designer.document import Point, verbs
from designer.document.layout import Layout
from designer.document.sheet import place_of
from designer.document.verbs.groups import GroupRefusal, path_to
from engine.graph import Edge
from tests.designer.canvas.conftest import ALT, CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain, wires
from widgets import tokens

Draw = Callable[..., Canvas]
K = Qt.Key
G1, G2 = "group:g1", "group:g2"


def box(canvas: Canvas, card: str = G1) -> tuple[QPointF, QPointF]:
    """(a point on a card's name, one on its lower part)."""
    rect = canvas.scene_.cards[card].box()
    return QPointF(rect.center().x(), rect.top() + 12), QPointF(rect.center().x(), rect.bottom() - 8)


def shown(canvas: Canvas) -> set[str]:
    return {n for n, i in canvas.scene_.nodes.items() if i.isVisible()}


def seen_wires(canvas: Canvas) -> set[tuple[str, str]]:
    return {(e.source, e.target) for e, w in canvas.scene_.wires.items() if w.isVisible()}


def grouped(draw: Draw, *types: str, ids: tuple[str, ...] = ("n2", "n3")) -> tuple[Canvas, Hand]:
    canvas = draw(*(types or ("input", "dense", "relu", "output")))
    canvas.selection.show(ids)
    hand = Hand(canvas)
    hand.key(K.Key_G, CTRL)
    return canvas, hand


def test_ctrl_g_makes_one_card_with_a_port_for_each_wire_that_crosses(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    card = canvas.scene_.cards[G1].card
    assert shown(canvas) == {"n1", "n4"} and set(canvas.scene_.cards) == {"n1", "n4", G1}
    assert (len(card.inputs), len(card.outputs)) == (1, 1) and card.title == "Group 1"
    assert seen_wires(canvas) == {("n1", "n2"), ("n3", "n4")}
    into = canvas.scene_.wires[next(e for e in canvas.scene_.wires if e.target == "n2")]
    item = canvas.scene_.cards[G1]
    assert into.end == item.port_point("0", True) and into.labels[0] == "N x 2"
    assert canvas.store.undo_stack.count() == 1 and canvas.groups.chosen() == "g1" and item.selected
    hand.key(K.Key_G, CTRL | SHIFT)
    assert shown(canvas) == {"n1", "n2", "n3", "n4"} and canvas.selection.nodes == ("n2", "n3")
    assert canvas.store.state.positions == chain("input", "dense", "relu", "output", step=320).positions
    canvas.store.undo()
    assert canvas.store.state.groups["g1"].members == ("n2", "n3")


def test_the_card_sums_up_what_is_inside_and_shows_the_worst_of_it(draw: Draw) -> None:
    canvas, _ = grouped(draw, "input", "dense", "dense", "output")
    figures = canvas.analyst.analysis.nodes
    card = canvas.scene_.cards[G1].card
    assert card.count == "θ " + short_count(sum(figures[n].parameters for n in ("n2", "n3")))
    assert card.chips[0].text == "2 layers" and "multiply-adds" in card.chips[1].text and not card.problem
    canvas.store.apply("cut", verbs.disconnect, (canvas.store.state.graph.edges[1],))
    after = canvas.scene_.cards[G1].card
    assert after.severity == "error" and canvas.store.state.graph.nodes["n3"].name in after.problem


def test_a_click_selects_all_of_it_and_a_drag_moves_only_the_card(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    canvas.selection.clear()
    hand.click(box(canvas)[1])
    assert canvas.selection.nodes == ("n2", "n3")
    inside = dict(canvas.store.state.positions)
    at, start = place_of(canvas.store.state, G1), box(canvas)[1]
    hand.drag(start, QPointF(start.x(), start.y() + 160))
    assert place_of(canvas.store.state, G1) == (at.x, at.y + 160)
    assert canvas.store.state.positions == inside and canvas.store.undo_stack.count() == 2
    hand.key(K.Key_Right)
    assert place_of(canvas.store.state, G1) == (at.x + 8, at.y + 160)
    hand.key(K.Key_G, CTRL | SHIFT)
    assert canvas.store.state.position("n2") == (inside["n2"].x + 8, inside["n2"].y + 160)


def test_enter_by_double_click_and_by_key_leave_by_escape(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    zoom, middle = canvas.zoom, canvas.visible_rect().center()
    hand.double(box(canvas)[1])
    assert shown(canvas) == {"n2", "n3"} and "Group 1" in canvas.groups.crumbs.text()
    assert canvas.groups.crumbs.isVisible() and canvas.visible_rect().contains(canvas.scene_.content())
    hand.key(K.Key_Escape)
    assert shown(canvas) == {"n1", "n4"} and not canvas.groups.crumbs.isVisible()
    assert canvas.selection.nodes == ("n2", "n3") and canvas.hasFocus()
    assert canvas.zoom == pytest.approx(zoom)
    assert (canvas.visible_rect().center() - middle).manhattanLength() < 4
    hand.key(K.Key_Return)
    assert shown(canvas) == {"n2", "n3"} and canvas.store.undo_stack.count() == 1


def test_inside_the_border_shows_what_comes_and_goes(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_Return)
    borders = {b.border.text: b for b in canvas.scene_.sheet.borders.values()}
    names = canvas.store.state.graph.nodes
    assert {t: b.border.shape for t, b in borders.items()} == {names["n1"].name: "2", names["n4"].name: "32"}
    assert seen_wires(canvas) == {("n1", "n2"), ("n2", "n3"), ("n3", "n4")}
    cards = [canvas.scene_.cards[n].box() for n in ("n2", "n3")]
    entry, leaving = borders[names["n1"].name].box(), borders[names["n4"].name].box()
    assert entry.right() < min(c.left() for c in cards) and leaving.left() > max(c.right() for c in cards)
    # A wire from the border is a wire from outside: ReLU takes the input directly, in one step.
    hand.drag(borders[names["n1"].name].end(), hand.input("n3"))
    assert ("n1", "n3") in wires(canvas.store.state) and ("n2", "n3") not in wires(canvas.store.state)


def test_what_is_added_inside_belongs_to_the_group(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_Return)
    canvas.selection.show(("n3",))
    new = canvas.add_layer("dropout")
    assert new in canvas.store.state.groups["g1"].members and new in shown(canvas)
    hand.key(K.Key_D, CTRL)
    assert set(canvas.selection.nodes) <= set(canvas.store.state.groups["g1"].members)
    canvas.store.undo()
    canvas.store.undo()
    assert canvas.store.state.groups["g1"].members == ("n2", "n3")


def test_nested_groups_leave_level_by_level(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    canvas.selection.show(("n2", "n3", "n4"))
    hand.key(K.Key_G, CTRL)
    assert path_to(canvas.store.state, "g1") == ("g2", "g1") and set(canvas.scene_.cards) == {"n1", G2}
    hand.double(box(canvas, G2)[1])
    assert shown(canvas) == {"n4"} and set(canvas.scene_.cards) == {"n4", G1}
    hand.double(box(canvas, G1)[1])
    assert shown(canvas) == {"n2", "n3"} and canvas.groups.crumbs.path == ("g2", "g1")
    hand.key(K.Key_Escape)
    assert shown(canvas) == {"n4"} and canvas.groups.chosen() == "g1"
    canvas.groups.crumbs.linkActivated.emit("#")
    assert shown(canvas) == {"n1"} and canvas.groups.chosen() == "g2"


def test_an_undo_that_takes_the_group_away_shows_everything(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.double(box(canvas)[1])
    canvas.store.undo()
    assert len(shown(canvas)) == 4 and not canvas.groups.crumbs.isVisible() and canvas.groups.entered is None


def test_half_of_a_group_is_refused(draw: Draw) -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output"), ("n2", "n3"))
    for ids, words in ((("n3", "n4"), "belong"), (("n2", "n3"), "already"), (("n1",), "two layers")):
        with pytest.raises(GroupRefusal, match=words):
            verbs.group_nodes(state, ids)
    with pytest.raises(GroupRefusal, match="no group"):
        verbs.ungroup(state, ("n1",))


def test_groups_are_stored_and_a_fresh_scene_is_equal(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    start = box(canvas)[1]
    hand.drag(start, QPointF(start.x() + 40, start.y() + 80))
    canvas.selection.clear()
    state = canvas.store.state
    assert Layout.from_json(state.layout.to_json()) == state.layout
    fresh = CanvasScene(state, canvas.analyst.analysis, tokens.theme())
    canvas.scene_.show_hover(None)
    assert fresh.snapshot() == canvas.scene_.snapshot()


def test_what_is_found_elsewhere_is_gone_to(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.double(box(canvas)[1])
    canvas.reveal("n4")
    assert shown(canvas) == {"n1", "n4"} and canvas.selection.nodes == ("n4",)
    canvas.reveal("n2")
    assert canvas.groups.entered == "g1" and canvas.selection.nodes == ("n2",)


def test_rename_by_f2_and_by_double_click_on_the_title(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_F2)
    field = canvas.findChild(RenameField)
    assert field is not None and field.text() == "Group 1"
    field.setText("encoder")
    QTest.keyClick(field, K.Key_Return)
    assert canvas.store.state.groups["g1"].title == "encoder" and canvas.scene_.cards[G1].card.title == "encoder"
    assert canvas.store.undo_stack.count() == 2 and canvas.hasFocus()
    hand.double(box(canvas)[0])
    assert canvas.groups.entered is None and canvas.findChildren(RenameField)[-1].text() == "encoder"


def test_wires_from_outside_reach_inside(draw: Draw) -> None:
    state = chain("input", "dense", "relu", "output", step=320)
    canvas = draw(verbs.add_node(state, "n5", "dense", Point(960, 240)))
    hand = Hand(canvas)
    canvas.selection.show(("n2", "n3"))
    hand.key(K.Key_G, CTRL)
    item = canvas.scene_.cards[G1]
    # Off the group's input, dropped on nothing: unplugged, and the port stays open.
    hand.drag(item.port_point("0", True), QPointF(item.x() - 80, item.y() + 300))
    assert ("n1", "n2") not in wires(canvas.store.state) and len(canvas.scene_.cards[G1].card.inputs) == 1
    hand.drag(hand.output("n1"), item.port_point("0", True))
    assert ("n1", "n2") in wires(canvas.store.state)
    hand.drag(item.port_point("0", False), hand.input("n5"))
    assert ("n3", "n5") in wires(canvas.store.state) and canvas.store.undo_stack.count() == 4


def test_one_source_that_feeds_two_layers_inside_is_one_port(draw: Draw) -> None:
    state = chain("input", "dense", "dense", "add", "output", step=320)
    state = verbs.connect(state, Edge("n2", "n4"))
    canvas = draw(verbs.add_node(state, "n9", "input", verbs.place_missing(state).position("n1")))
    canvas.selection.show(("n3", "n4"))
    hand = Hand(canvas)
    hand.key(K.Key_G, CTRL)
    item = canvas.scene_.cards[G1]
    assert len(item.card.inputs) == 1 and ("n2", "n3") in seen_wires(canvas) and ("n2", "n4") not in seen_wires(canvas)
    # Another source dropped there replaces it at both ends, in one step.
    hand.drag(hand.output("n9"), item.port_point("0", True))
    found = wires(canvas.store.state)
    assert ("n9", "n3") in found and ("n9", "n4") in found and ("n2", "n4") not in found
    assert canvas.store.undo_stack.count() == 2
    canvas.store.undo()
    # A layer dropped on the wire goes on both.
    new = canvas.place_layer("relu", canvas.store.state.position("n2"), Edge("n2", "n3"))
    found = wires(canvas.store.state)
    assert new is not None and (new, "n3") in found and (new, "n4") in found and ("n2", "n4") not in found
    canvas.store.undo()
    middle = canvas.scene_.wires[Edge("n2", "n3")].path().pointAtPercent(0.5)
    hand.click(middle, held=ALT)
    assert not {("n2", "n3"), ("n2", "n4")} & set(wires(canvas.store.state))
    assert len(canvas.scene_.cards[G1].card.inputs) == 1, "the port stays when its wire is cut"


def test_copies_of_a_group_are_groups_and_a_deleted_one_is_gone(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_D, CTRL)
    assert set(canvas.store.state.groups) == {"g1", "g2"} and canvas.groups.chosen() == "g2"
    hand.key(K.Key_C, CTRL)
    hand.key(K.Key_V, CTRL)
    assert len(canvas.store.state.groups) == 3 and len(canvas.store.state.graph.nodes) == 8
    start = box(canvas)[1]
    hand.drag(start, QPointF(start.x(), start.y() + 240), held=ALT)
    assert len(canvas.store.state.groups) == 4
    hand.key(K.Key_M)
    assert sum(n.muted for n in canvas.store.state.graph.nodes.values()) == 2
    for _ in range(4):
        canvas.store.undo()
    hand.click(box(canvas)[1])
    hand.key(K.Key_Delete, CTRL)
    assert wires(canvas.store.state) == [("n1", "n4")] and not canvas.store.state.groups
    assert canvas.store.undo_stack.count() == 2


def test_layout_and_align_take_a_group_as_one_card(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    inside = {n: canvas.store.state.position(n) for n in ("n2", "n3")}
    canvas.selection.clear()
    hand.key(K.Key_L, CTRL)
    state = canvas.store.state
    assert {n: state.position(n) for n in inside} == inside
    xs = [place_of(state, c).x for c in ("n1", G1, "n4")]
    assert xs == sorted(xs) and xs[2] - xs[0] < 640
    hand.key(K.Key_A, CTRL)
    canvas.edits.align("left")
    assert len({place_of(canvas.store.state, c).x for c in ("n1", G1, "n4")}) == 1


def test_cost_and_words_of_a_group_are_those_of_all_that_is_inside(draw: Draw) -> None:
    canvas, _ = grouped(draw, "input", "dense", "dense", "output")
    canvas.insight.show_heat("parameters")
    heat = canvas.overlay.heat
    assert heat.text[G1].endswith("100%") and heat.level[G1] == 1.0
    sums = totals_of(canvas.store.state, canvas.analyst.analysis, "g1")
    assert f"{sums.parameters:,} parameters" in tip_at(canvas, canvas.mapFromScene(box(canvas)[1]))[0]
    port = tip_at(canvas, canvas.mapFromScene(canvas.scene_.cards[G1].port_point("0", True)))[0]
    assert port.startswith("input of Dense 1")


def test_the_gravest_alarm_inside_is_the_card_s_border(draw: Draw) -> None:
    canvas, _ = grouped(draw, "input", "dense", "dense", "output")
    edge = canvas.mapFromScene(canvas.scene_.cards[G1].box().topLeft() + QPointF(60, 1))

    def colours() -> set[str]:
        QApplication.processEvents()
        picture = canvas.viewport().grab().toImage()
        return {picture.pixelColor(edge.x(), edge.y() + dy).name() for dy in (-1, 0, 1)}

    canvas.selection.clear()
    value = NodeValue("1e-9", "error", "gradient", 1e-9, None, "error")
    canvas.overlay.show_values({"n2": value._replace(alarm=""), "n3": value._replace(alarm="")})
    assert tokens.theme().error.lower() not in colours()
    canvas.overlay.show_values({"n2": value._replace(alarm="warning"), "n3": value})
    found = [QColor(c) for c in colours()]
    red = QColor(tokens.theme().error)
    assert any(abs(c.red() - red.red()) < 60 and c.red() > c.blue() + 60 for c in found)


def test_a_border_wire_goes_around_what_stands_in_its_way() -> None:
    card = QRectF(100, 0, 160, 56)
    assert around(QPointF(0, 28), QPointF(400, 28), [card]) == ((84, -16), (276, -16))
    assert around(QPointF(0, 128), QPointF(400, 128), [card]) == () and around(QPointF(0, 0), QPointF(9, 0), []) == ()
    above = QRectF(100, -60, 160, 56)
    assert around(QPointF(0, 28), QPointF(400, 28), [card, above])[0][1] == -76
    for first, second in (([0.0, 10.0, 300.0], 40.0), ([5.0], 40.0)):
        found = spread(first, second)
        assert all(b - a >= second - 1e-9 for a, b in zip(sorted(found), sorted(found)[1:], strict=False))
        assert sum(found) == pytest.approx(sum(first))


def test_another_document_is_shown_from_outside(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_Return)
    canvas.store.open(verbs.group_nodes(chain("input", "dense", "tanh", "output"), ("n2", "n3")))
    assert canvas.groups.entered is None and not canvas.groups.crumbs.isVisible()
    assert shown(canvas) == {"n1", "n4"}


def test_h_on_a_group_changes_nothing_unseen(draw: Draw) -> None:
    canvas, hand = grouped(draw)
    hand.key(K.Key_H)
    assert canvas.store.undo_stack.count() == 1 and not canvas.store.state.collapsed

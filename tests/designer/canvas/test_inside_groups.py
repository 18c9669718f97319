"""Inside a group all is as outside: frames and notes, the clipboard, pictures. By real keys and mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas import Canvas, export_canvas
from designer.canvas.export import picture_mime
from designer.canvas.note_editor import NoteEditor, TitleField
from designer.document import Box, DocState, Frame, Note, Point, verbs
from tests.designer.canvas.conftest import ALT, CTRL, SHIFT, Hand
from tests.designer.document.drawn import chain
from widgets import tokens

Draw = Callable[..., Canvas]
K = Qt.Key
G1 = "group:g1"


@pytest.fixture
def inside(draw: Draw) -> Canvas:
    """Input, a group of two layers that is entered, output."""
    state = verbs.group_nodes(chain("input", "dense", "relu", "output", step=320), ("n2", "n3"))
    canvas = draw(state)
    canvas.selection.show(("n2", "n3"))
    Hand(canvas).key(K.Key_Return)
    assert canvas.groups.entered == "g1"
    return canvas


def seen(canvas: Canvas) -> set[tuple[str, str]]:
    return {k for k, item in canvas.scene_.areas.items() if item.isVisible()}


def test_frames_and_notes_are_made_inside_and_are_seen_only_there(inside: Canvas) -> None:
    canvas, hand = inside, Hand(inside)
    canvas.selection.show(("n2", "n3"))
    hand.key(K.Key_J, CTRL)
    assert isinstance(canvas.annotations.editor, TitleField)
    QTest.keyClicks(canvas.annotations.editor, "pair")
    QTest.keyClick(canvas.annotations.editor, K.Key_Return)
    QTest.mouseMove(canvas.viewport(), canvas.mapFromScene(320, 300))
    hand.key(K.Key_N, SHIFT)
    assert isinstance(canvas.annotations.editor, NoteEditor)
    QTest.keyClicks(canvas.annotations.editor, "why")
    QTest.keyClick(canvas.annotations.editor, K.Key_Escape)
    state = canvas.store.state
    frame, note = state.frames["f1"], state.notes["t1"]
    assert (frame.title, frame.within, note.text, note.within) == ("pair", "g1", "why", "g1")
    assert canvas.store.undo_stack.count() == 2 and seen(canvas) == {("frame", "f1"), ("note", "t1")}
    box = canvas.scene_.content(("n2", "n3"))
    assert canvas.scene_.areas["frame", "f1"].rect().contains(box)
    assert DocState.of(state.project()) == state, "the file keeps where they are"
    hand.key(K.Key_Escape)
    hand.key(K.Key_Escape)
    assert canvas.groups.entered is None and not seen(canvas)
    canvas.store.undo()
    canvas.store.undo()
    assert not canvas.store.state.frames and not canvas.store.state.notes


def test_a_frame_inside_moves_with_what_it_holds(inside: Canvas) -> None:
    canvas, hand = inside, Hand(inside)
    canvas.store.apply("outer", verbs.set_frame, "f9", Frame("outer", Box(0, -400, 900, 900)))
    canvas.store.apply("inner", verbs.set_note, "t1", Note("x", Box(320, 160, 160, 80), within="g1"))
    canvas.selection.show(("n2",), (), (("note", "t1"),))
    hand.key(K.Key_J, CTRL)
    QTest.keyClick(canvas.annotations.editor, K.Key_Return)
    before = canvas.store.state
    key = next(k for k in before.frames if k != "f9")
    assert before.frames[key].within == "g1"
    title = canvas.scene_.areas["frame", key].rect().topLeft() + QPointF(30, 14)
    hand.drag(title, title + QPointF(80, 48))
    after = canvas.store.state
    assert after.position("n2") == (before.position("n2").x + 80, before.position("n2").y + 48)
    assert after.position("n3") == before.position("n3") and after.frames["f9"] == before.frames["f9"]
    assert after.frames[key].box.x == before.frames[key].box.x + 80 and after.frames[key].within == "g1"


def test_ctrl_g_takes_chosen_notes_in_and_ungroup_brings_them_out(draw: Draw) -> None:
    state = verbs.set_note(chain("input", "dense", "relu", "output", step=320), "t1", Note("x", Box(320, 160, 160, 80)))
    canvas = draw(state)
    canvas.selection.show(("n2", "n3"), (), (("note", "t1"),))
    hand = Hand(canvas)
    hand.key(K.Key_G, CTRL)
    assert canvas.store.state.notes["t1"].within == "g1" and not seen(canvas)
    canvas.selection.show(("n2", "n3"))
    hand.key(K.Key_G, CTRL | SHIFT)
    out = canvas.store.state
    assert out.notes["t1"].within is None and seen(canvas) == {("note", "t1")}
    note = out.notes["t1"].box
    assert (note.x - out.position("n2").x, note.y - out.position("n2").y) == (0, 160 - state.position("n2").y)
    canvas.store.undo()
    canvas.store.undo()
    assert canvas.store.state == state


def test_a_frame_is_copied_with_all_it_holds_by_keys_and_by_alt_drag(draw: Draw) -> None:
    sizes = {n: (168, 56) for n in ("n1", "n2", "n3")}
    state = verbs.frame_around(chain("input", "dense", "output", step=320), "f1", ("n2",), "stem", sizes)
    state = verbs.set_note(state, "t1", Note("inside", Box(320, -16, 96, 8), "dense"))
    canvas, frame = draw(state), state.frames["f1"]
    hand = Hand(canvas)
    canvas.selection.show((), (), (("frame", "f1"),))
    hand.key(K.Key_C, CTRL)
    hand.key(K.Key_V, CTRL)
    after = canvas.store.state
    assert len(after.graph.nodes) == 4 and canvas.store.undo_stack.count() == 1
    assert after.frames["f2"].title == "stem" and after.notes["t2"].text == "inside"
    assert canvas.selection.areas == {("frame", "f2"), ("note", "t2")} and len(canvas.selection.nodes) == 1
    (new,) = canvas.selection.nodes
    way = after.frames["f2"].box.x - frame.box.x
    assert after.position(new).x == state.position("n2").x + way and after.notes["t2"].box.x == 320 + way
    canvas.store.undo()
    title = QPointF(frame.box.x + 40, frame.box.y + 14)
    hand.drag(title, title + QPointF(0, 240), held=ALT)
    after = canvas.store.state
    assert len(after.graph.nodes) == 4 and after.frames["f1"] == frame and after.frames["f2"].box.y == frame.box.y + 240
    canvas.store.undo()
    canvas.selection.show((), (), (("frame", "f1"),))
    hand.key(K.Key_D, CTRL)
    assert len(canvas.store.state.frames) == 2 and len(canvas.store.state.graph.nodes) == 4
    canvas.store.undo()
    canvas.selection.show((), (), (("frame", "f1"),))
    hand.key(K.Key_X, CTRL)
    assert not canvas.store.state.frames and set(canvas.store.state.graph.nodes) == {"n1", "n3"}
    hand.key(K.Key_V, CTRL)
    assert len(canvas.store.state.frames) == len(canvas.store.state.notes) == 1
    assert len(canvas.store.state.graph.nodes) == 3


def test_a_note_alone_goes_through_the_clipboard_into_a_group(inside: Canvas) -> None:
    canvas, hand = inside, Hand(inside)
    hand.key(K.Key_Escape)
    canvas.store.apply("note", verbs.set_note, "t1", Note("**x**", Box(0, 300, 160, 80), "dense"))
    canvas.selection.show((), (), (("note", "t1"),))
    hand.key(K.Key_C, CTRL)
    assert '"notes"' in QApplication.clipboard().text()
    canvas.groups.enter("g1")
    hand.key(K.Key_V, CTRL)
    note = canvas.store.state.notes["t2"]
    assert (note.text, note.colour, note.within) == ("**x**", "dense", "g1") and seen(canvas) == {("note", "t2")}


def test_a_copied_group_brings_its_inner_frames(inside: Canvas) -> None:
    canvas, hand = inside, Hand(inside)
    canvas.store.apply("inner", verbs.set_frame, "f1", Frame("inner", Box(300, -40, 200, 200), within="g1"))
    canvas.groups.leave()
    canvas.selection.show(("n2", "n3"))
    hand.key(K.Key_D, CTRL)
    state = canvas.store.state
    assert state.frames["f2"].within == "g2" and state.frames["f2"].title == "inner" and not seen(canvas)
    canvas.groups.enter("g2")
    assert seen(canvas) == {("frame", "f2")}


def test_pictures_show_the_inside_that_one_sees(inside: Canvas, tmp_path: Path) -> None:
    canvas = inside
    given = canvas.store.state, canvas.analyst.analysis
    canvas.store.apply("note", verbs.set_note, "t1", Note("inner words", Box(320, 160, 240, 80), within="g1"))
    given = canvas.store.state, canvas.analyst.analysis

    def words(within: str | None, chosen: object = None) -> str:
        mime = picture_mime(*given, tokens.LIGHT, None, chosen, within=within)  # type: ignore[arg-type]
        return bytes(mime.data("image/svg+xml").data()).decode()

    names = {n: canvas.store.state.graph.nodes[n].name for n in ("n1", "n2", "n3", "n4")}
    outer, inner = words(None), words("g1")
    assert "Group 1" in outer and names["n1"] in outer
    assert f">{names['n2']}<" not in outer and "inner words" not in outer
    assert f">{names['n2']}<" in inner and f">{names['n3']}<" in inner and "inner words" in inner
    assert names["n1"] in inner, "the border says where the wires come from"
    part = words("g1", (("n2",), ()))
    assert f">{names['n2']}<" in part and f">{names['n3']}<" not in part and names["n1"] not in part
    image = QImage(str(export_canvas(*given, tmp_path / "g.png", within="g1")))
    assert not image.isNull() and image != QImage(str(export_canvas(*given, tmp_path / "all.png")))


def test_a_groups_card_covers_no_other_wherever_its_layers_stood(draw: Draw) -> None:
    state = chain("input", "dense", "relu", "dense", "relu", "output", step=240)
    corners = {"n1": (0, 0), "n2": (240, 0), "n3": (480, 0), "n4": (0, 160), "n5": (240, 160), "n6": (480, 160)}
    canvas = draw(verbs.move_nodes(state, {n: Point(*p) for n, p in corners.items()}))
    canvas.selection.show(("n3", "n4"))  # their middle is covered by n2 and n5
    Hand(canvas).key(K.Key_G, CTRL)
    boxes = {c: i.box() for c, i in canvas.scene_.cards.items()}
    assert G1 in boxes and not any(boxes[G1].intersects(b) for c, b in boxes.items() if c != G1)
    assert canvas.store.undo_stack.count() == 1
    canvas.store.undo()
    assert not canvas.store.state.groups and canvas.store.state.position("n6") == (480, 160)


def test_a_groups_card_shows_the_picture_and_figures_of_the_layer_that_it_gives(draw: Draw) -> None:
    state = verbs.group_nodes(chain("input", "dense", "relu", "output", step=320), ("n2", "n3"))
    canvas = draw(state)
    flat = canvas.scene_.sheet.groups[G1].card.height
    colours = {"n2": "#cc2233", "n3": "#2233cc"}
    pictures = {}
    for node, colour in colours.items():
        pictures[node] = QImage(24, 8, QImage.Format.Format_RGB32)
        pictures[node].fill(QColor(colour))

    def shown() -> QColor:
        item = canvas.scene_.sheet.groups[G1]
        spot = canvas.mapFromScene(item.pos() + item.picture().center())
        return canvas.grab().toImage().pixelColor(canvas.viewport().mapTo(canvas, spot))

    canvas.overlay.show_pictures({"n2": pictures["n2"]})
    item = canvas.scene_.sheet.groups[G1]
    assert item.card.height > flat and item.voice == "n2" and shown() == QColor(colours["n2"])
    canvas.overlay.show_pictures(pictures)
    assert item.voice == "n3" and shown() == QColor(colours["n3"]), "what the group gives"
    canvas.store.apply("rename", verbs.rename, "n2", "other")
    assert item.voice == "n3"
    canvas.overlay.clear()
    assert item.voice == "" and item.card.height == flat


def test_arrows_nudge_frames_with_what_they_hold_and_notes(draw: Draw) -> None:
    sizes = {n: (168, 56) for n in ("n1", "n2", "n3")}
    state = verbs.frame_around(chain("input", "dense", "output", step=320), "f1", ("n2",), "stem", sizes)
    canvas = draw(verbs.set_note(state, "t1", Note("x", Box(0, 300, 160, 80))))
    before, hand = canvas.store.state, Hand(canvas)
    canvas.selection.show((), (), (("frame", "f1"), ("note", "t1")))
    for key in (K.Key_Right, K.Key_Right, K.Key_Down):
        hand.key(key)
    after = canvas.store.state
    ways = [(after.frames["f1"].box, before.frames["f1"].box), (after.notes["t1"].box, before.notes["t1"].box),
            (after.position("n2"), before.position("n2"))]  # fmt: skip
    assert {(a.x - b.x, a.y - b.y) for a, b in ways} == {(16, 8)} and after.position("n1") == before.position("n1")
    assert canvas.store.undo_stack.count() == 1

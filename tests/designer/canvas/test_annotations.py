"""Frames and notes with a real mouse and keyboard: made, moved with what they hold, written, coloured."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from designer.canvas import Canvas
from designer.canvas.annotation_items import NoteItem
from designer.canvas.markdown import address_of, note_document
from designer.canvas.note_editor import NoteEditor, TitleField
from designer.document import Box, Frame, Note, verbs
from designer.document.verbs.areas import LONGEST_NOTE
from tests.designer.canvas.conftest import CTRL, NONE, SHIFT, Hand
from tests.designer.document.drawn import chain

Draw = Callable[..., Canvas]
K = Qt.Key


def steps(canvas: Canvas) -> int:
    return canvas.store.undo_stack.count()


def point(canvas: Canvas, at: tuple[float, float]) -> None:
    """The mouse there, no button down."""
    QTest.mouseMove(canvas.viewport(), canvas.mapFromScene(*at))


def framed(draw: Draw) -> Canvas:
    """Two of three cards in a frame, a note in it and one beside it."""
    state = verbs.frame_around(chain("input", "dense", "output", step=320), "f1", ("n1", "n2"), "stem",
                               {"n1": (168, 56), "n2": (168, 56), "n3": (168, 56)})  # fmt: skip
    state = verbs.set_note(state, "t1", Note("inside", Box(200, -32, 96, 56)))
    state = verbs.set_note(state, "t2", Note("beside", Box(600, 200, 160, 80)))
    return draw(state)


def test_ctrl_j_frames_the_selection_and_asks_for_its_title_in_one_step(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    canvas.selection.show(("n1", "n2"))
    Hand(canvas).key(K.Key_J, CTRL)
    field = canvas.annotations.editor
    assert isinstance(field, TitleField)
    QTest.keyClicks(field, "encoder")
    QTest.keyClick(field, K.Key_Return)
    frame = canvas.store.state.frames["f1"]
    assert frame.title == "encoder" and steps(canvas) == 1 and canvas.selection.areas == {("frame", "f1")}
    assert frame.box == Box(-24, -48, 320 + 168 + 48, 56 + 72)
    assert canvas.hasFocus()
    canvas.store.undo()
    assert not canvas.store.state.frames and not canvas.selection.areas


def test_a_drag_of_the_title_moves_what_is_inside_and_escape_puts_it_back(draw: Draw) -> None:
    canvas = framed(draw)
    hand, grip = Hand(canvas), (60.0, -30.0)
    before = canvas.store.state
    hand.begin(grip, (60.0, 51.0))
    assert canvas.scene_.nodes["n1"].y() == 80 and canvas.scene_.areas["note", "t1"].rect().y() == 48
    hand.key(K.Key_Escape)
    assert canvas.store.state is before and canvas.scene_.nodes["n1"].y() == 0
    assert canvas.scene_.areas["frame", "f1"].rect().y() == before.frames["f1"].box.y
    hand.release((60.0, 51.0))
    hand.drag(grip, (60.0, 51.0))
    state = canvas.store.state
    assert steps(canvas) == 1 and canvas.store.undo_stack.undoText() == "Move a frame"
    assert [state.position(n).y for n in ("n1", "n2", "n3")] == [80, 80, 0]
    assert state.frames["f1"].box.y == 32 and state.notes["t1"].box.y == 48 and state.notes["t2"].box.y == 200
    canvas.store.undo()
    assert canvas.store.state == before


@pytest.mark.parametrize(
    ("start", "end", "box"),
    [
        ((512, 40), (603, 40), Box(-24, -48, 624, 128)),
        ((512, 80), (400, 155), Box(-24, -48, 424, 200)),
        ((-24, -48), (-60, -70), Box(-64, -72, 576, 152)),
        ((200, 80), (200, -300), Box(-24, -48, 536, 56)),
    ],
    ids=["right", "corner", "top left", "never too small"],
)
def test_edges_and_corners_resize_and_leave_the_cards(
    draw: Draw, start: tuple[float, float], end: tuple[float, float], box: Box
) -> None:
    canvas = framed(draw)
    Hand(canvas).drag(start, end)
    assert canvas.store.state.frames["f1"].box == box and steps(canvas) == 1
    assert [canvas.store.state.position(n).x for n in ("n1", "n2", "n3")] == [0, 320, 640]
    assert canvas.scene_.areas["frame", "f1"].rect().getRect() == (box.x, box.y, box.width, box.height)


def test_inside_a_frame_a_drag_selects_and_does_not_move_it(draw: Draw) -> None:
    canvas = framed(draw)
    Hand(canvas).drag((-10, 70), (100, 20))
    assert canvas.selection.nodes == ("n1",) and steps(canvas) == 0


def test_click_shift_ctrl_select_areas_and_delete_keeps_the_cards(draw: Draw) -> None:
    canvas = framed(draw)
    hand = Hand(canvas)
    hand.click((60, -30))
    assert canvas.selection.areas == {("frame", "f1")}
    hand.click((650, 240), held=SHIFT)
    assert canvas.selection.areas == {("frame", "f1"), ("note", "t2")}
    hand.click((60, -30), held=CTRL)
    assert canvas.selection.areas == {("note", "t2")}
    hand.click((60, -30))
    hand.key(K.Key_Delete)
    state = canvas.store.state
    assert not state.frames and len(state.graph.nodes) == 3 and len(state.notes) == 2 and steps(canvas) == 1
    assert canvas.store.undo_stack.undoText() == "Delete 1 frames and notes"


def test_a_title_is_renamed_in_place_by_double_click_and_f2_and_kept_by_escape(draw: Draw) -> None:
    canvas = framed(draw)
    hand = Hand(canvas)
    hand.double((60, -30))
    field = canvas.annotations.editor
    assert isinstance(field, TitleField) and field.text() == "stem" and field.hasFocus()
    QTest.keyClicks(field, "body")
    QTest.keyClick(field, K.Key_Escape)
    assert canvas.store.state.frames["f1"].title == "stem" and canvas.hasFocus()
    canvas.selection.show((), (), (("frame", "f1"),))
    hand.key(K.Key_F2)
    field = canvas.annotations.editor
    assert isinstance(field, TitleField)
    QTest.keyClicks(field, "  body   of it ")
    QTest.keyClick(field, K.Key_Return)
    assert canvas.store.state.frames["f1"].title == "body of it" and steps(canvas) == 1


def test_a_note_is_written_in_place_and_ctrl_enter_ends_it_in_one_step(draw: Draw) -> None:
    canvas = draw("input")
    hand = Hand(canvas)
    point(canvas, (300, 300))
    hand.key(K.Key_N, SHIFT)
    editor = canvas.annotations.editor
    assert isinstance(editor, NoteEditor)
    QTest.keyClicks(editor, "# Why f H")
    QTest.keyClick(editor, K.Key_Return)
    QTest.keyClicks(editor, "because")
    QTest.keyClick(editor, K.Key_Return, CTRL)
    note = canvas.store.state.notes["t1"]
    assert note.text == "# Why f H\nbecause" and (note.box.x, note.box.y) == (304, 304)
    assert steps(canvas) == 1 and canvas.hasFocus() and not canvas.store.state.collapsed
    hand.double((400, 340))
    editor = canvas.annotations.editor
    assert isinstance(editor, NoteEditor)
    editor.setPlainText("other")
    QTest.keyClick(editor, K.Key_Escape)
    assert canvas.store.state.notes["t1"].text == "other" and steps(canvas) == 2
    canvas.store.undo()
    canvas.store.undo()
    assert not canvas.store.state.notes


def test_a_note_left_empty_has_never_been(draw: Draw) -> None:
    canvas = draw("input")
    Hand(canvas).key(K.Key_N, SHIFT)
    editor = canvas.annotations.editor
    assert isinstance(editor, NoteEditor)
    QTest.keyClick(editor, K.Key_Escape)
    assert not canvas.store.state.notes and steps(canvas) == 0


def test_a_press_elsewhere_ends_the_note_and_keeps_it(draw: Draw) -> None:
    canvas = draw("input")
    hand = Hand(canvas)
    point(canvas, (300, 200))
    hand.key(K.Key_N, SHIFT)
    editor = canvas.annotations.editor
    assert isinstance(editor, NoteEditor)
    QTest.keyClicks(editor, "kept")
    canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    assert canvas.store.state.notes["t1"].text == "kept"


def test_colours_come_from_the_tokens_and_are_one_step_for_all(draw: Draw) -> None:
    canvas = framed(draw)
    canvas.selection.show((), (), (("frame", "f1"), ("note", "t2")))
    canvas.annotations.recolour("convolution")
    state = canvas.store.state
    assert state.frames["f1"].colour == state.notes["t2"].colour == "convolution" and steps(canvas) == 1
    item = canvas.scene_.areas["frame", "f1"]
    assert item.tint() == item.look.theme.group("convolution")  # type: ignore[attr-defined]


def test_frames_and_notes_survive_the_file(draw: Draw) -> None:
    from designer.document import DocState

    state = framed(draw).store.state
    state = verbs.set_frame(state, "f2", Frame("Ω", Box(0, 0, 100, 100), "pooling"))
    assert DocState.of(state.project()) == state


def test_a_link_is_opened_only_after_a_yes_and_only_on_the_web(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("designer.canvas.annotations.QDesktopServices.openUrl", lambda url: opened.append(url.url()))
    state = verbs.set_note(chain("input"), "t1", Note("[paper](https://example.org/a) x", Box(240, 0, 240, 80)))
    canvas = draw(state)
    item = canvas.scene_.areas["note", "t1"]
    assert isinstance(item, NoteItem)
    spot = item.text_rect().topLeft() + QPointF(10, 6)
    assert canvas.annotations.link_at(spot) == "https://example.org/a"
    hand = Hand(canvas)
    hand.click(spot)
    assert not opened
    for button, wanted in ((QMessageBox.StandardButton.Cancel, 0), (QMessageBox.StandardButton.Open, 1)):
        box = canvas.annotations.open_link("https://example.org/a")
        assert box is not None and "https://example.org/a" in box.informativeText()
        box.button(button).click()
        assert len(opened) == wanted
    said: list[str] = []
    canvas.message.connect(said.append)
    for bad in ("file:///etc/passwd", "javascript:alert(1)", "http:", "//host/x", "smb://host/x", "a b"):
        assert address_of(bad) and canvas.annotations.open_link(bad) is None
    assert len(said) == 6 and len(opened) == 1


HOSTILE = {
    "quotes": "> " * 10_000,
    "lists": "- " * 10_000,
    "indents": "\n".join("  " * k + "- a" for k in range(300)),
    "brackets": "[" * 20_000,
    "ticks": "`a" * 10_000,
    "cells": "|a" * 100 + "\n" + "|-" * 100 + "\n" + ("|b" * 100 + "\n") * 60,
    "stars": "a**b" * 5_000,
    "html": "<img src='file:///etc/passwd'>" * 500,
    "zero": "\0" * 100 + "x",
    "wide": "W" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_laid_out_and_painted_in_no_time(draw: Draw, name: str) -> None:
    canvas = draw("input")
    spent = []
    for _ in range(3):
        started = time.process_time()
        document = note_document(HOSTILE[name], canvas.scene_.look, 200)
        image = QImage(220, 220, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        document.drawContents(painter)
        painter.end()
        spent.append(time.process_time() - started)
    assert min(spent) < 0.1


def test_a_note_loads_no_picture(draw: Draw, tmp_path: object) -> None:
    path = f"{tmp_path}/red.png"
    red = QImage(60, 60, QImage.Format.Format_RGB32)
    red.fill(Qt.GlobalColor.red)
    assert red.save(path)
    for text in (f"![x]({path})", f"![x](file://{path})", f"![x][r]\n\n[r]: {path}", f"<img src='{path}'>"):
        canvas = draw(verbs.set_note(chain("input"), "t1", Note(text, Box(240, 0, 240, 160))))
        QApplication.processEvents()
        image = canvas.grab().toImage()
        reds = [1 for x in range(0, image.width(), 6) for y in range(0, image.height(), 6)
                if image.pixelColor(x, y).getRgb()[:3] == (255, 0, 0)]  # fmt: skip
        assert not reds


def test_a_note_cannot_grow_without_end(draw: Draw) -> None:
    canvas = framed(draw)
    assert not canvas.store.attempt("x", verbs.write_note, "t1", "x" * (LONGEST_NOTE + 1))
    said: list[str] = []
    canvas.message.connect(said.append)
    canvas.annotations.write(("note", "t2"))
    editor = canvas.annotations.editor
    assert isinstance(editor, NoteEditor)
    editor.setPlainText("y" * (LONGEST_NOTE + 500))
    QTest.keyClick(editor, K.Key_Escape, NONE)
    assert len(canvas.store.state.notes["t2"].text) == LONGEST_NOTE and len(said) == 1
    assert canvas.store.state.notes["t2"].box.height <= 480

"""Frames, notes, places, pictures and totals in the window: menus, command palette, context menu, status bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from designer.app.exports import export_network
from designer.app.finder import command_entries
from designer.app.main_window import MainWindow
from designer.app.menus import node_menu
from designer.document import Box, Frame, Note, verbs
from designer.document.verbs.areas import area_of
from tests.designer.document.drawn import chain

Open = Callable[[str], MainWindow]


@pytest.fixture
def drawn(window: MainWindow) -> MainWindow:
    """A chain with a frame and a note that holds a link."""
    state = verbs.set_frame(chain("input", "dense", "output", step=320), "f1", Frame("stem", Box(-24, -48, 560, 200)))
    window.document.new(verbs.set_note(state, "t1", Note("[a](https://example.org/x)", Box(0, 200, 240, 80))))
    return window


def test_every_command_of_the_drawing_is_in_the_palette_with_its_key(drawn: MainWindow) -> None:
    wanted = {
        "Frame the selection": "Ctrl+J", "Sticky note": "Shift+N", "Collapse or open": "H",
        "View: Back to the last place": "Alt+Left", "Copy as picture": "Ctrl+Alt+C", "Auto layout top to bottom": "",
        "Pictures show the training": "",
    }  # fmt: skip
    for words, key in wanted.items():
        title = words.removeprefix("View: ")
        found = [e for e in command_entries(drawn, title) if e.title == title]
        assert len(found) == 1, title
        assert key in found[0].detail


def test_keys_reach_the_canvas_and_not_while_a_note_is_written(drawn: MainWindow) -> None:
    canvas = drawn.canvas
    canvas.setFocus()
    drawn.document.selection.show(("n2",))
    QTest.keyClick(canvas, Qt.Key.Key_H)
    assert drawn.document.store.state.collapsed == {"n2"}
    QTest.keyClick(canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    editor = canvas.annotations.editor
    assert isinstance(editor, QWidget)
    QTest.keyClicks(editor, "hHmMfF jJ")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    state = drawn.document.store.state
    assert state.notes["t2"].text == "hHmMfF jJ" and state.collapsed == {"n2"}
    assert not drawn.document.bridge.state.busy, "Ctrl+Enter in a note started the training"


def test_the_menu_of_a_frame_has_its_colours_and_that_of_a_link_asks(drawn: MainWindow) -> None:
    canvas, selection = drawn.canvas, drawn.document.selection
    selection.show((), (), (("frame", "f1"),))
    menu = node_menu(drawn, ("frame", "f1"))
    palette = next(a.menu() for a in menu.actions() if a.menu() is not None)
    assert len(palette.actions()) == 8 and not any(a.icon().isNull() for a in palette.actions())
    teal = next(a for a in palette.actions() if a.text() == "Teal")
    teal.trigger()
    assert area_of(drawn.document.store.state, ("frame", "f1")).colour == "convolution" and teal.isChecked()
    canvas.cursor_scene = canvas.scene_.areas["note", "t1"].text_rect().topLeft() + QPoint(5, 6)  # type: ignore[attr-defined]
    selection.show((), (), (("note", "t1"),))
    texts = [a.text() for a in node_menu(drawn, ("note", "t1")).actions()]
    assert "Open the link…" in texts and "Copy the link's address" in texts
    assert "Delete" in [a.text().replace("&", "") for a in menu.actions()]


def test_a_right_click_on_a_note_selects_it_and_opens_its_menu(drawn: MainWindow, qtbot: Any) -> None:
    from PySide6.QtGui import QContextMenuEvent

    canvas, asked = drawn.canvas, []
    canvas.menu_wanted.disconnect()
    canvas.menu_wanted.connect(lambda at, what: asked.append(what))
    spot = canvas.mapFromScene(canvas.scene_.areas["note", "t1"].rect().center())
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, canvas.viewport().mapToGlobal(spot))
    canvas.contextMenuEvent(event)
    assert asked == [("note", "t1")] and drawn.document.selection.areas == {("note", "t1")}


def test_the_totals_follow_an_edit_at_once(drawn: MainWindow) -> None:
    words = drawn.status.figures
    assert "33 parameters" not in words.text() and "96 parameters" in words.text()
    assert "64 multiply-adds" in words.text() and "network " in words.text()
    drawn.document.store.apply("x", verbs.set_param, ("n2",), "units", 100)
    assert "300 parameters" in words.text() and "200 multiply-adds" in words.text()
    assert "1.2 kB for the weights" in words.toolTip()
    drawn.document.store.undo()
    assert "96 parameters" in words.text()


def test_copy_as_picture_gives_the_selection_or_all(drawn: MainWindow) -> None:
    sizes = []
    for chosen in ((), ("n2",)):
        drawn.document.selection.show(chosen)
        drawn.actions_.trigger("edit.copy_picture")
        mime = QGuiApplication.clipboard().mimeData()
        picture = QImage(mime.imageData())
        assert not picture.isNull() and QSvgRenderer(mime.data("image/svg+xml")).isValid()
        sizes.append(picture.width())
    assert sizes[1] < sizes[0]


def test_exported_pictures_show_training_as_the_menu_says(drawn: MainWindow, tmp_path: Path) -> None:
    red = QImage(24, 8, QImage.Format.Format_RGB32)
    red.fill("#cc2233")
    drawn.canvas.overlay.show_pictures({"n2": red})
    written = {}
    for live in (True, False):
        assert drawn.settings.live_pictures == live and drawn.actions_["file.export_live"].isChecked() == live
        for kind in ("svg", "png", "pdf"):
            export_network(drawn, kind, tmp_path / f"{live}.{kind}")
            written[live, kind] = (tmp_path / f"{live}.{kind}").read_bytes()
        drawn.actions_.trigger("file.export_live")
    for kind, mark in (("svg", b"<image"), ("pdf", b"/Subtype /Image")):
        assert mark in written[True, kind] and mark not in written[False, kind]
    assert QImage.fromData(written[True, "png"]).height() > 0 and written[True, "png"] != written[False, "png"]


def test_back_is_offered_once_one_has_leapt(opened: Open) -> None:
    window = opened("fashion_cnn")
    assert not window.actions_["view.forward"].isEnabled()
    window.canvas.zoom_to(1.5)
    window.canvas.reveal(window.document.store.state.graph.order[-1])
    window.actions_.refresh()
    assert window.actions_["view.back"].isEnabled()
    window.actions_.trigger("view.back")
    assert window.actions_["view.forward"].isEnabled() and window.canvas.zoom == pytest.approx(1.5)

"""What the program does by itself at its start and asks at its end, by real keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from shiboken6 import delete

from designer.app import main
from designer.app.main_window import MainWindow
from designer.app.settings import Settings
from designer.app.start_page import SampleCard
from designer.app.thumbnails import network_picture
from designer.document import DocState
from designer.document.verbs.setup import set_training
from engine.analysis import infer
from engine.files.project_file import read
from widgets import tokens

Opened = Callable[[str], MainWindow]
K = Qt.Key


@pytest.mark.parametrize("wished", [True, False])
def test_the_files_of_last_time_open_by_themselves_at_the_next_start_if_wished(
    make_window: Callable[[], MainWindow], tmp_path: Path, qtbot: Any, wished: bool
) -> None:
    window = make_window()
    for name in ("xor_mlp", "spiral"):
        window.open_sample(name)
        qtbot.waitUntil(lambda n=name: window.document.name == n, timeout=20_000)
        window.document.save(tmp_path / f"{name}.json")
    if wished:
        window.actions_["file.reopen_at_start"].trigger()
    window.close()
    again = make_window()
    main.begin(again, ())
    if wished:
        wanted = ["xor_mlp.json", "spiral.json"]
        qtbot.waitUntil(lambda: [d.document.name for d in again.desks.all] == wanted, timeout=20_000)
        qtbot.waitUntil(lambda: again.document.name == "spiral.json" and not again.desks._waiting, timeout=20_000)
    else:
        assert again.document.empty and not again.desks._waiting


def test_closing_the_window_asks_whether_the_training_may_end(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    window.document.store.apply("e", set_training, "epochs", 100_000)
    window.document.store.mark_saved()
    window.toggle_run()
    qtbot.waitUntil(lambda: window.document.bridge.state.name == "running", timeout=20_000)
    asked: list[str] = []

    def answer(key: Qt.Key) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        if key == K.Key_Space:
            end = next(b for b in box.buttons() if b.text() == "End it")
            QTest.keyClick(end, key)
        else:
            QTest.keyClick(box, key)

    for key in (K.Key_Escape, K.Key_Return):  # Return takes the default button, which loses nothing
        QTimer.singleShot(0, window, lambda k=key: answer(k))
        assert not window.close() and window.isVisible() and window.document.bridge.state.name == "running"
    QTimer.singleShot(0, window, lambda: answer(K.Key_Space))
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert len(asked) == 3 and all("xor_mlp" in text for text in asked)


@pytest.mark.parametrize("row", range(60, 66))
def test_a_small_picture_has_every_wire(qtbot: Any, row: int) -> None:
    """Thin lines fell between the rows that were sampled, whichever of them the wire was on."""
    card, picture = SampleCard("a", "b"), QImage(448, 125, QImage.Format.Format_ARGB32_Premultiplied)
    qtbot.addWidget(card)
    picture.fill(Qt.GlobalColor.transparent)
    for x in range(448):
        picture.setPixelColor(x, row, QColor(tokens.theme().text))
    card.show_picture(picture)
    image, ground = card.grab().toImage(), QColor(tokens.theme().canvas).lightness()
    column = [image.pixelColor(image.width() // 2, y).lightness() for y in range(20, 100)]
    assert max(abs(light - ground) for light in column) > 40


def test_a_small_picture_has_room_for_wires_that_go_round(qtbot: Any) -> None:
    state = DocState.of(read(main.RESOURCES.parent / "samples" / "spiral.json").project)
    picture = network_picture(state, infer(state.graph))
    for x in (0, picture.width() - 1):
        assert not any(picture.pixelColor(x, y).alpha() for y in range(picture.height()))


def test_a_window_that_nobody_closed_is_taken_apart_in_silence(settings: Settings, tmp_path: Path, qtbot: Any) -> None:
    """Its undo stack tells that it is emptied while Qt takes it down; nobody may look into it then."""
    window = MainWindow(settings, tmp_path / "recovery")
    window.show()
    window.finish()
    window.open_sample("digits_mlp")
    qtbot.waitUntil(lambda: window.document.name == "digits_mlp", timeout=20_000)
    window.document.store.apply("epochs", set_training, "epochs", 7)
    assert window.document.store.undo_stack.canUndo()
    window.document.shut_down()
    with qtbot.captureExceptions() as raised:
        delete(window)
    assert not raised

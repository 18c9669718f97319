"""Find a layer and run a command with real keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.app.main_window import MainWindow

K, M = Qt.Key, Qt.KeyboardModifier


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = M.NoModifier) -> None:
    QTest.keyClick(window.focusWidget() or window, key, held)


def test_find_by_shape_walks_and_selects(opened: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = opened("fashion_cnn")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    press(window, K.Key_F, M.ControlModifier)
    assert window.finder is not None and window.finder.field.hasFocus()
    QTest.keyClicks(window.finder.field, "*x14x14")
    graph = window.document.store.state.graph
    names = [e.title for e in window.finder.entries]
    assert names == ["pool 1", "conv 2"]
    assert [graph.nodes[n].name for n in window.document.selection.nodes] == ["pool 1"]
    press(window, K.Key_Down)
    press(window, K.Key_Return)
    (chosen,) = window.document.selection.nodes
    assert graph.nodes[chosen].name == "conv 2" and window.finder is None and window.canvas.hasFocus()
    assert window.canvas.visible_rect().contains(window.canvas.scene_.nodes[chosen].box())
    assert window.document.store.undo_stack.count() == 0


def test_the_command_palette_has_every_command_with_its_key_and_runs_it(window: MainWindow, qtbot: QtBot) -> None:
    window.files.new()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    press(window, K.Key_P, M.ControlModifier | M.ShiftModifier)
    assert window.finder is not None
    assert len(window.finder.entries) == len(window.actions_.commands)
    told = {e.title: e.detail for e in window.finder.entries}
    assert told["Auto layout"] == "Ctrl+L" and told["All commands"] == "Ctrl+Shift+P"
    QTest.keyClicks(window.finder.field, "lenet")
    assert window.finder.entries[0].title == "New LeNet-5"
    press(window, K.Key_Return)
    assert window.finder is None and len(window.document.store.state.graph.nodes) == 10


def test_what_cannot_be_done_is_listed_but_not_run(window: MainWindow, qtbot: QtBot) -> None:
    window.files.new()
    window.find_command()
    QTest.keyClicks(window.finder.field, "auto layout")
    assert not window.finder.entries[0].enabled
    QTest.keyClick(window.finder.field, K.Key_Return)
    assert window.finder is not None
    QTest.keyClick(window.finder.field, K.Key_Escape)
    assert window.finder is None and window.canvas.hasFocus()

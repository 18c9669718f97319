"""Keyboard alone: a new network is built, wired and trained on XOR, and undone. No mouse event is sent."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.app.main_window import MainWindow
from tests.designer.document.drawn import wires

K, M = Qt.Key, Qt.KeyboardModifier


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = M.NoModifier) -> None:
    """To whatever has the focus, as a keyboard does. Without a window manager nobody makes the window active again."""
    window.activateWindow()
    QApplication.processEvents()
    focus = window.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key, held)


def type_text(window: MainWindow, text: str) -> None:
    focus = window.focusWidget()
    assert focus is not None
    QTest.keyClicks(focus, text)
    QTest.keyClick(window.focusWidget(), K.Key_Return)


def command(window: MainWindow, words: str, title: str) -> None:
    press(window, K.Key_P, M.ControlModifier | M.ShiftModifier)
    assert window.finder is not None
    QTest.keyClicks(window.finder.field, words)
    assert window.finder.entries[0].title == title
    press(window, K.Key_Return)


def test_xor_by_keyboard_alone(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, K.Key_N, M.ControlModifier)
    store, selection = window.document.store, window.document.selection
    assert window.canvas.hasFocus() and not store.state.graph.nodes
    press(window, K.Key_Tab)
    type_text(window, "input")
    for _ in range(6):
        press(window, K.Key_Left, M.ShiftModifier)
    press(window, K.Key_Escape)
    press(window, K.Key_Tab)
    type_text(window, "dense")
    assert not store.state.graph.edges
    connect_the_two(window)
    press(window, K.Key_Escape)
    press(window, K.Key_Right, M.ControlModifier)
    press(window, K.Key_Right, M.ControlModifier)
    assert selection.nodes == ("n2",)
    press(window, K.Key_Tab)
    type_text(window, "tanh")
    press(window, K.Key_Slash)
    type_text(window, "dense 1 tanh > output half_squared")
    assert wires(store.state) == [("n1", "n2"), ("n2", "n3"), ("n4", "n5"), ("n3", "n4")]
    assert not window.document.analyst.analysis.errors
    assert window.canvas.hasFocus()
    command(window, "exclusive", "Data: Exclusive or")
    command(window, "adam", "Optimizer: Adam")
    qtbot.waitUntil(lambda: window.document.loader.dataset is not None, timeout=20_000)
    count = store.undo_stack.count()
    bridge = window.document.bridge
    press(window, K.Key_Return, M.ControlModifier)
    qtbot.waitUntil(lambda: bridge.state.busy or bridge.state.name == "finished", timeout=20_000)
    qtbot.waitUntil(lambda: bridge.state.name not in ("preparing", "running"), timeout=60_000)
    assert bridge.state.name == "finished", bridge.state
    epochs = bridge.frame.epochs
    # No line separates more than three quarters of XOR.
    assert epochs[0].train_metric < 0.75 < 0.85 < epochs[-1].train_metric
    assert store.undo_stack.count() == count
    for _ in range(count):
        press(window, K.Key_Z, M.ControlModifier)
    assert not store.state.graph.nodes and not selection.nodes


def connect_the_two(window: MainWindow) -> None:
    """Walk to Input, on to Dense with it, then J."""
    press(window, K.Key_Escape)
    press(window, K.Key_Right, M.ControlModifier)
    assert window.document.selection.nodes == ("n1",)
    press(window, K.Key_Right, M.ControlModifier | M.ShiftModifier)
    assert window.document.selection.nodes == ("n1", "n2")
    press(window, K.Key_J)
    assert wires(window.document.store.state) == [("n1", "n2")]

"""Align, distribute and freeze what is selected, by the command palette and by keys; the sheet of all keys."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit

from designer.app.main_window import MainWindow
from designer.document import Point, verbs

Opened = Callable[[str], MainWindow]
K, M = Qt.Key, Qt.KeyboardModifier
CTRL, SHIFT = M.ControlModifier, M.ShiftModifier


def command(window: MainWindow, words: str) -> None:
    """Typed into the command palette."""
    QTest.keyClick(window.canvas, K.Key_P, CTRL | SHIFT)
    assert window.finder is not None
    field = window.finder.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, words)
    QTest.keyClick(field, K.Key_Return)


def test_align_distribute_and_freeze_are_one_step_each(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    store, canvas = window.document.store, window.canvas
    ids = tuple(store.state.graph.nodes)[:3]
    spread = {n: Point(p * 320, q) for n, p, q in zip(ids, (0, 1, 4), (0, 48, 96), strict=True)}
    store.apply("spread", verbs.move_nodes, spread)
    canvas.setFocus()
    canvas.selection.show(ids)
    window.actions_.refresh()
    steps = store.undo_stack.count()
    command(window, "align tops")
    canvas.motion.finish()
    assert {store.state.position(n).y for n in ids} == {0} and store.undo_stack.count() == steps + 1
    command(window, "distribute across")
    canvas.motion.finish()
    boxes = [canvas.scene_.nodes[n].box() for n in ids]
    gaps = [b.left() - a.right() for a, b in pairwise(boxes)]
    assert abs(gaps[0] - gaps[1]) <= 16 and store.undo_stack.count() == steps + 2
    canvas.setFocus()
    QTest.keyClick(canvas, K.Key_F, CTRL | SHIFT)
    trained = [n for n in ids if store.state.graph.nodes[n].type == "dense"]
    assert trained and all(store.state.graph.nodes[n].frozen for n in trained)
    for _ in range(3):
        QTest.keyClick(canvas, K.Key_Z, CTRL)
    assert store.undo_stack.index() == steps and not any(n.frozen for n in store.state.graph.nodes.values())
    assert {n: store.state.position(n) for n in ids} == spread


def test_f1_shows_every_key(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, K.Key_F1)
    sheet = next(d for d in window.findChildren(QDialog) if d.isVisible())
    assert sheet.windowTitle()
    QTest.keyClick(sheet, K.Key_Escape)
    qtbot.waitUntil(lambda: not any(d.isVisible() for d in window.findChildren(QDialog)), timeout=20_000)

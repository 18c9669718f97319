"""Layers dragged to a chosen place of another tab: held over it, the tab opens, and they come to where they are let go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsPathItem

from designer.app.main_window import MainWindow
from designer.document import Box, Note, verbs

Opened = Callable[[str], MainWindow]
K, M, LEFT = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def held(opened: Opened, qtbot: Any) -> MainWindow:
    """Dense layers of XOR with a note, dragged onto the tab of the spiral until that opened. The button is down."""
    opened("spiral")
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    spiral, xor = window.desks.all
    store = xor.document.store
    store.apply("note", verbs.set_note, "t1", Note("along", Box(0, 400, 160, 80)))
    chosen = tuple(n.id for n in store.state.graph.nodes.values() if n.type == "dense")
    xor.document.selection.show(chosen, (), (("note", "t1"),))
    port, box = window.canvas.viewport(), window.canvas.scene_.nodes[chosen[0]].box()
    start = window.canvas.mapFromScene(box.left() + 30, box.top() + 40)
    bar = window.desks.tabs.bar
    over = port.mapFromGlobal(bar.mapToGlobal(bar.tabRect(0).center()))
    QTest.mousePress(port, LEFT, M.NoModifier, start)
    QTest.mouseMove(port, start + QPoint(12, 12))
    QTest.mouseMove(port, over)
    assert bar.lit == 0 and window.document is xor.document, "not at once"
    qtbot.waitUntil(lambda: window.document is spiral.document, timeout=20_000)
    assert window.desks._drag.load is not None and window.canvas is spiral.canvas
    assert store.undo_stack.count() == 1, "the cards are at home"
    return window


def ghost(window: MainWindow) -> QGraphicsPathItem | None:
    return window.desks._drag._ghost


@pytest.mark.parametrize("shift", [M.NoModifier, M.ShiftModifier])
def test_they_come_to_where_they_are_let_go(held: MainWindow, shift: Qt.KeyboardModifier) -> None:
    window = held
    spiral, xor = window.desks.all
    source, target = xor.document.store, spiral.document.store
    before, chosen = target.state, xor.document.selection.nodes
    at = QPointF(window.canvas.scene_.content().center())  # right on what is drawn there: that makes room
    place = window.canvas.mapFromScene(at)
    QTest.mouseMove(window.canvas.viewport(), place - QPoint(40, 0))
    QTest.mouseMove(window.canvas.viewport(), place)
    assert ghost(window) is not None and window.canvas.bubble.isVisible()
    QTest.mouseRelease(window.canvas.viewport(), LEFT, shift, place)
    assert window.desks._drag.load is None and not window.canvas.bubble.isVisible()
    assert target.undo_stack.count() == 1 and window.document is spiral.document and window.canvas.hasFocus()
    fresh = [n for n in target.state.graph.nodes if n not in before.graph.nodes]
    assert len(fresh) == len(chosen) and set(spiral.document.selection.nodes) == set(fresh)
    assert [n.text for n in target.state.notes.values()] == ["along"]
    scene = window.canvas.scene_
    first = scene.nodes[fresh[0]].box()
    assert abs(first.left() + 30 - at.x()) < 24 and abs(first.top() + 40 - at.y()) < 24, "under the mouse"
    assert not any(scene.nodes[a].box().intersects(scene.nodes[b].box()) for a in fresh for b in before.graph.nodes)
    assert source.undo_stack.count() == (2 if shift else 1)
    assert bool(set(chosen) & source.state.graph.nodes.keys()) is not bool(shift)
    target.undo()
    assert target.state == before


def test_escape_and_the_other_button_lead_back_with_nothing_done(held: MainWindow, qtbot: Any) -> None:
    window = held
    spiral, xor = window.desks.all
    QTest.mouseMove(window.canvas.viewport(), QPoint(200, 200))
    QTest.keyClick(window.canvas, K.Key_Escape)
    assert window.document is xor.document and window.desks._drag.load is None and ghost(window) is None
    assert not spiral.document.store.undo_stack.count() and xor.document.store.undo_stack.count() == 1
    QTest.mouseRelease(window.canvas.viewport(), LEFT, M.NoModifier, QPoint(200, 200))
    assert not spiral.document.store.undo_stack.count() and xor.document.store.undo_stack.count() == 1


def test_let_go_over_its_own_tab_again_nothing_happens(held: MainWindow, qtbot: Any) -> None:
    window = held
    spiral, xor = window.desks.all
    bar, port = window.desks.tabs.bar, window.canvas.viewport()
    own = port.mapFromGlobal(bar.mapToGlobal(bar.tabRect(1).center()))
    QTest.mouseMove(port, own)
    qtbot.waitUntil(lambda: window.document is xor.document, timeout=20_000)
    place = window.canvas.mapFromScene(window.canvas.scene_.content().center())
    QTest.mouseMove(window.canvas.viewport(), place)
    QTest.mouseRelease(window.canvas.viewport(), LEFT, M.NoModifier, place)
    assert window.desks._drag.load is None
    assert not spiral.document.store.undo_stack.count() and xor.document.store.undo_stack.count() == 1

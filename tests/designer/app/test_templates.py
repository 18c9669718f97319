"""Templates from the start page, the menu and the palette."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.app.main_window import MainWindow
from designer.document.geometry import Box
from designer.document.templates import TEMPLATES
from engine.analysis import infer

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def boxes(window: MainWindow) -> list[Box]:
    sizes = window.canvas.scene_.sizes(roomy=True)
    state = window.document.store.state
    return [Box(*state.position(n), *sizes[n]) for n in state.graph.nodes]


def overlapping(window: MainWindow) -> int:
    all_ = boxes(window)
    return sum(a.overlaps(b, 8) for k, a in enumerate(all_) for b in all_[k + 1 :])


def test_a_click_on_the_start_page_opens_a_copy(window: MainWindow, qtbot: QtBot) -> None:
    window.show_start_page()
    card = window.start_page.templates["lenet5"]
    qtbot.waitUntil(lambda: not card.picture.isNull())
    window.start_page.ensureWidgetVisible(card)
    QTest.mouseClick(card, LEFT, NONE, card.rect().center())
    state = window.document.store.state
    assert state.title == "LeNet-5" and not infer(state.graph).problems and not window.document.store.modified
    assert window.centre.currentIndex() == 1 and window.windowTitle().startswith("LeNet-5")
    qtbot.waitUntil(lambda: window.canvas.whole)
    assert window.canvas.visible_rect().contains(window.canvas.scene_.content())


def test_cards_do_not_cover_each_other_once_they_have_pictures(window: MainWindow) -> None:
    for name in TEMPLATES:
        window.actions_[f"file.template.{name}"].trigger()
        assert len(boxes(window)) == len(TEMPLATES[name].make().graph.nodes), name
        assert overlapping(window) == 0, name


def test_the_palette_adds_one_beside_the_drawing_in_one_step(opened: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = opened("xor_mlp")
    before = window.document.store.state
    panel = window.panels.palette
    QTest.keyClicks(panel.search, "inception block")
    # The block that opens and the whole network, each below its heading.
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    assert [panel.model.index(k, 0).data() for k in (1, 3)] == ["Inception block"] * 2
    spot = panel.list.visualRect(panel.model.index(3, 0)).center()
    QTest.mouseClick(panel.list.viewport(), LEFT, NONE, spot)
    QTest.mouseDClick(panel.list.viewport(), LEFT, NONE, QPoint(spot))
    after = window.document.store.state
    added = TEMPLATES["inception"].make().graph.nodes
    assert len(after.graph.nodes) == len(before.graph.nodes) + len(added) == len(boxes(window))
    assert len(window.document.selection.nodes) == len(added) and overlapping(window) == 0
    assert window.canvas.visible_rect().contains(window.canvas.scene_.content())
    window.document.store.undo()
    assert window.document.store.state == before

"""Program text and table follow the drawing, and select with it, by mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.document import verbs
from designer.document.templates import TEMPLATES
from designer.panels.code import CodePanel
from designer.panels.layer_table import MACS, NAME, LayerTable
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.files.torch_text import export_torch
from widgets import tokens

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Desk:
    def __init__(self) -> None:
        self.store = Store(TEMPLATES["lenet5"].make())
        self.selection, self.analyst = Selection(self.store), Analyst(self.store)
        self.ids = {n.name: n.id for n in self.store.state.graph.nodes.values()}


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    tokens.apply_theme(qapp, "dark")
    yield Desk()


@pytest.fixture
def code(desk: Desk, qtbot: QtBot) -> CodePanel:
    panel = CodePanel(desk.store, desk.selection, desk.analyst)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    qtbot.waitUntil(lambda: bool(panel.shown.text))
    return panel


def lit(panel: CodePanel) -> list[str]:
    return [s.cursor.block().text() for s in panel.view.extraSelections()]


def test_the_text_is_the_export_and_follows_an_edit(desk: Desk, code: CodePanel, qtbot: QtBot) -> None:
    assert code.view.toPlainText() == export_torch(desk.store.state.project()).text
    desk.store.apply("units", verbs.set_param, (desk.ids["F6"],), "units", 77)
    qtbot.waitUntil(lambda: "nn.Linear(120, 77" in code.view.toPlainText())
    desk.store.undo()
    qtbot.waitUntil(lambda: "nn.Linear(120, 84" in code.view.toPlainText())


def test_the_selected_layers_lines_are_lit_and_in_sight(desk: Desk, code: CodePanel) -> None:
    desk.selection.show((desk.ids["C3"],))
    assert len(lit(code)) == 4 and all("self.c3" in line for line in lit(code))
    assert any("nn.Conv2d(6, 16, (5, 5)" in line for line in lit(code))
    assert any(code._visible(k) for k in code.shown.lines[desk.ids["C3"]])
    desk.selection.clear()
    assert lit(code) == []


def test_a_click_on_a_line_selects_its_layer(desk: Desk, code: CodePanel) -> None:
    line = code.shown.lines[desk.ids["S4"]][0]
    code.view.setTextCursor(code._at(line))
    code.view.centerCursor()
    QTest.mouseClick(code.view.viewport(), LEFT, NONE, code.view.cursorRect(code._at(line)).center())
    assert desk.selection.nodes == (desk.ids["S4"],)


def test_keras_by_a_click_and_copy(desk: Desk, code: CodePanel, qtbot: QtBot) -> None:
    QTest.mouseClick(code.kind, LEFT, NONE, code.kind.segment_rect("keras").center().toPoint())
    qtbot.waitUntil(lambda: "layers.Conv2D(6" in code.view.toPlainText())
    QTest.mouseClick(code.copy, LEFT)
    assert QGuiApplication.clipboard().text() == code.shown.text == code.view.toPlainText()


def test_an_error_is_told_and_the_last_text_stays_pale(desk: Desk, code: CodePanel, qtbot: QtBot) -> None:
    before = code.view.toPlainText()
    desk.store.apply("cut", verbs.disconnect, (desk.store.state.graph.edges[2],))
    qtbot.waitUntil(lambda: code.sentence.isVisible())
    assert code.view.toPlainText() == before and not code.view.isEnabled() and not code.copy.isEnabled()
    desk.store.undo()
    qtbot.waitUntil(lambda: code.view.isEnabled() and not code.sentence.isVisible())


# ---------------------------------------------------------------------- table


@pytest.fixture
def table(desk: Desk, qtbot: QtBot) -> LayerTable:
    panel = LayerTable(desk.selection, desk.analyst)
    qtbot.addWidget(panel)
    panel.resize(800, 400)
    panel.show()
    return panel


def names(panel: LayerTable) -> list[str]:
    return [panel.model.rows[i.row()].name for i in panel.table.selectionModel().selectedRows()]


def spot(panel: LayerTable, name: str) -> QPoint:
    row = next(k for k, c in enumerate(panel.model.rows) if c.name == name)
    return panel.table.visualRect(panel.model.index(row, NAME)).center()


def test_rows_select_with_the_canvas_both_ways(desk: Desk, table: LayerTable) -> None:
    QTest.mouseClick(table.table.viewport(), LEFT, NONE, spot(table, "C3"))
    assert desk.selection.nodes == (desk.ids["C3"],)
    QTest.mouseClick(table.table.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, spot(table, "F6"))
    assert set(desk.selection.nodes) == {desk.ids["C3"], desk.ids["F6"]}
    desk.selection.show((desk.ids["C5"],))
    assert names(table) == ["C5"]


def test_sorting_by_a_click_keeps_the_selection(desk: Desk, table: LayerTable) -> None:
    desk.selection.show((desk.ids["C3"],))
    header = table.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(MACS) + 10, header.height() // 2)
    for _ in range(2):
        QTest.mouseClick(header.viewport(), LEFT, NONE, at)
    macs = [c.macs for c in table.model.rows]
    assert macs in (sorted(macs), sorted(macs, reverse=True)) and macs[0] != macs[-1]
    assert names(table) == ["C3"] and desk.selection.nodes == (desk.ids["C3"],)


def test_figures_totals_and_share_follow(desk: Desk, table: LayerTable, qtbot: QtBot) -> None:
    analysis = desk.analyst.analysis
    assert f"{analysis.parameters:,} parameters" in table.totals.text() and f"{analysis.macs:,}" in table.totals.text()
    assert sum(table.model.share.values()) == pytest.approx(1.0)
    QTest.mouseClick(table.measure, LEFT, NONE, table.measure.segment_rect("parameters").center().toPoint())
    c5 = next(c for c in table.model.rows if c.name == "C5")
    assert table.model.share[c5.node] == pytest.approx(c5.parameters / analysis.parameters)
    desk.store.apply("units", verbs.set_param, (desk.ids["C5"],), "units", 240)
    assert next(c for c in table.model.rows if c.name == "C5").parameters == 400 * 240 + 240


def test_enter_on_a_row_reveals_it(desk: Desk, table: LayerTable, qtbot: QtBot) -> None:
    QTest.mouseClick(table.table.viewport(), LEFT, NONE, spot(table, "S2"))
    with qtbot.waitSignal(table.reveal_wanted) as asked:
        QTest.keyClick(table.table, Qt.Key.Key_Return)
    assert asked.args == [desk.ids["S2"]]

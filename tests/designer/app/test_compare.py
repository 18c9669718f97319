"""Compare with another tab or a file: the list, the marks on the canvas, and following edits on both sides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from designer.app.main_window import MainWindow
from designer.document import Point, verbs
from designer.document.verbs.params import param_value
from designer.panels.compare import ROW, ComparePanel

LEFT = Qt.MouseButton.LeftButton


def rows(panel: ComparePanel) -> list[tuple[str, list[tuple[str, str]]]]:
    tree, found = panel.tree, []
    for k in range(tree.topLevelItemCount()):
        item = tree.topLevelItem(k)
        inner = [(item.child(j).text(0), item.child(j).text(1)) for j in range(item.childCount())]
        found.append((item.text(0), inner))
    return found


@pytest.fixture
def compared(opened: Callable[[str], MainWindow], tmp_path: Path, qtbot: Any) -> tuple[MainWindow, ComparePanel]:
    """Two tabs with the same network, the second on show and compared with the first."""
    window = opened("spiral")
    window.document.save(tmp_path / "first.json")
    opened("spiral")
    window.actions_["file.compare"].trigger()
    panel = window.panels.made("compare")
    assert isinstance(panel, ComparePanel) and panel.isVisible()
    labels = [panel.other.itemText(k) for k in range(panel.other.count())]
    key = panel.other.itemData(labels.index("first.json"))
    panel.other.value_changed.emit(key)
    return window, panel


def test_edits_on_both_sides_are_listed_with_their_values(
    compared: tuple[MainWindow, ComparePanel], qtbot: Any
) -> None:
    window, panel = compared
    assert panel.found is not None and panel.found.same and "the same" in panel.words.text()
    here, there = window.document.store, window.desks.all[0].document.store
    first, second = [n.id for n in here.state.graph.nodes.values() if n.type == "dense"][:2]
    name = here.state.graph.nodes[first].name
    here.apply("u", verbs.set_param, (first,), "units", 5)
    units = param_value(there.state.graph.nodes[first], "units")
    qtbot.waitUntil(lambda: rows(panel) == [(f"≠ {name}", [("units", f"{units} → 5")])])
    there.apply("r", verbs.remove_nodes, (second,))
    qtbot.waitUntil(lambda: panel.found.count("added") == 1)
    here.apply("t", verbs.set_training, "epochs", 7)
    qtbot.waitUntil(lambda: rows(panel)[-1] == ("≠ Training", [("epochs", f"{there.state.training.epochs} → 7")]))
    there.undo()
    here.undo()
    here.undo()
    qtbot.waitUntil(lambda: panel.found.same)


def test_rows_lead_to_the_canvas_and_the_canvas_is_marked(
    compared: tuple[MainWindow, ComparePanel], qtbot: Any
) -> None:
    window, panel = compared
    here, there = window.document.store, window.desks.all[0].document.store
    here.apply("a", verbs.add_node, "fresh", "dropout", Point(2000, 900))
    gone = here.state.graph.order[2]
    here.apply("r", verbs.remove_nodes, (gone,))
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == 2)
    marks = panel.children()[-1].marks if hasattr(panel.children()[-1], "marks") else None
    assert marks is not None and marks.kinds == {"fresh": "added"} and set(marks.ghosts) == {gone}
    for k in range(2):
        item = panel.tree.topLevelItem(k)
        QTest.mouseClick(panel.tree.viewport(), LEFT, pos=panel.tree.visualItemRect(item).center())
        side, node = item.data(0, ROW)
        if side == "after":
            assert window.document.selection.nodes == ("fresh",) == (node,)
            assert window.canvas.visible_rect().contains(window.canvas.scene_.nodes["fresh"].box())
        else:
            assert node == gone and window.canvas.visible_rect().contains(marks.ghost_box(gone).center())
    green, port = window.canvas.scene_.content(("fresh",)), window.canvas.viewport()
    window.canvas.centre_on(green.center())
    picture = port.grab().toImage()
    at = window.canvas.mapFromScene(green.left() - 6, green.center().y())
    ink = picture.pixelColor(at * picture.devicePixelRatio())
    assert ink.green() > ink.red() + 30, "a frame in the colour of what is added"
    window.panels.docks["compare"].close()
    qtbot.waitUntil(lambda: not marks.isVisible())
    assert there.undo_stack.count() == 0


def test_a_file_is_read_for_it_and_a_bad_one_says_why(
    compared: tuple[MainWindow, ComparePanel], qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, panel = compared
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    for path, fine in ((bad, False), (tmp_path / "first.json", True)):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, p=path: (str(p), ""))
        panel.other.value_changed.emit("file")
        said = "same" if fine else "bad.json"
        qtbot.waitUntil(lambda w=said: w in panel.words.text(), timeout=20_000)
        assert (panel.found is not None) == fine
    assert len(window.desks.all) == 2, "it is only looked at"


def test_the_other_tab_may_be_closed(compared: tuple[MainWindow, ComparePanel], qtbot: Any) -> None:
    window, panel = compared
    window.desks.close(window.desks.all[0])
    qtbot.waitUntil(lambda: panel.found is None)
    assert "Choose another open network" in panel.words.text()

"""Groups and blocks in the window: the inspector's part, commands, menus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog, QMenu, QPushButton

from designer.app.main_window import MainWindow
from designer.app.menus import fill_blocks, node_menu
from designer.session.shelf import shelf


@pytest.fixture
def grouped(opened: Callable[[str], MainWindow], tmp_path: Path) -> Iterator[MainWindow]:
    """A sample with three hidden layers as one group, which is selected, and an empty shelf."""
    window = opened("vanishing_gradients")
    before, shelf().folder = shelf().folder, tmp_path / "blocks"
    shelf().look()
    graph = window.document.store.state.graph
    window.document.selection.show([n for n in graph.order if graph.nodes[n].type == "dense"][:3])
    window.actions_.trigger("graph.group")
    yield window
    shelf().folder = before
    shelf().look()


def test_inspector_menus_and_blocks_know_the_group(grouped: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window, store = grouped, grouped.document.store
    head = window.inspector.group
    assert head.isVisible() and head.name.value() == "Group 1" and "Group of 3 layers" in head.figures.text()
    head.name.edit.setText("tower")
    head.name.edit.editingFinished.emit()
    assert store.state.groups["g1"].title == "tower" and store.undo_stack.undoText()
    first = store.state.groups["g1"].members[0]
    head.reveal_wanted.emit(first)
    assert window.canvas.groups.entered == "g1" and window.document.selection.nodes == (first,)
    assert not head.isVisible() and window.actions_["graph.leave_group"].isEnabled()
    window.actions_.trigger("graph.leave_group")
    assert window.canvas.groups.chosen() == "g1" and head.isVisible()
    assert {b.text() for b in head.findChildren(QPushButton)} >= {"Open", "Ungroup", "Repeat…", "Save as block…"}
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("tower", True))
    window.actions_.trigger("graph.save_block")
    menu = QMenu(window)
    fill_blocks(window, menu)
    offered = [a.text() for a in menu.actions()]
    assert offered[0] == "Insert Residual block" and offered[-1] == "Insert tower"
    assert "graph.ungroup" in [a.objectName() for a in node_menu(window, "group:g1").actions()]
    count = len(store.state.graph.nodes)
    window.actions_.trigger("graph.block:my/tower")
    assert len(store.state.graph.nodes) == count + 3 and len(store.state.groups) == 2
    window.actions_.trigger("edit.undo")
    window.document.selection.show(store.state.groups["g1"].members)
    window.actions_.trigger("graph.ungroup")
    assert not store.state.groups and not head.isVisible()

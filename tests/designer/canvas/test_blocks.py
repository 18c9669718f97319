"""Blocks: dropped, added by keys, kept on the shelf, renamed, removed, damaged; repeats through their dialog."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from designer.canvas import LAYER_MIME, Canvas
from designer.canvas.blocks import keep, save_block
from designer.canvas.repeat_box import RepeatBox
from designer.document import verbs
from designer.panels.palette import Palette
from designer.panels.palette_blocks import LAYER, block_menu
from designer.session.shelf import Shelf, shelf
from tests.designer.canvas.conftest import CTRL, Hand
from tests.designer.document.drawn import chain, wires

Draw = Callable[..., Canvas]
K = Qt.Key
G1 = "group:g1"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Shelf]:
    """An empty shelf in a folder of the test."""
    found, before = shelf(), shelf().folder
    found.folder = tmp_path / "blocks"
    found.look()
    yield found
    found.folder = before
    found.look()


def image_net() -> verbs.Fragment | object:
    state = chain("input", "flatten", "output", step=320)
    return verbs.set_param(state, ("n1",), "size", (16, 8, 8))


def drop(canvas: Canvas, ident: str, at: QPointF) -> None:
    data = QMimeData()
    data.setData(LAYER_MIME, ident.encode())
    where, copy = QPointF(canvas.mapFromScene(at)), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(where.toPoint(), copy, data, left, none),
        QDragMoveEvent(where.toPoint(), copy, data, left, none),
        QDropEvent(where, copy, data, left, none),
    ):
        QApplication.sendEvent(canvas.viewport(), event)


def test_a_block_dropped_on_a_wire_goes_on_it_as_wide_as_what_comes(draw: Draw, own: Shelf) -> None:
    canvas = draw(image_net())
    drop(canvas, "block:residual", canvas.scene_.wires[canvas.store.state.graph.edges[0]].path().pointAtPercent(0.5))
    state = canvas.store.state
    assert state.groups["g1"].title == "Residual block" and canvas.groups.chosen() == "g1" and canvas.hasFocus()
    assert ("n1", "n2") not in wires(state) and len(state.graph.incoming["n2"]) == 1
    assert not [p for p in canvas.analyst.analysis.problems if p.severity == "error" and p.node != "n3"]
    assert canvas.analyst.analysis.output(state.groups["g1"].outputs[0].node) == canvas.analyst.analysis.output("n1")
    assert canvas.store.undo_stack.count() == 1
    Hand(canvas).key(K.Key_Return)
    assert set(canvas.scene_.cards) == set(state.groups["g1"].members)
    boxes = [i.box() for i in canvas.scene_.cards.values()]
    assert not any(a.intersects(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_a_block_is_found_by_typing_and_wired_behind_what_is_selected(draw: Draw, own: Shelf) -> None:
    canvas = draw(verbs.disconnect(image_net(), image_net().graph.edges))  # type: ignore[arg-type, attr-defined]
    canvas.selection.show(("n1",))
    hand = Hand(canvas)
    hand.key(K.Key_Tab)
    assert canvas.quick is not None
    QTest.keyClicks(canvas.quick.field, "inception")
    QTest.keyClick(canvas.quick.field, K.Key_Return)
    assert canvas.store.state.groups["g1"].title == "Inception block"
    assert len(canvas.store.state.graph.outgoing["n1"]) == 4 and len(canvas.scene_.cards[G1].card.inputs) == 1


def test_a_group_is_kept_renamed_used_and_removed(
    draw: Draw, own: Shelf, monkeypatch: pytest.MonkeyPatch, qtbot: object
) -> None:
    canvas = draw("input", "dense", "relu", "output")
    canvas.selection.show(("n2", "n3"))
    assert save_block(canvas) is None and not own.blocks(), "a group first"
    Hand(canvas).key(K.Key_G, CTRL)
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("My  mind", True))
    assert save_block(canvas) == "my-mind" and own.blocks()["my-mind"].title == "My mind" and canvas.hasFocus()
    palette = Palette()
    qtbot.addWidget(palette)  # type: ignore[attr-defined]
    shown = lambda: [palette.model.item(k).text() for k in range(palette.model.rowCount())]  # noqa: E731
    assert "My mind" in shown() and "Residual block" in shown()
    row = next(k for k in range(palette.model.rowCount()) if palette.model.item(k).text() == "My mind")
    ident = str(palette.model.item(row).data(LAYER))
    before = canvas.store.state.graph.nodes.keys()
    canvas.add_layer(ident)
    state = canvas.store.state
    assert state.groups["g2"].title == "My mind" and len(state.graph.nodes) == len(before) + 2
    new = next(e.target for e in state.graph.edges if e.source == "n3" and e.target != "n4")
    assert new in state.groups["g2"].members
    menu = block_menu(palette, ident)
    assert menu is not None and block_menu(palette, "block:residual") is None and block_menu(palette, "dense") is None
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("Better", True))
    menu.actions()[0].trigger()
    assert "Better" in shown() and "My mind" not in shown()
    menu.actions()[1].trigger()
    assert "Better" not in shown() and not list(own.folder.iterdir()) and len(canvas.store.state.groups) == 2


def test_a_damaged_file_is_named_and_breaks_nothing(draw: Draw, own: Shelf, qtbot: object) -> None:
    canvas = draw("input", "dense", "relu", "output")
    canvas.store.apply("group", verbs.group_nodes, ("n2", "n3"))
    good = keep(canvas, "g1", "Good")
    (own.folder / "bad.json").write_text((own.folder / f"{good}.json").read_text()[:200])
    (own.folder / "loose.json").write_text(verbs.dump_fragment(verbs.cut_out(canvas.store.state, ("n2",))))
    own.look()
    assert [b.title for b in own.blocks().values()] == ["Good"]
    assert "bad.json cannot be used" in own.damaged["bad.json"] and "no group" in own.damaged["loose.json"]
    palette = Palette()
    qtbot.addWidget(palette)  # type: ignore[attr-defined]
    rows = [palette.model.item(k) for k in range(palette.model.rowCount())]
    assert any("bad.json" in r.text() and r.toolTip() == own.damaged["bad.json"] for r in rows)
    assert keep(canvas, "g1", "Good") == "good-2", "two of one name are two files"


def test_what_cannot_be_written_is_said_and_nothing_is_left(draw: Draw, own: Shelf, tmp_path: Path) -> None:
    canvas = draw("input", "dense", "relu", "output")
    canvas.store.apply("group", verbs.group_nodes, ("n2", "n3"))
    (tmp_path / "taken").write_text("a file where the folder would be")
    own.folder = tmp_path / "taken" / "blocks"
    said: list[str] = []
    canvas.message.connect(said.append)
    assert keep(canvas, "g1", "x") is None and keep(canvas, "g1", " ") is None
    assert "rights" in said[0] and "needs a name" in said[1]


def test_repeat_by_its_dialog_with_own_and_with_shared_weights(draw: Draw, own: Shelf) -> None:
    canvas = draw(verbs.set_param(chain("input", "dense", "relu", "output", step=320), ("n1",), "size", (32,)))
    canvas.selection.show(("n2", "n3"))
    hand = Hand(canvas)
    hand.key(K.Key_R, CTRL)
    box = canvas.findChild(RepeatBox)
    assert box is not None and "4 new layers" in box.answer.text() and canvas.store.undo_stack.count() == 0
    box.times.setValue(4)
    assert "6 new layers" in box.answer.text()
    QTest.keyClick(box.times, K.Key_Return)
    assert len(canvas.store.state.graph.nodes) == 10 and canvas.store.undo_stack.count() == 1
    assert canvas.hasFocus() and len(canvas.selection.nodes) == 8
    canvas.store.undo()
    canvas.selection.show(("n2", "n3"))
    one = canvas.analyst.analysis.parameters
    hand.key(K.Key_R, CTRL)
    box = canvas.findChildren(RepeatBox)[-1]
    box.weights.show_value("shared")
    box.weights.value_changed.emit("shared")
    assert "→ " in box.answer.text()
    box.buttons.accepted.emit()
    assert len(canvas.store.state.graph.nodes) == 8 and canvas.analyst.analysis.parameters == one


def test_repeat_says_why_not_and_changes_nothing(draw: Draw, own: Shelf) -> None:
    canvas = draw("input", "dense", "relu", "output")
    canvas.selection.show(("n3", "n4"))
    Hand(canvas).key(K.Key_R, CTRL)
    box = canvas.findChild(RepeatBox)
    assert box is not None and "one way in and one way out" in box.answer.text()
    assert not box.buttons.button(box.buttons.StandardButton.Ok).isEnabled()
    QTest.keyClick(box, K.Key_Escape)
    assert canvas.store.undo_stack.count() == 0 and canvas.hasFocus()


def test_a_large_repeat_is_worked_out_in_a_thread_and_bounded(draw: Draw, own: Shelf, qtbot: Any) -> None:
    canvas = draw(chain("input", *["dense"] * 12, "output", step=320))
    chosen = tuple(canvas.store.state.graph.nodes)[1:-1]
    canvas.selection.show(chosen)
    hand = Hand(canvas)
    hand.key(K.Key_R, CTRL)
    box = canvas.findChild(RepeatBox)
    assert box is not None
    QTest.keyClicks(box.times, "60")
    assert not box._job.busy or "Working it out" in box.answer.text()
    began = time.thread_time()
    box.times.setValue(61)
    assert time.thread_time() - began < 1.0 and box._job.busy and "Working it out" in box.answer.text()
    QTest.keyClick(box.times, K.Key_Return)  # taken as soon as it is known
    qtbot.waitUntil(lambda: len(canvas.store.state.graph.nodes) == 12 * 61 + 2, timeout=20_000)
    assert canvas.store.undo_stack.count() == 1 and len(canvas.selection.nodes) == 12 * 61
    canvas.store.undo()
    canvas.selection.show(chosen)
    hand.key(K.Key_R, CTRL)
    box = canvas.findChildren(RepeatBox)[-1]
    box.times.setValue(100)
    qtbot.waitUntil(lambda: "ask for at most 84" in box.answer.text(), timeout=20_000)
    assert not box.buttons.button(box.buttons.StandardButton.Ok).isEnabled()
    QTest.keyClick(box, K.Key_Escape)
    assert canvas.focusWidget() is canvas

"""Own data: the dialog, and what accepting it does to the document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.document import DocState
from designer.document.verbs.adopt_data import adopt_data
from designer.inspector.misfit import misfit
from designer.panels.data_dialog import DataDialog
from engine.analysis import infer
from engine.data.guess import Suggestion, adapt, guess
from engine.data.load import load_dataset
from engine.declare import Spec
from engine.graph import DataSetup


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    rows = [f"{5 + k % 3},{3 - k % 2}.5,{('red', 'blue')[k % 2]},{('one', 'two', 'three')[k % 3]}" for k in range(60)]
    path.write_text("length,width,colour,kind\n" + "\n".join(rows))
    return path


def shown(window: MainWindow, path: Path, qtbot: Any) -> DataDialog:
    window.offer_data(path)
    dialog = window.findChild(DataDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.guess is not None or bool(dialog.error.text()), timeout=20_000)
    return dialog


def test_a_table_is_understood_and_accepted_as_one_step(window: MainWindow, qtbot: Any, flowers: Path) -> None:
    window.files.new()
    dialog = shown(window, flowers, qtbot)
    assert dialog.guess.target == "kind" and dialog.guess.task == "classes"
    assert dialog.table.model_.rowCount() == 10
    assert (
        dialog.counts.counts == {"one": 20, "two": 20, "three": 20} or sorted(dialog.counts.counts.values()) == [20] * 3
    )
    assert dialog.columns.switches["colour"].value() == "category"
    dialog.accept()
    store = window.document.store
    assert store.undo_stack.count() == 1
    inputs = next(n for n in store.state.graph.nodes.values() if n.type == "input")
    assert inputs.params["size"] == (4,)
    qtbot.waitUntil(lambda: window.document.loader.dataset is not None, timeout=20_000)
    window.document.bridge.step()
    qtbot.waitUntil(
        lambda: window.document.bridge.frame.status is not None and window.document.bridge.frame.status.step == 1,
        timeout=20_000,
    )
    store.undo()
    assert not store.state.graph.nodes and store.state.data == DocState().data


def test_everything_can_be_changed(window: MainWindow, qtbot: Any, flowers: Path) -> None:
    dialog = shown(window, flowers, qtbot)

    def settled(change: Callable[[], None]) -> None:
        before = dialog.guess
        change()
        qtbot.waitUntil(lambda: dialog.guess is not before, timeout=20_000)

    settled(lambda: dialog.target_form.edited.emit(("target",), "length", object()))
    assert dialog.guess.target == "length"
    settled(lambda: dialog.columns.switches["colour"].value_changed.emit(dialog.columns.switches["colour"]._choose(2)))
    assert [c.kind for c in dialog.guess.columns if c.name == "colour"] == ["ignore"]
    settled(lambda: dialog.split_form.edited.emit(("test",), 0.5, object()))
    assert dialog.guess.sizes["test"] == 30
    dialog.reject()
    assert window.document.store.undo_stack.count() == 0


def test_a_broken_file_says_where_and_cannot_be_accepted(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("a,b\n1,2\n3\n")
    dialog = shown(window, path, qtbot)
    assert "line 3" in dialog.error.text()
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_a_first_reading_that_failed_can_be_mended_by_the_readers_settings(
    window: MainWindow, qtbot: Any, tmp_path: Path
) -> None:
    path, words = tmp_path / "odd.csv", "length width kind\n"
    # Commas inside, spaces between: what stands between the fields cannot be told from the first lines.
    path.write_text(words + "\n".join(f"{k} {'1,' * (k % 3)}2 {'ab'[k % 2]}" for k in range(40)))
    dialog = shown(window, path, qtbot)
    assert dialog.guess is None and "line 3" in dialog.error.text()
    form = dialog.source_form
    qtbot.waitUntil(lambda: "delimiter" in form.rows and form.rows["delimiter"].isVisible(), timeout=20_000)
    assert "how the file is to be read" in dialog.words.text()
    form.edited.emit(("header",), "yes", object())
    qtbot.waitUntil(lambda: not dialog.job.busy, timeout=20_000)
    assert dialog.guess is None and dialog.error.text(), "not mended yet"
    form.edited.emit(("delimiter",), "space", object())
    qtbot.waitUntil(lambda: dialog.guess is not None, timeout=20_000)
    assert not dialog.error.text() and dialog.accept_button.isEnabled() and dialog.guess.samples == 40
    assert dialog.guess.source.params["header"] == "yes", "what was chosen before is kept"
    dialog.reject()


def test_a_bad_cell_is_mended_by_what_the_error_says(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    """It says "treat the column as categories": the switches must be there before anything could be read."""
    path = tmp_path / "cells.csv"
    rows = [f"{k},{'oops' if k == 3 else k % 4},{'bad' if k == 5 else 2 * k}" for k in range(30)]
    path.write_text("\n".join(("size,room,price", *rows)))
    dialog = shown(window, path, qtbot)
    assert dialog.guess is None and "line 5" in dialog.error.text() and "room" in dialog.error.text()
    assert list(dialog.columns.switches) == ["size", "room"] and not dialog.columns.isHidden()

    def choose(column: str, kind: str) -> None:
        switch = dialog.columns.switches[column]
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=switch.segment_rect(kind).center().toPoint())

    choose("room", "category")
    qtbot.waitUntil(lambda: "price" in dialog.error.text(), timeout=20_000)
    assert dialog.columns.switches["room"].value() == "category", "what was chosen before is kept"
    dialog.target_form.edited.emit(("target",), "size", object())
    qtbot.waitUntil(lambda: list(dialog.columns.switches) == ["room", "price"], timeout=20_000)
    choose("price", "ignore")
    qtbot.waitUntil(lambda: dialog.guess is not None, timeout=20_000)
    assert not dialog.error.text() and dialog.accept_button.isEnabled() and dialog.guess.target == "size"
    assert [c.kind for c in dialog.guess.columns] == ["category", "ignore"]
    dialog.reject()


def test_images_are_shown_and_get_a_flatten(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "pictures.npz"
    np.savez(path, x=rng.integers(0, 255, (40, 6, 6), dtype=np.uint8), y=np.arange(40) % 4)
    window.files.new()
    dialog = shown(window, path, qtbot)
    assert not dialog.strip.isHidden() and dialog.table.isHidden()
    dialog.accept()
    assert [n.type for n in window.document.store.state.graph.nodes.values()][:2] == ["input", "flatten"]
    assert not infer(window.document.store.state.graph).errors


@pytest.mark.parametrize("source", ["circle", "iris", "diabetes", "digits", "spiral", "wine"])
def test_any_data_fit_an_empty_document_and_any_network(source: str) -> None:
    setup = DataSetup(Spec(source))
    dataset = load_dataset(setup)
    state = adopt_data(DocState(), setup, adapt(dataset))
    assert not infer(state.graph).errors
    assert misfit(state, dataset) == ""
    for other in ("iris", "diabetes", "circle"):
        changed = DataSetup(Spec(other))
        wanted = load_dataset(changed)
        again = adopt_data(state, changed, adapt(wanted))
        assert misfit(again, wanted) == ""
        assert again.data == changed


def test_a_final_activation_drawn_as_a_node_becomes_the_right_one(flowers: Path) -> None:
    from designer.document import Point
    from designer.document.verbs.nodes import add_node
    from engine.graph import Edge

    state = add_node(DocState(), "i", "input", Point(0, 0))
    state = add_node(state, "d", "dense", Point(0, 0), (Edge("i", "d"),))
    state = add_node(state, "s", "sigmoid", Point(0, 0), (Edge("d", "s"),))
    state = add_node(state, "o", "output", Point(0, 0), (Edge("s", "o"),))
    found = guess(flowers)
    after = adopt_data(state, found.to_setup(), found.suggestion)
    assert after.graph.nodes["s"].type == "softmax"
    assert after.graph.nodes["d"].params["units"] == 3
    assert "activation" not in after.graph.nodes["d"].params


def test_misfits_are_told() -> None:
    setup = DataSetup(Spec("iris"))
    iris = load_dataset(setup)
    two = adopt_data(DocState(), DataSetup(), Suggestion((2,), 1, "sigmoid", "binary_cross_entropy", "accuracy"))
    assert "2" in misfit(two, iris) and "4" in misfit(two, iris)
    four = adopt_data(DocState(), setup, Suggestion((4,), 2, "softmax", "softmax_cross_entropy", "accuracy"))
    assert misfit(four, iris) == "The network gives 2 scores for 3 classes."
    values = load_dataset(DataSetup(Spec("diabetes")))
    ten = adopt_data(
        DocState(), setup, Suggestion(values.input_shape, 3, "softmax", "softmax_cross_entropy", "accuracy")
    )
    assert "the target is values" in misfit(ten, values)

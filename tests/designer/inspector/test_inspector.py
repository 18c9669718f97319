"""Forms are driven as a person drives them: by keys and by choosing from lists."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from designer.inspector.problem_card import ProblemCard
from designer.inspector.setup_params import DATA, TRAINING
from engine.declare import Spec
from engine.graph import DataSetup, TrainingSetup
from engine.layers import LAYERS
from widgets.i18n import install_language


def params(desk: Any, node: str) -> dict[str, Any]:
    return dict(desk.store.state.graph.nodes[node].params)


def typed(row: Any, text: str) -> None:
    edit = row.editor.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def chosen(row: Any, type_id: str) -> None:
    chooser = row.editor
    chooser.setCurrentIndex(chooser.findData(type_id))
    chooser.activated.emit(chooser.currentIndex())


def test_every_layer_type_gets_a_form_that_shows_its_defaults(desk: Any) -> None:
    from designer.document import Point
    from designer.document.verbs.nodes import add_node

    for name in LAYERS:
        node = f"t_{name}"
        desk.store.apply("add", add_node, node, name, Point(0, 400))
        desk.selection.show((node,))
        rows = desk.inspector.node.form.rows
        assert set(rows) == set(LAYERS[name].params)
        for param, row in rows.items():
            value = row.editor.value()
            default = LAYERS[name].params[param].default
            assert value == default or (value == () and default is None), (name, param)
            assert row.reset.isHidden()


def test_what_is_typed_is_applied_at_once_and_is_one_undo_step(desk: Any) -> None:
    desk.selection.show(("a",))
    typed(desk.inspector.node.form.rows["units"], "128")
    assert params(desk, "a")["units"] == 128
    assert desk.store.undo_stack.count() == 1
    desk.store.undo()
    assert params(desk, "a")["units"] == 4
    assert desk.inspector.node.form.rows["units"].editor.value() == 4


def test_a_number_counts_once_the_keys_rest(desk: Any, qtbot: Any) -> None:
    rows = desk.inspector.training.form.rows
    rate = rows["optimizer"].nested.rows["rate"].editor.edit
    rate.setFocus()
    rate.selectAll()
    seen: list[Any] = []
    desk.store.changed.connect(lambda old, new: seen.append(new.training.optimizer.params.get("rate")))
    QTest.keyClicks(rate, "1e-3")
    assert seen == []
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert seen == [0.001]


def test_two_visits_to_a_field_are_two_steps(desk: Any) -> None:
    desk.selection.show(("a",))
    rows = desk.inspector.node.form.rows
    typed(rows["units"], "8")
    rows["dropout"].editor.edit.setFocus()
    typed(rows["units"], "16")
    assert desk.store.undo_stack.count() == 2


def test_a_drag_on_a_number_is_one_step(desk: Any) -> None:
    desk.selection.show(("a",))
    edit = desk.inspector.node.form.rows["units"].editor.edit
    edit.clearFocus()
    middle = edit.rect().center()
    QTest.mousePress(edit, Qt.MouseButton.LeftButton, pos=middle)
    for k in range(1, 8):
        QTest.mouseMove(edit, middle + type(middle)(k * 8, 0))
    QTest.mouseRelease(edit, Qt.MouseButton.LeftButton, pos=middle + type(middle)(56, 0))
    assert params(desk, "a")["units"] > 4
    assert desk.store.undo_stack.count() == 1
    desk.store.undo()
    assert params(desk, "a")["units"] == 4


def test_a_refused_value_says_why_and_changes_nothing(desk: Any) -> None:
    desk.selection.show(("a",))
    row = desk.inspector.node.form.rows["units"]
    typed(row, "0")
    assert "at least 1" in row.editor.error()
    assert params(desk, "a")["units"] == 4
    assert desk.store.undo_stack.count() == 0


def test_a_choice_brings_its_own_parameters_and_they_apply(desk: Any) -> None:
    desk.selection.show(("a",))
    row = desk.inspector.node.form.rows["weight_init"]
    chosen(row, "uniform")
    assert params(desk, "a")["weight_init"] == Spec("uniform")
    typed(row.nested.rows["high"], "0.25")
    assert params(desk, "a")["weight_init"] == Spec("uniform", {"high": 0.25})
    row.nested.rows["high"].reset.click()
    assert params(desk, "a")["weight_init"] == Spec("uniform")
    chosen(row, "zeros")
    assert row.nested.isHidden()


def test_reset_goes_back_to_the_default(desk: Any) -> None:
    desk.selection.show(("a",))
    reset = desk.inspector.node.form.rows["activation"].reset
    assert not reset.isHidden()
    assert "linear" in reset.toolTip()
    reset.click()
    assert "activation" not in params(desk, "a")
    assert reset.isHidden()


def test_several_layers_show_mixed_and_are_set_together(desk: Any) -> None:
    desk.selection.show(("a", "b"))
    form = desk.inspector.node.form
    assert form.rows["units"].editor.edit.placeholderText() == "mixed"
    assert form.rows["activation"].editor.value() is None
    chosen(form.rows["activation"], "relu")
    assert params(desk, "a")["activation"] == params(desk, "b")["activation"] == Spec("relu")
    assert form.rows["activation"].editor.value() == Spec("relu")
    assert desk.store.undo_stack.count() == 1


def test_only_common_parameters_of_different_types(desk: Any) -> None:
    desk.selection.show(("a", "out"))
    assert set(desk.inspector.node.form.rows) == set(LAYERS["dense"].params) & set(LAYERS["output"].params)


def test_head_names_formula_and_figures(desk: Any) -> None:
    desk.selection.show(("a",))
    node = desk.inspector.node
    assert node.name.value() == "Dense 1"
    assert node.formula.text().startswith("Dense: y = ")
    assert node.figures.text() == "N × 2 → N × 4 · 12 parameters · 8 multiply-adds"


def test_a_name_is_changed_and_a_taken_one_is_refused(desk: Any) -> None:
    desk.selection.show(("a",))
    name = desk.inspector.node.name
    name.edit.selectAll()
    QTest.keyClicks(name.edit, "hidden")
    QTest.keyClick(name.edit, Qt.Key.Key_Return)
    assert desk.store.state.graph.nodes["a"].name == "hidden"
    name.edit.selectAll()
    QTest.keyClicks(name.edit, "Dense 2")
    assert "another layer" in name.error()
    QTest.keyClick(name.edit, Qt.Key.Key_Return)
    assert desk.store.state.graph.nodes["a"].name == "hidden"


def test_a_problem_is_shown_with_its_fix_and_the_fix_works(desk: Any) -> None:
    from designer.document.verbs.params import set_param

    desk.store.apply("image", set_param, ("in",), "size", (1, 8, 8))
    desk.selection.show(("a",))
    cards = desk.inspector.node.findChildren(ProblemCard)
    shown = [c for c in cards if "flatten" in c.text.text().lower()]
    assert shown, [c.text.text() for c in cards]
    problem = shown[0].problem
    desk.inspector.node.fix(problem, problem.fixes[0])
    assert not desk.analyst.analysis.by_node.get("a")
    assert any(n.type == "flatten" for n in desk.store.state.graph.nodes.values())
    desk.store.undo()
    assert desk.analyst.analysis.by_node["a"]


def test_freezing_is_shown_only_where_there_are_weights(desk: Any) -> None:
    desk.selection.show(("a",))
    assert not desk.inspector.node.frozen.isHidden()
    desk.inspector.node.frozen.click()
    assert desk.store.state.graph.nodes["a"].frozen
    assert "12 frozen" in desk.inspector.node.figures.text()
    desk.selection.show(("in",))
    assert desk.inspector.node.frozen.isHidden()
    assert desk.inspector.node.muted.isHidden()


def test_nothing_selected_shows_training_and_data(desk: Any) -> None:
    desk.selection.show(("a",))
    assert desk.inspector.bar.isHidden()
    desk.selection.clear()
    assert not desk.inspector.bar.isHidden()
    assert set(desk.inspector.training.form.rows) == set(TRAINING)
    desk.inspector.show_setup("data")
    assert desk.inspector.pages.currentIndex() == 2
    assert set(desk.inspector.data.form.rows) == set(DATA)


def test_training_is_edited(desk: Any) -> None:
    rows = desk.inspector.training.form.rows
    chosen(rows["optimizer"], "adam")
    assert desk.store.state.training.optimizer == Spec("adam")
    typed(rows["optimizer"].nested.rows["rate"], "0.005")
    assert desk.store.state.training.optimizer.params["rate"] == 0.005
    typed(rows["patience"], "7")
    assert desk.store.state.training.patience == 7
    rows["patience"].reset.click()
    assert desk.store.state.training.patience is None


def test_a_split_that_leaves_nothing_is_refused_in_place(desk: Any) -> None:
    desk.inspector.show_setup("data")
    rows = desk.inspector.data.form.rows
    typed(rows["validation"], "0.9")
    assert desk.store.state.data.validation == 0.2
    assert "0.95" in rows["validation"].editor.error()


@pytest.mark.parametrize(("declared", "setup"), [(TRAINING, TrainingSetup()), (DATA, DataSetup())])
def test_every_field_of_a_set_up_has_a_row(declared: Any, setup: Any) -> None:
    from dataclasses import fields

    assert {f.name for f in fields(setup)} == set(declared)
    for name, param in declared.items():
        assert param.default == getattr(setup, name)
        assert param.help


def test_the_language_changes_on_the_spot(desk: Any) -> None:
    desk.selection.show(("a",))
    try:
        install_language("ko")
        assert desk.inspector.pages.count() == 3
        assert desk.inspector.node.name.value() == "Dense 1"
        assert "units" in desk.inspector.node.form.rows
    finally:
        install_language("en")


def test_weights_of_another_layer_are_chosen_in_the_form_and_taken_back(desk: Any) -> None:
    from designer.document import Point
    from designer.document.verbs.nodes import add_node
    from designer.document.verbs.wires import connect
    from engine.graph import Edge

    desk.store.apply("c", add_node, "c", "dense", Point(200, 300), (), {"units": 4})
    row = desk.inspector.node.sharing
    desk.selection.show(("b",))
    assert row.isHidden()  # no other layer has such weights
    desk.selection.show(("out",))
    assert row.isHidden()
    desk.store.apply("wire", connect, Edge("in", "c"))
    desk.selection.show(("c",))
    assert not row.isHidden()
    row.choice.setCurrentIndex(row.choice.findData("a"))
    row.choice.activated.emit(row.choice.currentIndex())
    assert desk.store.state.graph.nodes["c"].shares == "a"
    assert desk.analyst.analysis.nodes["c"].parameters == 0 and row.choice.value() == "a"
    desk.store.undo()
    assert desk.store.state.graph.nodes["c"].shares is None and row.choice.value() == ""


def test_the_training_form_has_what_stands_around_the_optimizer(desk: Any) -> None:
    rows = desk.inspector.training.form.rows
    typed(rows["clip_norm"], "0.5")
    typed(rows["accumulate"], "4")
    typed(rows["ema_decay"], "0.99")
    training = desk.store.state.training
    assert (training.clip_norm, training.accumulate, training.ema_decay) == (0.5, 4, 0.99)
    rows["clip_norm"].editor.edit.selectAll()
    QTest.keyClick(rows["clip_norm"].editor.edit, Qt.Key.Key_Delete)
    QTest.keyClick(rows["clip_norm"].editor.edit, Qt.Key.Key_Return)
    assert desk.store.state.training.clip_norm is None
    chosen(rows["l1_step"], "subgradient")
    assert desk.store.state.training.l1_step == "subgradient"
    typed(rows["ema_decay"], "1.5")
    assert desk.store.state.training.ema_decay == 0.99

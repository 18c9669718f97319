"""Form controls, driven by real keys and a real mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, near
from widgets import tokens
from widgets.fields import (
    Badge,
    BusyBar,
    Choice,
    ElidedLabel,
    FieldForm,
    HelpButton,
    NumberField,
    NumbersField,
    SearchField,
    Section,
    Segmented,
    TextField,
    Toggle,
    format_number,
)
from widgets.tokens import theme


def listen(field) -> list:
    heard: list = []
    field.value_changed.connect(heard.append)
    return heard


def type_into(qtbot, edit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32, "32"),
        (0.03, "0.03"),
        (1e-4, "1e-4"),
        (2.5e-5, "2.5e-5"),
        (0.0, "0"),
        (1.0, "1"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers_are_written_without_noise(value: float, text: str):
    assert format_number(value) == text
    assert float(text) == value


def test_typing_gives_each_valid_value(qtbot, shown):
    field = shown(NumberField(0.03, low=0, low_open=True, logarithmic=True))
    heard = listen(field)
    type_into(qtbot, field.edit, "1e-4")
    assert heard[-1] == 1e-4 and field.value() == 1e-4
    assert field.edit.text() == "1e-4", "what is being typed stays as it is"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "above 0"),
        ("-1", "above 0"),
        ("11", "at most 10"),
        ("abc", "1e-2"),
        ("nan", "not a"),
        ("", "needed"),
    ],
)
def test_a_bad_number_is_refused_in_place(qtbot, shown, pixels, text: str, words: str):
    field = shown(NumberField(0.5, low=0, low_open=True, high=10), 200, 60)
    heard = listen(field)
    type_into(qtbot, field.edit, text or " ")
    if not text:
        field.edit.selectAll()
        qtbot.keyClick(field.edit, Qt.Key.Key_Backspace)
    assert words in field.error()
    # The number before is kept ("1" on the way to "11" counts as one).
    assert field.value() == (heard[-1] if heard else 0.5)
    middle = QPointF(field.edit.geometry().left() + field.edit.width() / 2, field.edit.geometry().top())
    assert near(pixels(field), middle, theme().error)
    qtbot.keyClick(field.edit, Qt.Key.Key_Escape)
    assert field.error() == ""


def test_whole_numbers(qtbot, shown):
    field = shown(NumberField(4, low=1, integer=True))
    type_into(qtbot, field.edit, "2.5")
    assert "whole" in field.error()
    type_into(qtbot, field.edit, "12")
    assert field.value() == 12 and isinstance(field.value(), int)


def test_dragging_scrubs_as_one_gesture(qtbot, shown):
    field = shown(NumberField(10, low=1, integer=True), 200, 40)
    QApplication.focusWidget() and QApplication.focusWidget().clearFocus()
    heard, gesture = listen(field), []
    field.scrub_started.connect(lambda: gesture.append("start"))
    field.scrub_finished.connect(lambda: gesture.append("end"))
    start = field.edit.rect().center()
    qtbot.mousePress(field.edit, LEFT, pos=start)
    for shift in (12, 30, 60):
        qtbot.mouseMove(field.edit, start + QPoint(shift, 0))
    qtbot.mouseRelease(field.edit, LEFT, pos=start + QPoint(60, 0))
    assert field.value() == 20 and heard[-1] == 20
    assert gesture == ["start", "end"]


def test_dragging_stops_at_the_bound(qtbot, shown):
    field = shown(NumberField(3, low=1, integer=True), 200, 40)
    field.edit.clearFocus()
    start = field.edit.rect().center()
    qtbot.mousePress(field.edit, LEFT, pos=start)
    qtbot.mouseMove(field.edit, start - QPoint(80, 0))
    qtbot.mouseRelease(field.edit, LEFT, pos=start - QPoint(80, 0))
    assert field.value() == 1


def test_a_click_edits_instead(qtbot, shown):
    field = shown(NumberField(3), 200, 40)
    field.edit.clearFocus()
    qtbot.mouseClick(field.edit, LEFT)
    assert field.edit.selectedText() == "3"
    assert field.value() == 3


def test_arrows_step_rates_along_one_two_five(qtbot, shown):
    field = shown(NumberField(1e-3, low=0, low_open=True, logarithmic=True))
    field.edit.setFocus()
    seen = []
    for _ in range(4):
        qtbot.keyClick(field.edit, Qt.Key.Key_Up)
        seen.append(field.value())
    assert seen == pytest.approx([2e-3, 5e-3, 1e-2, 2e-2])
    for _ in range(5):
        qtbot.keyClick(field.edit, Qt.Key.Key_Down)
    assert field.value() == pytest.approx(5e-4)


def wheel(widget, up: bool) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120 if up else -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_wheel_changes_only_what_has_the_focus(shown):
    field = shown(NumberField(5, integer=True))
    field.edit.clearFocus()
    wheel(field.edit, True)
    assert field.value() == 5
    field.edit.setFocus()
    wheel(field.edit, True)
    assert field.value() == 6


def test_showing_a_value_tells_nobody(shown):
    field = shown(NumberField(1))
    heard = listen(field)
    field.show_value(7)
    assert field.edit.text() == "7" and heard == []
    field.show_mixed()
    assert field.edit.text() == "" and field.edit.placeholderText() == "mixed" and field.value() is None
    assert heard == []


def test_an_optional_number_may_be_empty(qtbot, shown):
    field = shown(NumberField(3, optional=True))
    heard = listen(field)
    field.edit.setFocus()
    field.edit.selectAll()
    qtbot.keyClick(field.edit, Qt.Key.Key_Backspace)
    assert field.value() is None and heard == [None] and field.error() == ""


def test_lists_of_numbers(qtbot, shown):
    field = shown(NumbersField((3, 3), count=(2, 2), low=1))
    heard = listen(field)
    assert field.edit.text() == "3 x 3"
    type_into(qtbot, field.edit, "5, 7")
    assert heard[-1] == (5, 7)
    type_into(qtbot, field.edit, "5")
    assert "2 numbers" in field.error()
    type_into(qtbot, field.edit, "0 x 4")
    assert "at least 1" in field.error() and field.value() == (5, 7)


def test_choice_deals_in_ids(qtbot, shown):
    choice = shown(Choice([("relu", "ReLU"), ("tanh", "tanh")], "tanh"))
    heard = listen(choice)
    assert choice.value() == "tanh" and choice.currentText() == "tanh"
    choice.show_value("relu")
    assert choice.currentText() == "ReLU" and heard == []
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert heard == ["tanh"]
    choice.show_mixed()
    assert choice.value() is None and choice.currentIndex() == -1
    choice.show_value("from a newer version")
    assert choice.value() == "from a newer version"
    choice.clearFocus()
    wheel(choice, True)
    assert choice.value() == "from a newer version"


def test_segmented_by_mouse_and_keys(qtbot, shown, pixels):
    field = shown(Segmented(["off", "activations", "gradients"], "off"), 300, 26)
    heard = listen(field)
    qtbot.mouseClick(field, LEFT, pos=field.segment_rect("gradients").center().toPoint())
    assert field.value() == "gradients" and heard == ["gradients"]
    corner = field.segment_rect("gradients").topLeft() + QPointF(6, 6)
    assert near(pixels(field), corner, theme().accent, 1, 6)
    qtbot.keyClick(field, Qt.Key.Key_Left)
    assert heard == ["gradients", "activations"]
    with pytest.raises(ValueError, match="'nonsense'"):
        field.show_value("nonsense")


def test_toggle_leaves_mixed_by_a_click(qtbot, shown):
    toggle = shown(Toggle("bias", False), 120, 30)
    heard = listen(toggle)
    toggle.show_mixed()
    assert toggle.value() is None
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert toggle.value() is True and heard == [True]
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert heard == [True, False]


def test_text_field_checks_and_tells_once(qtbot, shown):
    field = shown(TextField("conv 1", check=lambda text: "taken" if text == "conv 2" else ""))
    heard = listen(field)
    type_into(qtbot, field.edit, "conv 2")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.error() == "taken" and heard == []
    type_into(qtbot, field.edit, "stem")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    field.edit.clearFocus()
    assert heard == ["stem"]


def test_search_settles_steps_and_accepts(qtbot, shown):
    field = shown(SearchField("Search layers", "Tab"))
    texts, steps, accepted = [], [], []
    field.text_settled.connect(texts.append)
    field.stepped.connect(steps.append)
    field.accepted.connect(lambda: accepted.append(True))
    qtbot.keyClicks(field, "conv")
    qtbot.waitUntil(lambda: texts == ["conv"])
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert steps == [1, -1] and accepted == [True]
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    qtbot.waitUntil(lambda: texts[-1] == "")


def test_section_folds(qtbot, shown):
    section = shown(Section("Parameters"))
    label = ElidedLabel("inside")
    section.body.addWidget(label)
    QApplication.processEvents()
    assert label.isVisible()
    with qtbot.waitSignal(section.toggled):
        qtbot.mouseClick(section._button, LEFT)
    assert not section.opened() and not label.isVisible()


def test_form_rows_reset_and_hide(qtbot, shown):
    form = shown(FieldForm())
    form.add("units", "units", NumberField(4), "How many")
    form.show_changed("units", True, "32")
    QApplication.processEvents()
    reset = form._resets["units"]
    assert reset.isVisible() and "32" in reset.toolTip()
    with qtbot.waitSignal(form.reset_wanted) as signal:
        qtbot.mouseClick(reset, LEFT)
    assert signal.args == ["units"]
    form.show_row("units", False)
    assert not form.fields["units"].isVisible() and not reset.isVisible()


def test_elided_label_tells_the_whole_on_hover(shown):
    label = shown(ElidedLabel("a_very_long_layer_name_that_never_fits"), 80, 20)
    assert label.elided().endswith("…") and label.elided() != label.text()
    assert label.text() in label.toolTip()
    label.resize(600, 20)
    assert label.elided() == label.text() and label.toolTip() == ""


def test_badge_shows_its_kind(shown, pixels):
    badge = shown(Badge("3", "error"), 60, 20)
    badge.show_badge("3 problems", "error", "shapes do not fit")
    badge.resize(badge.sizeHint())
    assert badge.toolTip() == "shapes do not fit" and badge.sizeHint().width() > 60
    picture = pixels(badge)
    inks = {picture.pixelColor(x, y).name().upper() for x in range(picture.width()) for y in range(picture.height())}
    assert theme().error in inks


def test_busy_bar_share_and_motion(shown, pixels):
    bar = shown(BusyBar(), 100, 3)
    bar.show_share(0.4)
    picture = pixels(bar)
    assert near(picture, QPointF(20, 1), theme().accent, 0)
    assert near(picture, QPointF(80, 1), theme().border, 0)
    bar.show_share(None)
    assert bar._timer.isActive()
    tokens.reduce_motion(True)
    bar.show_share(None)
    assert not bar._timer.isActive(), "reduced motion moves nothing"
    bar.show_idle()
    assert bar.share() == 0.0


def test_help_button_says_its_text(shown):
    button = shown(HelpButton("Two sentences."))
    assert "Two sentences." in button.toolTip() and button.accessibleDescription() == "Two sentences."
    button.show_text("")
    assert not button.isVisible()

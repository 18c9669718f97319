"""The window itself: commands, layout, looks, start page, notices."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.app.actions import Command
from designer.app.commands import all_commands, menu_titles
from designer.app.main_window import MainWindow
from designer.app.memory import bytes_text, resident_bytes
from designer.app.notice import Notice, NoticeBar
from designer.app.panel_set import BOTTOM
from designer.app.settings import Settings
from designer.app.shortcuts import ShortcutSheet
from designer.app.status_bar import eta_text, speed_text
from designer.canvas.keys import KEYS
from designer.document.verbs.setup import set_training
from designer.session.collector import Collector
from widgets import tokens
from widgets.i18n import language

Opened = Callable[[str], MainWindow]


def test_every_command_has_a_title_a_menu_and_a_key_of_its_own(window: MainWindow) -> None:
    commands = list(all_commands(window))
    assert len({c.id for c in commands}) == len(commands)
    keys = [k for c in commands for k in c.keys]
    assert len(set(keys)) == len(keys)
    for command in commands:
        assert command.title and command.menu.split(".")[0] in menu_titles(), command.id
        for key in command.keys:
            assert not QKeySequence(key).isEmpty() and QKeySequence(key)[0].key() != Qt.Key.Key_unknown, key


def test_keys_without_a_modifier_belong_to_the_canvas_alone(window: MainWindow) -> None:
    for command in all_commands(window):
        for key in command.keys:
            combination = QKeySequence(key)[0]
            plain = combination.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
            if plain and combination.key() not in (Qt.Key.Key_F1, Qt.Key.Key_Question):
                assert command.local, f"{command.id}: {key} would fire from a text field"


def test_menu_and_canvas_agree_on_keys(window: MainWindow) -> None:
    shared = {"edit.copy", "edit.paste", "edit.delete", "view.all", "graph.mute", "view.selection", "edit.duplicate"}
    for command in all_commands(window):
        if command.id in shared:
            combination = QKeySequence(command.keys[0])[0]
            assert (combination.key(), combination.keyboardModifiers()) in KEYS, command.id


def test_a_letter_typed_into_a_field_stays_in_the_field(opened: Opened) -> None:
    window = opened("xor_mlp")
    window.document.selection.show(tuple(window.document.store.state.graph.nodes)[1:2])
    search = window.panels.palette.search
    search.setFocus()
    QTest.keyClicks(search, "fmf")
    assert search.text() == "fmf"
    assert window.document.store.undo_stack.count() == 0


def test_undo_says_what_it_undoes(opened: Opened) -> None:
    window = opened("xor_mlp")
    assert not window.actions_["edit.undo"].isEnabled()
    window.set_hidden_activation("elu")
    assert "hidden activations" in window.actions_["edit.undo"].text()
    window.actions_["edit.undo"].trigger()
    assert not window.actions_["edit.undo"].isEnabled() and window.actions_["edit.redo"].isEnabled()


def test_select_layers_of_the_same_type(opened: Opened) -> None:
    window = opened("vanishing_gradients")
    window.document.selection.show(("h1",))
    window.actions_["edit.same_type"].trigger()
    nodes = window.document.store.state.graph.nodes
    assert {nodes[n].type for n in window.document.selection.nodes} == {"dense"}
    assert len(window.document.selection.nodes) == sum(n.type == "dense" for n in nodes.values())


def test_first_start_shows_the_samples_and_one_opens_by_a_click(window: MainWindow, qtbot: Any) -> None:
    page = window.start_page
    assert window.centre.currentWidget() is page
    assert not any(d.isVisible() for d in window.panels.docks.values())
    assert len(page.cards) == 12
    qtbot.waitUntil(lambda: all(not c.picture.isNull() for c in page.cards.values()), timeout=20_000)
    QTest.mouseClick(page.cards["spiral"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.document.name == "spiral", timeout=20_000)
    assert window.centre.currentIndex() == 1 and window.document.path is None
    assert all(window.panels.docks[n].isVisible() for n in ("palette", "inspector", "curves", "profile"))


def test_recent_files_are_on_the_start_page(opened: Opened, tmp_path: Path, qtbot: Any) -> None:
    window = opened("spiral")
    window.document.save(tmp_path / "mine.json")
    window.actions_["file.start"].trigger()
    assert window.start_page.recent == (str(tmp_path / "mine.json"),)


def test_palette_enter_adds_beside_what_is_selected(window: MainWindow) -> None:
    window.files.new()
    window.panels.palette.add_wanted.emit("input")
    window.panels.palette.add_wanted.emit("dense")
    graph = window.document.store.state.graph
    assert [n.type for n in graph.nodes.values()] == ["input", "dense"]
    assert len(graph.edges) == 1


def test_a_panel_is_maximised_by_its_title_and_escape_restores(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    before = {n: d.isVisible() for n, d in window.panels.docks.items()}
    title = window.panels.docks["curves"].title
    QTest.mouseDClick(title, Qt.MouseButton.LeftButton, pos=QPoint(title.width() // 3, 3))
    assert window.panels.maximized
    assert [n for n, d in window.panels.docks.items() if d.isVisible()] == ["curves"]
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert {n: d.isVisible() for n, d in window.panels.docks.items()} == before


def test_reset_layout_brings_closed_and_floating_panels_back(opened: Opened) -> None:
    window = opened("spiral")
    window.panels.docks["palette"].close()
    window.panels.docks["profile"].setFloating(True)
    window.actions_["view.reset"].trigger()
    for name in ("palette", "inspector", "curves", "profile", "waterfall"):
        dock = window.panels.docks[name]
        assert dock.isVisible() and not dock.isFloating(), name
    order = [window.panels.docks[n].x() for n in ("curves", "profile", "waterfall")]
    assert order == sorted(order)
    canvas = window.canvas.width() * window.canvas.height()
    assert canvas > 0.3 * window.width() * window.height()


def test_the_layout_is_kept_for_the_next_start(make_window: Callable[[], MainWindow], qtbot: Any) -> None:
    first = make_window()
    first.show_canvas()
    first.panels.docks["profile"].close()
    first.close()
    second = make_window()
    second.show_canvas()
    assert not second.panels.docks["profile"].isVisible()
    assert second.panels.docks["curves"].isVisible()


def test_a_small_window_folds_while_it_trains(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    window.resize(1280, 800)
    window.document.store.apply("epochs", set_training, "epochs", 100_000)  # its own hundred are over in no time
    window.document.bridge.run()
    qtbot.waitUntil(lambda: not window.panels.docks["inspector"].isVisible(), timeout=20_000)
    qtbot.waitUntil(lambda: window.panels.palette.width() < 70, timeout=20_000)
    qtbot.waitUntil(lambda: window.canvas.width() * window.canvas.height() > 0.3 * 1280 * 800, timeout=20_000)
    window.document.bridge.pause()
    qtbot.waitUntil(lambda: window.panels.docks["inspector"].isVisible(), timeout=20_000)
    assert window.panels.palette.search.isVisible()


def test_maps_and_boundary_appear_with_the_data_that_they_belong_to(opened: Opened) -> None:
    window = opened("spiral")
    assert window.panels.docks["boundary"].isVisible() and not window.panels.docks["maps"].isVisible()
    opened("digits_mlp")
    assert window.panels.docks["maps"].isVisible() and not window.panels.docks["boundary"].isVisible()


def test_theme_language_and_size_change_live(opened: Opened, settings: Settings) -> None:
    window = opened("spiral")
    window.actions_["view.theme.light"].trigger()
    assert not tokens.theme().dark and settings.theme == "light"
    assert window.palette().window().color().name().upper() == tokens.LIGHT.panel
    window.actions_["view.theme.dark"].trigger()
    assert tokens.theme().dark and window.actions_["view.theme.dark"].isChecked()
    window.actions_["view.language.ko"].trigger()
    assert language() == "ko"
    assert set(window.actions_.commands) == {c.id for c in all_commands(window)}
    window.actions_["view.language.en"].trigger()
    assert window.menus["file"].title() == "&File"
    window.actions_["view.larger"].trigger()
    assert settings.font_scale == 1.1
    window.actions_["view.normal"].trigger()
    assert settings.font_scale == 1.0


def test_a_mistake_is_counted_listed_and_keeps_run_from_being_pressed(opened: Opened) -> None:
    from designer.document.verbs.nodes import remove_nodes

    window = opened("spiral")
    assert window.actions_["train.run"].isEnabled()
    window.document.store.apply("x", remove_nodes, ("h2",))
    assert not window.actions_["train.run"].isEnabled()
    assert "keep the network from running" in window.actions_["train.run"].toolTip()
    assert window.status.problems.text().startswith("1 error")
    window.status.problems.click()
    assert window.panels.docks["problems"].isVisible()
    window.document.store.undo()
    assert window.actions_["train.run"].isEnabled()
    assert window.status.problems.isHidden()


def test_data_that_do_not_fit_are_said_and_fitted_in_one_step(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    window.top_bar.data.value_changed.emit("iris")
    qtbot.waitUntil(lambda: window.notice.current is not None and window.notice.current.key == "fit", timeout=20_000)
    before = window.document.store.undo_stack.count()
    window.notice.current.buttons[0][1]()
    assert window.document.store.undo_stack.count() == before + 1
    nodes = window.document.store.state.graph.nodes
    assert nodes["in"].params["size"] == (4,)
    assert nodes["unit"].params["units"] == 3 and nodes["unit"].params["activation"].type == "softmax"
    assert nodes["out"].params["loss"].type == "softmax_cross_entropy"
    assert window.notice.current is None or window.notice.current.key != "fit"
    window.document.bridge.step()
    qtbot.waitUntil(
        lambda: window.document.bridge.frame.status is not None and window.document.bridge.frame.status.step == 1
    )


def test_the_tool_bar_is_the_document(opened: Opened) -> None:
    window = opened("spiral")
    bar, store = window.top_bar, window.document.store
    bar.loss.value_changed.emit("mse")
    assert store.state.graph.nodes["out"].params.get("loss") is None
    bar.optimizer.value_changed.emit("adamw")
    assert store.state.training.optimizer.type == "adamw"
    assert bar.rate.value() == 0.001, "another optimizer starts with its own rate"
    store.undo()
    assert bar.rate.value() == 0.01
    bar.batch.edit.setFocus()
    bar.batch.edit.selectAll()
    QTest.keyClicks(bar.batch.edit, "64")
    QTest.keyClick(bar.batch.edit, Qt.Key.Key_Return)
    assert store.state.training.batch_size == 64


def test_the_heaviest_notice_is_on_show(qtbot: Any) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_notice(Notice("a", "first"))
    bar.show_notice(Notice("b", "error", weight=2))
    bar.show_notice(Notice("c", "later"))
    assert bar.text.text() == "error"
    gone: list[str] = []
    bar.dismissed.connect(gone.append)
    bar.close_button.click()
    assert gone == ["b"] and bar.text.text() == "later"
    bar.clear("c")
    assert bar.text.text() == "first"
    bar.clear()
    assert bar.isHidden()


def test_the_shortcut_sheet_lists_every_key(window: MainWindow, qtbot: Any) -> None:
    sheet = ShortcutSheet(window.actions_, window)
    qtbot.addWidget(sheet)
    from PySide6.QtWidgets import QLabel

    texts = {label.text() for label in sheet.findChildren(QLabel)}
    for command in all_commands(window):
        if command.keys:
            keys = [QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in command.keys]
            assert ", ".join(keys) in texts, command.id


def test_figures_are_short() -> None:
    assert [eta_text(s) for s in (0, 12, 185, 3723)] == ["0:00", "0:12", "3:05", "1:02:03"]
    assert [speed_text(s) for s in (0.42, 13.37, 145.6, 48_123)] == [
        "0.4 steps/s", "13.4 steps/s", "145 steps/s", "48,100 steps/s",
    ]  # fmt: skip
    assert [bytes_text(s) for s in (31e6, 1.24e9, 512.0)] == ["31 MB", "1.24 GB", "512 B"]
    size = resident_bytes()
    assert size is None or size > 1e7


def test_the_collector_collects_on_the_gui_thread_only(qapp: QApplication) -> None:
    was = gc.isenabled()
    collector = Collector(qapp)
    try:
        assert not gc.isenabled()

        class Knot:
            def __init__(self) -> None:
                self.me = self

        for _ in range(3000):
            Knot()
        collector.collect()
        assert gc.get_count()[0] < 700
    finally:
        collector.close()
        collector.deleteLater()
    assert gc.isenabled() == was


def test_a_command_whose_time_has_not_come_does_nothing(window: MainWindow) -> None:
    ran: list[int] = []
    window.actions_.add([Command("test", "Test", lambda: ran.append(1), enabled=lambda: False)])
    window.actions_.trigger("test")
    assert not ran


@pytest.mark.parametrize("name", [*BOTTOM, "problems", "outline", "history"])
def test_every_panel_opens_on_its_own(opened: Opened, name: str) -> None:
    window = opened("spiral")
    window.show_panel(name)
    assert window.panels.content(name) is not None


def test_the_window_stays_lively_while_it_trains(opened: Opened, qtbot: Any) -> None:
    """What the window's own thread does in one go; `tests.long gui_latency` prints the timer, which waits count in."""
    window = opened("vanishing_gradients")
    window.document.store.apply("epochs", set_training, "epochs", 100_000)
    window.document.bridge.run()
    qtbot.waitUntil(lambda: window.document.bridge.state.name == "running", timeout=20_000)
    gaps, last = [], time.thread_time()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        QApplication.processEvents()
        now = time.thread_time()
        gaps.append(now - last)
        last = now
    window.document.bridge.pause()
    gaps.sort()
    assert gaps[int(len(gaps) * 0.99)] < 0.05


def test_fields_of_the_inspector_are_in_the_tab_order(opened: Opened) -> None:
    window = opened("spiral")
    window.document.selection.show(("h1",))
    rows = window.inspector.node.form.rows
    reached, at = [], rows["units"].editor.edit
    for _ in range(200):
        at = at.nextInFocusChain()
        if at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.append(at)
    places = [reached.index(rows[n].editor) for n in ("activation", "batch_norm", "weight_init")]
    assert places == sorted(places)


def test_the_bottom_is_three_columns_of_like_width_at_the_first_start(window: MainWindow, qtbot: Any) -> None:
    window.open_sample("vanishing_gradients")
    docks = [window.panels.docks[n] for n in ("curves", "profile", "waterfall")]
    room = window.width() - tokens.scaled(216)
    qtbot.waitUntil(lambda: all(0.26 * room < d.width() < 0.42 * room for d in docks), timeout=20_000)


class SlowView:
    """A watched view that alone uses up what a tick may take."""

    wants: frozenset[Any] = frozenset()

    def __init__(self) -> None:
        self.seen: Any = None

    def watching(self) -> bool:
        return True

    def take(self, frame: Any) -> None:
        time.sleep(0.01)
        self.seen = frame


def test_every_view_sees_new_data_before_any_run(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge = window.document.bridge
    views = [SlowView() for _ in range(3)]
    for view in views:
        bridge.feeder.attach(view)
    window.open_sample("xor_mlp")
    qtbot.waitUntil(lambda: bridge.frame.dataset is not None and bridge.session is None, timeout=20_000)
    qtbot.waitUntil(
        lambda: all(v.seen is not None and v.seen.dataset is bridge.frame.dataset for v in views), timeout=20_000
    )
    qtbot.waitUntil(lambda: not bridge._timer.isActive(), timeout=20_000)

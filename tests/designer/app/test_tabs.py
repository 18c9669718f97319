"""Documents as tabs, by real mouse and keys."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from designer.app import crash_recovery, desks, file_flow
from designer.app.main_window import MainWindow
from designer.document.verbs.nodes import rename
from designer.document.verbs.setup import set_training

Opened = Callable[[str], MainWindow]
K, M = Qt.Key, Qt.KeyboardModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def two(opened: Opened, qtbot: Any) -> MainWindow:
    """Spiral in the first tab, XOR in the second, which is on show."""
    opened("spiral")
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def names(window: MainWindow) -> list[str]:
    return [d.document.name for d in window.desks.all]


def tab(window: MainWindow, index: int) -> QPoint:
    return window.desks.tabs.bar.tabRect(index).center()


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = M.NoModifier) -> None:
    window.activateWindow()
    QApplication.processEvents()
    QTest.keyClick(window.focusWidget() or window, key, held)


def test_a_file_opens_in_a_tab_of_its_own_and_the_window_follows_the_tab_on_show(two: MainWindow) -> None:
    window = two
    assert names(window) == ["spiral", "xor_mlp"] and window.document is window.desks.all[1].document
    spiral, xor = window.desks.all
    assert spiral.document.store is not xor.document.store and spiral.document.bridge is not xor.document.bridge
    window.set_hidden_activation("elu")
    QTest.mouseClick(window.desks.tabs.bar, LEFT, M.NoModifier, tab(window, 0))
    assert window.document is spiral.document and window.canvas is spiral.canvas and spiral.canvas.isVisible()
    assert not xor.canvas.isVisible() and not window.actions_["edit.undo"].isEnabled()
    assert window.windowTitle().startswith("spiral")
    assert window.top_bar.data.value() == "spiral"
    window.actions_["edit.undo"].trigger()
    assert xor.document.store.undo_stack.count() == 1, "the history of the other tab is its own"
    window.top_bar.batch.edit.setFocus()
    window.top_bar._set_training("batch_size", 7)
    assert spiral.document.store.state.training.batch_size == 7 != xor.document.store.state.training.batch_size


def test_panels_are_those_of_the_tab_on_show(two: MainWindow, qtbot: Any) -> None:
    window = two
    qtbot.waitUntil(lambda: window.panels.content("curves") is not None)
    xor = window.panels.content("curves")
    window.desks.step(1)
    qtbot.waitUntil(lambda: window.panels.content("curves") is not None)
    spiral = window.panels.content("curves")
    assert spiral is not xor and spiral.isVisible() and not xor.isVisible()
    assert spiral.watching() and not xor.watching()
    assert window.panels.made("palette") is window.panels.palette
    window.desks.step(1)
    assert window.panels.content("curves") is xor and xor.watching() and not spiral.watching()


def test_keys_open_walk_and_close(two: MainWindow, qtbot: Any) -> None:
    window = two
    press(window, K.Key_Tab, M.ControlModifier)
    assert window.document.name == "spiral" and window.canvas.hasFocus()
    press(window, K.Key_Tab, M.ControlModifier | M.ShiftModifier)
    assert window.document.name == "xor_mlp"
    press(window, K.Key_T, M.ControlModifier)
    assert len(window.desks.all) == 3 and window.document.empty
    press(window, K.Key_W, M.ControlModifier)
    assert names(window) == ["spiral", "xor_mlp"]
    press(window, K.Key_W, M.ControlModifier)
    press(window, K.Key_W, M.ControlModifier)
    assert window.centre.currentIndex() == 0 and window.document.empty, "the start page follows the last tab"


def test_a_tab_is_closed_by_its_button_and_by_the_middle_button(two: MainWindow) -> None:
    window = two
    bar = window.desks.tabs.bar
    QTest.mouseClick(bar, Qt.MouseButton.MiddleButton, M.NoModifier, tab(window, 0))
    assert names(window) == ["xor_mlp"]
    QTest.mouseClick(bar.tabButton(0, QTabBar.ButtonPosition.RightSide), LEFT)
    assert window.document.empty


def test_tabs_are_put_in_another_order_by_dragging(two: MainWindow, qtbot: Any) -> None:
    window, bar = two, two.desks.tabs.bar
    start, end = tab(window, 0), tab(window, 1) + QPoint(30, 0)
    QTest.mousePress(bar, LEFT, M.NoModifier, start)
    for k in range(1, 11):
        QTest.mouseMove(bar, start + (end - start) * k / 10)
        QApplication.processEvents()
    QTest.mouseRelease(bar, LEFT, M.NoModifier, end)
    qtbot.waitUntil(lambda: names(window) == ["xor_mlp", "spiral"])
    assert window.document.name == "spiral", "a press chooses, as everywhere"
    window.desks.step(-1)
    assert window.document.name == "xor_mlp"


def test_what_is_open_is_not_opened_twice(two: MainWindow, tmp_path: Path, qtbot: Any) -> None:
    window = two
    window.document.save(tmp_path / "mine.json")
    window.desks.step(1)
    window.files.open_path(tmp_path / "mine.json")
    assert window.document.path == tmp_path / "mine.json" and len(window.desks.all) == 2
    window.open_sample("spiral")
    assert window.document.name == "spiral" and len(window.desks.all) == 2
    window.document.store.apply("e", set_training, "epochs", 77)
    window.open_sample("spiral")
    qtbot.waitUntil(lambda: len(window.desks.all) == 3, timeout=20_000)


def test_a_file_that_cannot_be_read_leaves_no_tab(two: MainWindow, tmp_path: Path, qtbot: Any) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    two.files.open_path(bad)
    qtbot.waitUntil(lambda: two.notice.current is not None and two.notice.current.key == "file", timeout=20_000)
    assert names(two) == ["spiral", "xor_mlp"] and two.desks.stack.count() == 2


def test_selection_place_and_focus_are_there_again(two: MainWindow, qtbot: Any) -> None:
    window = two
    chosen = next(iter(window.document.store.state.graph.nodes))
    window.document.selection.show((chosen,))
    window.canvas.zoom_to(1.7)
    window.top_bar.batch.edit.setFocus()
    window.desks.step(1)
    assert window.canvas.hasFocus() and not window.document.selection.nodes
    window.desks.step(1)
    assert window.document.selection.nodes == (chosen,) and abs(window.canvas.zoom - 1.7) < 0.01
    assert window.top_bar.batch.edit.hasFocus()


def test_marks_tell_of_changes_and_of_a_training_in_the_background(two: MainWindow, qtbot: Any) -> None:
    window, bar = two, two.desks.tabs.bar
    xor = window.desks.all[1]
    window.document.store.apply("e", set_training, "epochs", 100_000)
    assert bar.tabText(1) == "xor_mlp •" and bar.tabText(0) == "spiral"
    window.toggle_run()
    qtbot.waitUntil(lambda: xor.document.bridge.state.name == "running", timeout=20_000)
    assert not bar.tabIcon(1).isNull() and "training" in bar.tabToolTip(1)
    window.desks.step(1)
    assert bar.tabIcon(0).isNull() and not window.document.bridge.state.busy
    assert window.status.badge.text() == "not trained"
    step = xor.document.bridge.session.status.step
    qtbot.waitUntil(lambda: xor.document.bridge.session.status.step > step + 50, timeout=20_000)
    # Nobody looks: nothing is probed.
    qtbot.waitUntil(lambda: not xor.document.bridge._request.wants, timeout=20_000)
    assert window.status._state.name == "idle"
    xor.document.bridge.pause()


def test_an_end_in_the_background_is_told_in_its_own_tab(two: MainWindow, qtbot: Any) -> None:
    window = two
    xor = window.desks.current
    window.document.store.apply("e", set_training, "epochs", 2)
    window.toggle_run()
    window.desks.step(1)
    qtbot.waitUntil(lambda: xor.document.bridge.state.name == "finished", timeout=20_000)
    assert window.notice.current is None or window.notice.current.key != "run"
    assert "xor_mlp" in window.status.words.text()
    window.desks.step(1)
    assert window.notice.current is not None and window.notice.current.key == "run"
    assert window.status.badge.text() == "finished"


def test_closing_a_tab_that_trains_asks(two: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    window, asked = two, list[Any]()
    window.document.store.apply("e", set_training, "epochs", 100_000)
    window.document.store.mark_saved()
    window.toggle_run()
    qtbot.waitUntil(lambda: window.document.bridge.state.name == "running", timeout=20_000)
    monkeypatch.setattr(desks, "ask_end_training", lambda w, n: asked.append(n) or len(asked) > 1)
    press(window, K.Key_W, M.ControlModifier)
    assert asked == [["xor_mlp"]] and len(window.desks.all) == 2
    press(window, K.Key_W, M.ControlModifier)
    assert names(window) == ["spiral"]


def test_a_closed_tab_is_freed_with_its_training(two: MainWindow, qtbot: Any) -> None:
    window, desk = two, two.desks.current
    window.toggle_run()
    qtbot.waitUntil(lambda: window.document.bridge.frame.status is not None, timeout=20_000)
    window.document.bridge.pause()
    qtbot.waitUntil(lambda: window.document.bridge.state.name in ("paused", "finished"), timeout=20_000)
    for name in ("waterfall", "inspector", "doctor", "runs", "table", "code", "outline", "problems", "data"):
        window.show_panel(name)
    document = desk.document
    things = [desk, document, document.store, document.bridge, document.bridge.session, desk.canvas, desk.canvas.scene_]
    refs = {type(t).__name__: ref(t) for t in (*things, *desk.panels.values())}
    assert len(refs) > 12
    document.store.mark_saved()
    window.desks.close(desk)
    del desk, document, things
    left: list[str] = []

    def freed() -> bool:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        left[:] = [name for name, r in refs.items() if r() is not None]
        return not left

    try:
        qtbot.waitUntil(freed, timeout=20_000)
    except Exception:
        raise AssertionError(left) from None


def test_switching_takes_less_than_a_tenth_of_a_second(opened: Opened, qtbot: Any) -> None:
    opened("fashion_cnn")
    window = opened("vanishing_gradients")
    for _ in range(2):
        window.desks.step(1)
        qtbot.waitUntil(lambda: window.panels.content("waterfall") is not None)
    taken = []
    for _ in range(6):
        started = time.thread_time()
        window.desks.step(1)
        taken.append(time.thread_time() - started)
        QApplication.processEvents()
    assert sorted(taken)[2] < 0.1, taken


@pytest.mark.parametrize("held", [M.NoModifier, M.ShiftModifier])
def test_layers_dragged_onto_another_tab_go_there(two: MainWindow, qtbot: Any, held: Qt.KeyboardModifier) -> None:
    window = two
    spiral, xor = window.desks.all
    source, target = xor.document.store, spiral.document.store
    graph, before = source.state.graph, target.state
    chosen = tuple(n.id for n in graph.nodes.values() if n.type == "dense")
    xor.document.selection.show(chosen)
    port, card = window.canvas.viewport(), window.canvas.scene_.nodes[chosen[0]].box()
    start = window.canvas.mapFromScene(card.left() + 30, card.top() + 40)
    end = port.mapFromGlobal(window.desks.tabs.bar.mapToGlobal(tab(window, 0)))
    QTest.mousePress(port, LEFT, M.NoModifier, start)
    QTest.mouseMove(port, start + QPoint(12, 12))
    QTest.mouseMove(port, end)
    assert window.desks.tabs.bar.lit == 0
    QTest.mouseRelease(port, LEFT, held, end)
    assert window.desks.tabs.bar.lit == -1
    assert window.document is spiral.document and target.undo_stack.count() == 1
    fresh = [n for n in target.state.graph.nodes if n not in before.graph.nodes]
    assert len(fresh) == len(chosen) and set(window.document.selection.nodes) == set(fresh)
    inner = [e for e in graph.edges if e.source in chosen and e.target in chosen]
    assert len(target.state.graph.edges) == len(before.graph.edges) + len(inner)
    scene = window.canvas.scene_
    assert not any(scene.nodes[a].box().intersects(scene.nodes[b].box()) for a in fresh for b in before.graph.nodes)
    if held:
        assert source.undo_stack.count() == 1 and not set(chosen) & source.state.graph.nodes.keys()
        source.undo()
    assert source.state.graph == graph and source.state.positions == xor.document.store.state.positions
    target.undo()
    assert target.state == before


def test_layers_are_copied_from_tab_to_tab_by_the_clipboard(two: MainWindow) -> None:
    window = two
    window.canvas.setFocus()
    window.document.selection.show(tuple(window.document.store.state.graph.nodes))
    count = len(window.document.selection.nodes)
    press(window, K.Key_C, M.ControlModifier)
    press(window, K.Key_Tab, M.ControlModifier)
    had = len(window.document.store.state.graph.nodes)
    press(window, K.Key_V, M.ControlModifier)
    assert len(window.document.store.state.graph.nodes) == had + count


def test_each_tab_has_its_journal_and_a_crash_brings_both_back(
    make_window: Callable[[], MainWindow], two: MainWindow, tmp_path: Path, qtbot: Any
) -> None:
    window, folder = two, tmp_path / "recovery"
    for k, desk in enumerate(window.desks.all):
        first = next(iter(desk.document.store.state.graph.nodes))
        desk.document.store.apply("rename", rename, first, f"kept {k}")
    qtbot.waitUntil(lambda: len(list(folder.glob("*.recovery.json"))) == 2, timeout=20_000)
    for desk in window.desks.all:
        desk.recovery.wait()
    kept = {p: p.read_bytes() for p in folder.glob("*.recovery.json")}
    for desk in window.desks.all:
        desk.document.store.mark_saved()
    window.close()
    for path, data in kept.items():
        path.write_bytes(data)
    again = make_window()
    crash_recovery.offer(again, crash_recovery.find_orphans(folder))
    for _ in range(2):
        again.notice.current.buttons[0][1]()
    found = [next(iter(d.document.store.state.graph.nodes.values())).name for d in again.desks.all]
    assert sorted(found) == ["kept 0", "kept 1"] and all(d.document.store.modified for d in again.desks.all)


def test_the_files_of_last_time_open_again(make_window: Callable[[], MainWindow], tmp_path: Path, qtbot: Any) -> None:
    window = make_window()
    for name in ("xor_mlp", "spiral", "perceptron_xor"):
        window.open_sample(name)
        qtbot.waitUntil(lambda n=name: window.document.name == n, timeout=20_000)
        window.document.save(tmp_path / f"{name}.json")
    window.desks.step(-1)
    window.close()
    again = make_window()
    assert again.actions_["file.reopen"].isEnabled()
    again.actions_["file.reopen"].trigger()
    qtbot.waitUntil(lambda: len(again.desks.all) == 3 and not again.desks._waiting, timeout=20_000)
    assert sorted(names(again)) == ["perceptron_xor.json", "spiral.json", "xor_mlp.json"]
    assert again.document.name == "spiral.json"


def test_closing_the_window_asks_about_each_changed_tab(
    two: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    window, asked = two, list[tuple[str, str]]()
    for desk in window.desks.all:
        desk.document.store.apply("e", set_training, "epochs", 77)
    answers = iter(["discard", "cancel", "discard", "discard"])

    def ask(main: MainWindow, name: str) -> str:
        asked.append((name, main.document.name))
        return next(answers)

    monkeypatch.setattr(file_flow, "ask_save", ask)
    window.close()
    assert window.isVisible() and asked == [("spiral", "spiral"), ("xor_mlp", "xor_mlp")], "shown while asked about"
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)


def test_the_start_page_leads_back_to_the_tabs(two: MainWindow) -> None:
    window = two
    for key, held in ((K.Key_Escape, M.NoModifier), (K.Key_Tab, M.ControlModifier)):
        window.actions_["file.start"].trigger()
        press(window, K.Key_W, M.ControlModifier)
        assert window.centre.currentIndex() == 0 and len(window.desks.all) == 2, "what is not seen is not closed"
        press(window, key, held)
        assert window.centre.currentIndex() == 1 and window.document.name == "xor_mlp" and window.canvas.hasFocus()

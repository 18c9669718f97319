"""Files: new, open, save, recover, and the questions in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from designer.app import crash_recovery, file_flow
from designer.app.main_window import MainWindow
from designer.app.settings import Settings
from designer.document import Point
from designer.document.verbs.arrange import move_nodes
from designer.document.verbs.nodes import rename
from designer.document.verbs.params import set_param
from designer.document.verbs.setup import set_training
from engine.files.project_file import read

Opened = Callable[[str], MainWindow]


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """What a person says to "Save?"; the list tells how often they were asked."""
    asked: list[str] = []

    def ask(window: Any, name: str) -> str:
        asked.append(name)
        return text

    monkeypatch.setattr(file_flow, "ask_save", ask)
    return asked


def test_save_and_open_bring_back_graph_layout_and_training_bit_for_bit(
    opened: Opened, qtbot: Any, tmp_path: Path
) -> None:
    window = opened("spiral")
    store, bridge = window.document.store, window.document.bridge
    node = next(iter(store.state.graph.nodes))
    store.apply("move", move_nodes, {node: Point(8, 808)})
    bridge.epoch()
    qtbot.waitUntil(lambda: bridge.state.name == "paused" and bridge.session.status.epoch == 1, timeout=20_000)
    path = tmp_path / "mine.gradloom"
    done: list[bool] = []
    window.document.save(path, done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    assert done == [True] and not store.modified
    assert window.windowTitle() == "mine.gradloom[*] - Gradloom"
    saved = store.state
    bridge.epoch()
    qtbot.waitUntil(lambda: bridge.session.status.epoch == 2)
    qtbot.waitUntil(lambda: bridge.frame.columns.count == bridge.session.status.step)
    straight = bridge.frame.columns.loss[: bridge.frame.columns.count].copy()

    window.document.new()
    assert not store.state.graph.nodes
    window.files.open_path(path)
    qtbot.waitUntil(lambda: window.document.path == path and bridge.session is not None, timeout=20_000)
    qtbot.waitUntil(lambda: bridge.state.name == "paused" and bridge.frame.status is not None, timeout=20_000)
    assert store.state.graph == saved.graph and store.state.positions == saved.positions
    assert store.state.training == saved.training and store.state.data == saved.data
    assert bridge.session.status.epoch == 1
    bridge.epoch()
    qtbot.waitUntil(lambda: bridge.session.status.epoch == 2, timeout=20_000)
    qtbot.waitUntil(lambda: bridge.frame.columns.count == len(straight), timeout=20_000)
    again, half = bridge.frame.columns.loss[: len(straight)], len(straight) // 2
    np.testing.assert_array_equal(again[half:], straight[half:])
    np.testing.assert_allclose(again[:half], straight[:half], rtol=1e-6)  # of the record, in single precision


def trained_file(window: MainWindow, qtbot: Any, path: Path) -> dict[Any, Any]:
    """A file with one epoch of training; its weights."""
    bridge = window.document.bridge
    bridge.epoch()
    qtbot.waitUntil(lambda: bridge.state.name == "paused" and bridge.session.status.epoch == 1, timeout=20_000)
    window.document.save(path)
    qtbot.waitUntil(lambda: not window.document.store.modified and path.exists(), timeout=20_000)
    return read(path).weights


@pytest.mark.parametrize("late", ["data", "session"])
def test_saving_before_the_stored_training_is_taken_up_keeps_it(
    opened: Opened, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    window, path = opened("spiral"), tmp_path / "mine.gradloom"
    document = window.document
    kept = trained_file(window, qtbot, path)
    if late == "data":
        monkeypatch.setattr(document.bridge, "_start_with_data", lambda: None)
    else:
        monkeypatch.setattr("engine.training.session.Session.start", lambda self: None)
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(path)
    qtbot.waitUntil(lambda: (document.bridge.session is None) == (late == "data"), timeout=20_000)
    document.store.apply("name", rename, next(iter(document.store.state.graph.nodes)), "another")
    done: list[bool] = []
    document.save(path, done.append)
    assert done == [True] and not document.store.modified
    found = read(path)
    assert found.resume is not None and found.resume.scalars["step"] > 0
    assert found.weights.keys() == kept.keys() and all(np.array_equal(found.weights[k], v) for k, v in kept.items())


def test_a_worker_that_cannot_answer_does_not_keep_the_drawing_from_the_disk(
    opened: Opened, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, path = opened("spiral"), tmp_path / "mine.gradloom"

    def broken(self: Any) -> None:
        raise MemoryError

    trained_file(window, qtbot, path)
    monkeypatch.setattr("engine.training.trainer.Trainer.resume_state", broken)
    window.document.store.apply("e", set_training, "epochs", 77)
    done: list[bool] = []
    window.document.save(path, done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    assert done == [True] and read(path).project.training.epochs == 77


def test_the_title_marks_changes_and_undo_takes_the_mark_away(opened: Opened) -> None:
    window = opened("spiral")
    assert not window.isWindowModified()
    window.document.store.apply("e", set_training, "epochs", 77)
    assert window.isWindowModified()
    window.document.store.undo()
    assert not window.isWindowModified()


@pytest.mark.parametrize(("said", "left"), [("cancel", 1), ("discard", 0)])
def test_closing_a_tab_asks_about_unsaved_changes(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, said: str, left: int
) -> None:
    window = opened("spiral")
    window.document.store.apply("e", set_training, "epochs", 77)
    asked = answer(monkeypatch, said)
    window.actions_["file.new"].trigger()
    assert not asked and not window.document.store.state.graph.nodes, "a new document has a tab of its own"
    spiral = window.desks.all[0]
    window.desks.close(spiral)
    assert asked == ["spiral"]
    assert [d.document.name for d in window.desks.all].count("spiral") == left


def test_closing_with_save_saves_first(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, qtbot: Any, tmp_path: Path
) -> None:
    window = opened("spiral")
    window.document.store.apply("e", set_training, "epochs", 77)
    answer(monkeypatch, "save")
    monkeypatch.setattr(window.files, "ask_place", lambda: tmp_path / "kept.json")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert read(tmp_path / "kept.json").project.training.epochs == 77
    assert window.settings.recent[0] == str(tmp_path / "kept.json")


def test_closing_with_cancel_stays(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    window = opened("spiral")
    window.document.store.apply("e", set_training, "epochs", 77)
    answer(monkeypatch, "cancel")
    window.close()
    assert window.isVisible()


def test_a_file_that_cannot_be_read_changes_nothing_and_says_why(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("spiral")
    before = window.document.store.state
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "gradloom", "nodes": 7')
    window.files.open_path(bad)
    qtbot.waitUntil(lambda: window.notice.current is not None, timeout=20_000)
    assert "bad.json" in window.notice.current.text
    assert window.document.store.state is before
    assert str(bad) not in window.settings.recent


def test_saving_where_nothing_can_be_written_says_so(opened: Opened, tmp_path: Path) -> None:
    window = opened("spiral")
    done: list[bool] = []
    window.document.save(tmp_path / "no" / "such" / "folder.json", done.append)
    assert done == [False]
    assert window.notice.current.tone == "error"
    assert window.document.path is None


def test_a_plain_file_holds_no_weights_and_reads_as_json(opened: Opened, tmp_path: Path) -> None:
    window = opened("spiral")
    window.document.save(tmp_path / "plain.json")
    assert json.loads((tmp_path / "plain.json").read_text())["format"] == "gradloom"
    assert read(tmp_path / "plain.json").resume is None


def test_a_dropped_project_opens_and_dropped_data_are_offered(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    window.open_sample("xor_mlp")
    qtbot.waitUntil(lambda: window.document.name == "xor_mlp")
    window.document.save(tmp_path / "a.json")
    window.document.new()
    drop(window, tmp_path / "a.json")
    qtbot.waitUntil(lambda: window.document.path == tmp_path / "a.json", timeout=20_000)
    offered: list[Path] = []
    window.offer_data = offered.append  # type: ignore[method-assign]
    drop(window, tmp_path / "b.csv")
    qtbot.waitUntil(lambda: offered == [tmp_path / "b.csv"], timeout=20_000)
    drop(window)
    assert "did not arrive" in window.status.words.text() and len(offered) == 1


def test_a_file_named_from_here_is_remembered_for_everywhere(
    window: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open_sample("xor_mlp")
    qtbot.waitUntil(lambda: window.document.name == "xor_mlp", timeout=20_000)
    window.document.save(tmp_path / "a.json")
    window.document.new()
    monkeypatch.chdir(tmp_path)
    window.files.open_path(Path("a.json"))
    qtbot.waitUntil(lambda: window.document.path == tmp_path / "a.json", timeout=20_000)
    assert window.settings.recent == (str(tmp_path / "a.json"),)


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    event = QDropEvent(
        QPointF(500, 400), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)


def test_each_undo_step_is_journalled_and_offered_after_a_crash(
    make_window: Callable[[], MainWindow], qtbot: Any, tmp_path: Path
) -> None:
    window = make_window()
    window.open_sample("xor_mlp")
    qtbot.waitUntil(lambda: window.document.name == "xor_mlp")
    first = next(iter(window.document.store.state.graph.nodes))
    window.document.store.apply("rename", rename, first, "after the crash")
    folder = tmp_path / "recovery"
    qtbot.waitUntil(lambda: bool(list(folder.glob("*.recovery.json"))), timeout=20_000)
    window.recovery.wait()
    assert not crash_recovery.find_orphans(folder), "a running program's journal is not an orphan"
    # A crash: the lock goes with the process, the file stays.
    kept = {p: p.read_bytes() for p in folder.glob("*.recovery.json")}
    window.document.store.mark_saved()
    window.close()
    for path, data in kept.items():
        path.write_bytes(data)

    again = make_window()
    found = crash_recovery.find_orphans(folder)
    assert len(found) == 1
    crash_recovery.offer(again, found)
    assert "Unsaved changes" in again.notice.current.text
    again.notice.current.buttons[0][1]()
    assert again.document.store.state.graph.nodes[first].name == "after the crash"
    assert again.document.store.modified
    assert again.notice.current is None or again.notice.current.key != "recovery"


def test_a_saved_document_leaves_no_journal(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("xor_mlp")
    window.document.store.apply("e", set_training, "epochs", 77)
    folder = tmp_path / "recovery"
    qtbot.waitUntil(lambda: bool(list(folder.glob("*.recovery.json"))), timeout=20_000)
    window.document.save(tmp_path / "saved.json")
    assert not list(folder.glob("*.recovery.json"))


def test_settings_survive(settings: Settings, tmp_path: Path) -> None:
    settings.theme, settings.language, settings.font_scale = "light", "ko", 1.3
    settings.remember(tmp_path / "a.json")
    settings.remember(tmp_path / "b.json")
    settings.remember(tmp_path / "a.json")
    settings.sync()
    from PySide6.QtCore import QSettings

    again = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    assert (again.theme, again.language, again.font_scale) == ("light", "ko", 1.3)
    assert again.recent == (str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert again.folder == str(tmp_path)
    again.forget(str(tmp_path / "a.json"))
    assert again.recent == (str(tmp_path / "b.json"),)


def test_nonsense_in_the_settings_counts_as_absent(settings: Settings) -> None:
    settings._store.setValue("look/theme", "pink")
    settings._store.setValue("look/font_scale", "large")
    settings._store.setValue("files/recent", 7)
    assert (settings.theme, settings.font_scale, settings.recent) == ("system", 1.0, ())


@pytest.mark.parametrize("kind", ["onnx", "pytorch", "keras", "svg", "png", "pdf"])
def test_every_export_writes_its_file(opened: Opened, qtbot: Any, tmp_path: Path, kind: str) -> None:
    window = opened("xor_mlp")
    path = tmp_path / f"net.{kind}"
    window.files.export_to(kind, path)
    qtbot.waitUntil(path.exists, timeout=20_000)
    heads = {"onnx": b"", "pytorch": b"", "keras": b"", "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    data = path.read_bytes()
    assert data.startswith(heads[kind]) and len(data) > 500
    if kind in ("pytorch", "keras"):
        compile(data, str(path), "exec")
    assert window.notice.current is None or window.notice.current.key != "export"


def test_an_export_of_what_cannot_run_says_why(opened: Opened, tmp_path: Path) -> None:
    from designer.document.verbs.nodes import remove_nodes

    window = opened("xor_mlp")
    graph = window.document.store.state.graph
    middle = next(n.id for n in graph.nodes.values() if n.type == "dense")
    window.document.store.apply("x", remove_nodes, (middle,))
    window.files.export_to("onnx", tmp_path / "net.onnx")
    assert window.notice.current.tone == "error" and not (tmp_path / "net.onnx").exists()


def test_opening_a_file_saved_while_it_trained_changes_nothing(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window, path = opened("spiral"), tmp_path / "mine.gradloom"
    document = window.document
    document.bridge.epoch()
    qtbot.waitUntil(lambda: document.bridge.state.name == "paused" and len(document.runs.runs) == 1, timeout=20_000)
    document.runs.remove([1])
    document.save(path)
    qtbot.waitUntil(lambda: not document.store.modified and path.exists(), timeout=20_000)
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(path)
    qtbot.waitUntil(lambda: len(document.runs.runs) == 1, timeout=20_000)
    assert not document.store.modified
    document.bridge.epoch()
    qtbot.waitUntil(lambda: document.store.modified, timeout=20_000)


def test_an_edited_network_is_saved_with_the_weights_that_fit(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("spiral")
    document, bridge, store = window.document, window.document.bridge, window.document.store
    bridge.epoch()
    qtbot.waitUntil(lambda: bridge.state.name == "paused" and bridge.session.status.epoch == 1, timeout=20_000)
    trained = bridge.session.weights().result(10)
    dense = [n.id for n in store.state.graph.nodes.values() if n.type == "dense"]
    store.apply("wider", set_param, (dense[-2],), "units", 7)
    assert bridge.stale
    path, done = tmp_path / "edited.gradloom", []
    document.save(path, done.append)
    qtbot.waitUntil(lambda: done == [True], timeout=20_000)
    file = read(path)
    assert file.resume is None and file.weights is not None
    wide, last = dense[-2:]
    assert set(trained) - set(file.weights) == {(wide, "weight"), (wide, "bias"), (last, "weight")}
    for key, value in file.weights.items():
        np.testing.assert_array_equal(value, trained[key])
    notice = window.desk.notices.named("weights_kept")
    assert notice is not None
    words = notice.text
    names = [store.state.graph.nodes[n].name for n in (wide, last)]
    assert all(name in words for name in names) and "Left out" in words
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(path)
    qtbot.waitUntil(lambda: bridge.session is not None and bridge.state.name == "paused", timeout=20_000)
    again = bridge.session.weights().result(10)
    np.testing.assert_array_equal(again[dense[0], "weight"], trained[dense[0], "weight"])

"""Runs in the window: kept as they happen, compared, restored, saved with the file and there again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.document.verbs.setup import set_training
from designer.panels.runs import RunsPanel

Opened = Callable[[str], MainWindow]


def trained(window: MainWindow, qtbot: Any, epochs: int) -> None:
    """A few more epochs, and rest."""
    bridge = window.document.bridge
    start = 0 if bridge.stale or bridge.session is None else len(bridge.frame.epochs)
    for k in range(1, epochs + 1):
        window.actions_["train.epoch"].trigger()
        qtbot.waitUntil(
            lambda k=k: bridge.state.name == "paused" and len(bridge.frame.epochs) == start + k, timeout=30_000
        )


def test_runs_are_kept_compared_restored_and_saved(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("xor_mlp")
    document, store = window.document, window.document.store
    before = store.state.training
    window.panels.show("runs")
    panel = window.panels.content("runs")
    assert isinstance(panel, RunsPanel) and panel.empty.text().startswith("No run yet")
    trained(window, qtbot, 3)
    first = [e.train_loss for e in document.bridge.frame.epochs]
    store.apply("seed", set_training, "seed", 5)
    trained(window, qtbot, 2)
    second = [e.train_loss for e in document.bridge.frame.epochs]
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [3, 2], timeout=5000)
    kept = document.runs.runs
    assert [r.curves["train_loss"] for r in kept] == [
        tuple(float(f"{v:.7g}") for v in values) for values in (first, second)
    ]
    assert [panel.table.topLevelItem(k).text(8) for k in range(2)] == ["5", "0"], "newest first, by seed"
    assert {"run 1, train", "run 2, train"} <= set(panel.plot._drawn)
    panel.table.topLevelItem(1).setCheckState(0, Qt.CheckState.Unchecked)
    assert "run 1, train" not in panel.plot._drawn and "run 2, train" in panel.plot._drawn
    panel.table.topLevelItem(0).setText(10, "another seed")
    assert document.runs.runs[1].note == "another seed"
    panel.table.setCurrentItem(panel.table.topLevelItem(1))
    steps = store.undo_stack.count()
    panel.restore.click()
    assert store.state.training == before and store.undo_stack.count() == steps + 1
    saved = tmp_path / "kept.gradloom"
    document.save(saved)
    qtbot.waitUntil(lambda: document.path == saved, timeout=10_000)
    assert not store.modified
    with qtbot.waitSignal(document.opened, timeout=10_000):
        document.open(saved)
    assert [r.note for r in document.runs.runs] == ["", "another seed"]
    assert [json.loads(line)["steps"] for line in panel.exported("jsonl").splitlines()] == [r.steps for r in kept]
    assert panel.exported("csv").count("\n") >= 5


def test_a_run_that_goes_on_stays_one_and_a_reset_begins_another(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    runs = window.document.runs
    trained(window, qtbot, 1)
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in runs.runs] == [2], timeout=5000)
    window.actions_["train.reset"].trigger()
    qtbot.waitUntil(lambda: not window.document.bridge.frame.epochs, timeout=5000)
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in runs.runs] == [2, 1], timeout=5000)


def test_a_resumed_training_goes_on_with_its_record(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("xor_mlp")
    document = window.document
    trained(window, qtbot, 2)
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [2], timeout=5000)
    saved = tmp_path / "resumed.gradloom"
    done: list[bool] = []
    document.save(saved, done.append)
    qtbot.waitUntil(lambda: done == [True], timeout=10_000)
    with qtbot.waitSignal(document.opened, timeout=10_000):
        document.open(saved)
    qtbot.waitUntil(
        lambda: document.bridge.state.name == "paused" and len(document.bridge.frame.epochs) == 2, timeout=10_000
    )
    assert [r.last_epoch for r in document.runs.runs] == [2] and not document.store.modified
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [3], timeout=5000)
    assert document.store.modified, "the file lacks the newest epoch"

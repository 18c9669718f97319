"""Runs in the window: kept as they happen, compared, restored, saved with the file and there again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.document.verbs.setup import set_training
from designer.panels.curves import CurvesPanel
from designer.panels.profile import ProfilePanel
from designer.panels.runs import NUMBER, RunsPanel
from widgets.tokens import theme

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
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [3, 2], timeout=20_000)
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
    qtbot.waitUntil(lambda: document.path == saved, timeout=20_000)
    assert not store.modified
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(saved)
    assert [r.note for r in document.runs.runs] == ["", "another seed"]
    assert [json.loads(line)["steps"] for line in panel.exported("jsonl").splitlines()] == [r.steps for r in kept]
    assert panel.exported("csv").count("\n") >= 5


def test_a_run_that_goes_on_stays_one_and_a_reset_begins_another(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    runs = window.document.runs
    trained(window, qtbot, 1)
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in runs.runs] == [2], timeout=20_000)
    window.actions_["train.reset"].trigger()
    qtbot.waitUntil(lambda: not window.document.bridge.frame.epochs, timeout=20_000)
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in runs.runs] == [2, 1], timeout=20_000)


def test_a_resumed_training_goes_on_with_its_record(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("xor_mlp")
    document = window.document
    trained(window, qtbot, 2)
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [2], timeout=20_000)
    saved = tmp_path / "resumed.gradloom"
    done: list[bool] = []
    document.save(saved, done.append)
    qtbot.waitUntil(lambda: done == [True], timeout=20_000)
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(saved)
    qtbot.waitUntil(
        lambda: document.bridge.state.name == "paused" and len(document.bridge.frame.epochs) == 2, timeout=20_000
    )
    assert [r.last_epoch for r in document.runs.runs] == [2] and not document.store.modified
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: [r.last_epoch for r in document.runs.runs] == [3], timeout=20_000)
    assert document.store.modified, "the file lacks the newest epoch"


def two_runs(window: MainWindow, qtbot: Any) -> RunsPanel:
    """Two short runs that differ in their seed, and the panel."""
    window.panels.show("runs")
    panel = window.panels.content("runs")
    assert isinstance(panel, RunsPanel)
    trained(window, qtbot, 3)
    window.document.store.apply("seed", set_training, "seed", 5)
    trained(window, qtbot, 2)
    qtbot.waitUntil(lambda: [r.last_epoch for r in window.document.runs.runs] == [3, 2], timeout=20_000)
    return panel


def test_runs_are_sorted_named_forgotten_and_brought_back(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    store, book = window.document.store, window.document.runs
    panel = two_runs(window, qtbot)
    shown = lambda: [panel.table.topLevelItem(k).data(0, NUMBER) for k in range(2)]  # noqa: E731
    for column, rising in ((3, [2, 1]), (8, [1, 2]), (0, [1, 2])):
        panel.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        assert shown() == rising
        panel.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
        assert shown() == rising[::-1]
    panel.table.topLevelItem(1).setText(0, "first try")
    assert book.runs[0].name == "first try" and "first try, train" in panel.plot._drawn
    store.undo()
    assert book.runs[0].name == "" and "run 1, train" in panel.plot._drawn
    panel.table.setCurrentItem(panel.table.topLevelItem(1))
    panel.remove.click()
    assert [r.number for r in book.runs] == [2]
    trained(window, qtbot, 1)
    qtbot.waitUntil(lambda: book.runs[-1].last_epoch == 3, timeout=20_000)
    while len(book.runs) < 2:
        store.undo()
    assert [(r.number, r.last_epoch) for r in book.runs] == [(1, 3), (2, 3)], "what went on meanwhile stays"


def test_settings_are_compared_and_ticked_runs_stand_in_every_plot(
    opened: Opened, qtbot: Any, tmp_path: Path
) -> None:
    window = opened("xor_mlp")
    window.panels.show("curves")
    panel = two_runs(window, qtbot)
    panel.view.show_value("settings")
    panel._draw()
    rows = [panel.settings.topLevelItem(k) for k in range(panel.settings.topLevelItemCount())]
    assert [[r.text(c) for c in range(3)] for r in rows] == [["seed", "0", "5"]]
    panel.view.show_value("log")
    panel.table.setCurrentItem(panel.table.topLevelItem(0))
    panel._draw()
    assert panel.log.topLevelItem(0).text(1) == "run"
    curves, profile = (window.panels.content(n) for n in ("curves", "profile"))
    assert isinstance(curves, CurvesPanel) and isinstance(profile, ProfilePanel)
    assert not any(name.startswith("run 1") for name in curves.curves._drawn)
    panel.everywhere.click()
    assert window.document.runs.overlaid == (1, 2)
    qtbot.waitUntil(lambda: "run 1, train" in curves.curves._drawn, timeout=20_000)
    assert "run 2, train" not in curves.curves._drawn, "it is the one that trains now"
    assert curves.curves._drawn["run 1, train"].line.hue == theme().class_color(0)
    first, second = (r.curves["train_loss"] for r in window.document.runs.runs)
    # Views follow in their turn.
    qtbot.waitUntil(lambda: len(curves.strip.lines().get("run 1", ((),))[0]) == 2, timeout=20_000)
    x, y, _ = curves.strip.lines()["run 1"]
    own = [e.train_loss for e in window.document.bridge.frame.epochs]
    np.testing.assert_allclose(y, np.array(first[:2]) - own, rtol=1e-6)
    assert list(x) == [1, 2] and second == tuple(float(f"{v:.7g}") for v in own)
    qtbot.waitUntil(lambda: bool(profile.profile._others and profile.strip.lines()), timeout=20_000)
    assert [name for name, _, _ in profile.profile._others] == ["run 1"]
    written = panel.export_events(tmp_path / "events")
    assert [p.parent.name for p in written] == ["run_1", "run_2"] and all(p.stat().st_size > 1000 for p in written)
    panel.everywhere.click()
    assert not any(name.startswith("run 1") for name in curves.curves._drawn) and not curves.strip.isVisible()


def test_a_saved_run_has_its_columns_in_the_plots_again(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("xor_mlp")
    document = window.document
    two_runs(window, qtbot)
    kept = [r.measured for r in document.runs.runs]
    saved = tmp_path / "columns.gradloom"
    done: list[bool] = []
    document.save(saved, done.append)
    qtbot.waitUntil(lambda: done == [True], timeout=20_000)
    with qtbot.waitSignal(document.opened, timeout=20_000):
        document.open(saved)
    for new, old in zip((r.measured for r in document.runs.runs), kept, strict=True):
        np.testing.assert_allclose(new.gradients(), old.gradients(), rtol=1e-6)
    count = kept[1].view.count
    qtbot.waitUntil(
        lambda: document.bridge.frame.columns is not None and document.bridge.frame.columns.count == count,
        timeout=20_000,
    )

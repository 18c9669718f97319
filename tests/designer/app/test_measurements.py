"""Measurements in the window: asked for, scheduled, cancelled, refused; each kept with its step and its cost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from designer.app.main_window import MainWindow
from designer.document.verbs.setup import set_training
from designer.panels.measured_layers import IsometryView
from designer.panels.measured_loss import SharpnessView
from designer.panels.measurements import MeasurementsPanel, duration
from designer.panels.run_details import command_words
from engine.probes.measurements.jacobian import LayerJacobian, Spectrum
from engine.training import measuring
from engine.training.measuring import Measured, Moment, NotPossibleError, Watch

Opened = Callable[[str], MainWindow]
ROWS = ("isometry", "step", "plane", "sharpness", "noise", "readout", "readout", "readout", "travel", "filters")


def panel_of(window: MainWindow) -> MeasurementsPanel:
    window.panels.show("measurements")
    panel = window.panels.content("measurements")
    assert isinstance(panel, MeasurementsPanel)
    QApplication.processEvents()
    return panel


def trained(window: MainWindow, qtbot: Any, epochs: int = 1) -> None:
    bridge = window.document.bridge
    for k in range(epochs):
        window.actions_["train.epoch"].trigger()
        qtbot.waitUntil(lambda k=k: bridge.state.name == "paused" and bridge.frame.status.epoch > k, timeout=20_000)


def test_every_measurement_is_made_drawn_and_told(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    panel = panel_of(window)
    trained(window, qtbot)
    step = window.document.bridge.frame.status.step
    for row, kind in enumerate(ROWS):
        panel.choose(row)
        assert panel.view.kind == kind
        if panel.entry.latest is None:
            assert panel.view.plot.empty_sentence().startswith(panel.view.invitation())
            qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
        done = panel.entry
        qtbot.waitUntil(lambda e=done: e.latest is not None or bool(e.problem), timeout=20_000)
        if kind == "filters":
            assert "no convolution" in panel.view.plot.empty_sentence()
            continue
        assert done.latest.step == step and done.latest.cost > 0 and not panel.view.plot.empty_sentence()
        assert f"step {step:,}" in panel.view.plot.title()
        assert f"took {duration(done.latest.cost)}" in panel.view.plot.title()
        assert panel.sentence.text() == panel.view.sentence(done.latest) != ""
        assert len(list(panel.view.plot.table()[1])) > 0
        panel.view.plot.image()


def test_a_schedule_measures_while_training_goes_on(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    panel = panel_of(window)
    panel.choose(3)
    panel.unit.show_value("steps")
    panel.unit.value_changed.emit("steps")
    assert panel.entry.every == 500 and panel.every.isVisible()
    panel.every.value_changed.emit(panel.every.value())
    window.document.store.apply("long", set_training, "epochs", 100_000)
    window.actions_["train.run"].trigger()
    qtbot.waitUntil(lambda: len(panel.entry.results) >= 3, timeout=30_000)
    assert window.document.bridge.state.name == "running"
    steps = [m.step for m in panel.entry.results]
    assert all(b // 500 > a // 500 for a, b in itertools.pairwise(steps))
    assert "every 500 steps" in panel.view.plot.title()
    assert isinstance(panel.view, SharpnessView)
    assert next(x for _, x, _ in panel.view.curves.values_at(steps[1])) == steps[1]
    panel.unit.show_value("off")
    panel.unit.value_changed.emit("off")
    assert panel.entry.every == 0 and not panel.every.isVisible()
    window.actions_["train.run"].trigger()
    qtbot.waitUntil(lambda: window.document.bridge.state.name == "paused")
    window.actions_["train.reset"].trigger()
    qtbot.waitUntil(lambda: not panel.entry.results, timeout=20_000)


def test_one_that_is_cancelled_leaves_nothing(
    opened: Opened, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = threading.Event(), threading.Event()

    def slow(moment: Moment, option: str, watch: Watch) -> Any:
        try:
            for k in range(10_000):
                watch.tell(k, 10_000)
                began.set()
                threading.Event().wait(0.002)
        finally:
            ended.set()

    monkeypatch.setitem(measuring.KINDS, "sharpness", slow)  # type: ignore[arg-type]
    window = opened("spiral")
    panel = panel_of(window)
    panel.choose(3)
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: began.is_set() and "left" in panel.sentence.text(), timeout=20_000)
    assert panel.measure.text() == "Cancel" and 0 < (panel.bar.share() or 0) < 1
    panel.choose(8)
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    assert panel.sentence.text() == "Waits until another measurement is through."
    panel.choose(3)
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    assert ended.wait(5) and panel.measure.text() == "Measure" and panel.entry.latest is None
    panel.choose(8)
    qtbot.waitUntil(lambda: "Nothing has moved yet" in panel.view.plot.empty_sentence(), timeout=20_000)


def test_without_a_run_the_drawing_is_measured_and_errors_are_told(
    opened: Opened, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened("residual_net")
    panel = panel_of(window)
    panel.choose(9)
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.entry.latest is not None, timeout=20_000)
    assert panel.entry.latest.step == 0 and "3 x 3 of 8 x 8 pixels" in panel.sentence.text()

    def fails(moment: Moment, option: str, watch: Watch) -> Any:
        raise NotPossibleError("few samples")

    monkeypatch.setitem(measuring.KINDS, "noise", fails)  # type: ignore[arg-type]
    panel.choose(4)
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "too few samples" in panel.view.plot.empty_sentence(), timeout=20_000)


def test_an_earlier_result_can_be_shown_again(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    panel = panel_of(window)
    seen: list[Measured] = []
    for k in range(2):
        trained(window, qtbot) if not k else window.actions_["train.step"].trigger()
        if k:
            qtbot.waitUntil(lambda: window.document.bridge.frame.status.step == seen[0].step + 1, timeout=20_000)
        panel.measurements.ask("isometry")
        qtbot.waitUntil(lambda k=k: len(panel.entry.results) == k + 1, timeout=20_000)
        seen.append(panel.entry.latest)  # type: ignore[arg-type]
    assert panel.moment.isVisible() and f"step {seen[1].step:,}" in panel.view.plot.title()
    panel.moment.show_value(str(seen[0].step))
    panel.moment.value_changed.emit(str(seen[0].step))
    assert f"step {seen[0].step:,} " in panel.view.plot.title() + " "
    with qtbot.waitSignal(panel.layer_clicked):
        panel.view.plot.layer_clicked.emit("h1")  # type: ignore[attr-defined]
    window.document.selection.show(("h2",))
    assert panel.view.plot._selected == {"h2"}  # type: ignore[attr-defined]


def test_time_travel_is_followed_and_measured(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    panel, slider = panel_of(window), window.status.time.slider
    trained(window, qtbot)
    session = window.document.bridge.session
    panel.choose(3)
    panel.measurements.ask("sharpness")
    qtbot.waitUntil(lambda: panel.entry.latest is not None, timeout=20_000)
    last, now = panel.entry.latest.step, panel.entry.latest.result
    slider.setValue(7)
    qtbot.waitUntil(lambda: panel.measurements.visited == 7, timeout=20_000)
    assert panel.view.plot.empty_sentence().startswith(panel.view.invitation())
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.entry.results) == 2, timeout=20_000)
    assert [m.step for m in panel.entry.results] == [7, last] and "step 7 " in panel.view.plot.title()
    earlier = session.state_at(7).result(10)
    moment = session.ask(lambda t: Moment.at(t, earlier)).result(10)
    assert panel.entry.results[0].result == measuring.measure("sharpness", moment).result != now
    slider.setValue(last)
    qtbot.waitUntil(lambda: panel.measurements.visited is None, timeout=20_000)
    assert f"step {last:,} " in panel.view.plot.title()
    slider.setValue(3)
    qtbot.waitUntil(lambda: panel.measurements.visited == 3, timeout=20_000)
    window.actions_["train.run"].trigger()
    qtbot.waitUntil(lambda: panel.measurements.visited is None, timeout=20_000)


@pytest.mark.parametrize(("seconds", "text"), [(0.003, "3 ms"), (0.84, "0.8 s"), (125.0, "2:05")])
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_results_stay_on_the_run_and_come_back_with_the_file(opened: Opened, qtbot: Any, tmp_path: Path) -> None:
    window = opened("spiral")
    panel = panel_of(window)
    panel.choose(ROWS.index("sharpness"))
    trained(window, qtbot)
    made = window.desk.measurements
    for kind in ("sharpness", "isometry"):
        made.ask(kind)
        qtbot.waitUntil(lambda k=kind: made.entry(k).latest is not None, timeout=20_000)
    document = window.document
    (run,) = document.runs.runs
    told = [command_words(e) for e in run.log if e["command"] == "measure"]
    value = made.entry("sharpness").latest.result.value
    assert told == [f"measured: sharpness, {value:.4g}", "measured: singular values"]
    saved: list[bool] = []
    document.save(tmp_path / "kept.gradloom", saved.append)
    qtbot.waitUntil(lambda: saved == [True], timeout=20_000)
    before = [(m.kind, m.step) for k in ("sharpness", "isometry") for m in made.entry(k).results]
    copy = tmp_path / "copy.gradloom"  # the same file is open already
    copy.write_bytes((tmp_path / "kept.gradloom").read_bytes())
    window.files.open_path(copy)
    qtbot.waitUntil(lambda: window.document is not document and window.document.path is not None, timeout=20_000)
    panel = panel_of(window)
    again = window.desk.measurements
    assert again is not made
    qtbot.waitUntil(lambda: again.entry("sharpness").latest is not None, timeout=20_000)
    assert [(m.kind, m.step) for k in ("sharpness", "isometry") for m in again.entry(k).results] == before
    assert again.entry("sharpness").latest.result.value == pytest.approx(value, rel=1e-5)
    panel.choose(ROWS.index("sharpness"))
    assert not panel.view.plot.empty_sentence()


def test_where_only_an_estimate_is_possible_it_is_said(qapp: QApplication) -> None:
    view = IsometryView()
    every = Spectrum((4, 4), np.ones(4), 1.0, 0.0, 0.0)
    some = Spectrum((600, 600), np.zeros(0), 1.0, 0.5, 0.01)
    exact = Measured("isometry", 0, 0.1, (LayerJacobian("a", every, every),))
    assert "estimated" not in view.sentence(exact)
    mixed = Measured("isometry", 0, 0.1, (LayerJacobian("a", every, every), LayerJacobian("wide", some, some)))
    assert "More than 512 outputs: of wide mark and spread are estimated from 64" in view.sentence(mixed)

"""After a run: what Run says and does, more epochs, back from a divergence, and pressing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from designer.app.main_window import MainWindow
from designer.app.time_slider import TimeSlider
from designer.document.verbs.params import set_param
from designer.document.verbs.setup import set_data_field, set_training
from engine.declare import Spec
from engine.training import Session

Opened = Callable[[str], MainWindow]


def wait(qtbot: Any, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=30_000)


@pytest.fixture
def finished(opened: Opened, qtbot: Any) -> MainWindow:
    """XOR, two epochs trained."""
    window = opened("xor_mlp")
    window.document.store.apply("e", set_training, "epochs", 2)
    window.toggle_run()
    wait(qtbot, lambda: window.document.bridge.state.name == "finished")
    return window


def test_run_says_that_it_would_start_again(finished: MainWindow, qtbot: Any) -> None:
    action = finished.actions_["train.run"]
    assert "again" in action.text() and "initial weights" in action.toolTip()
    action.trigger()
    wait(qtbot, lambda: len(finished.document.bridge.frame.epochs) < 2)
    wait(qtbot, lambda: finished.document.bridge.state.name == "finished" and action.text().endswith("start"))
    finished.document.store.apply("e", set_training, "epochs", 4)
    wait(qtbot, lambda: "again" not in action.text())  # more epochs are asked for: it would go on


def test_more_epochs_go_on_from_the_weights_as_they_are(finished: MainWindow, qtbot: Any) -> None:
    bridge, notice = finished.document.bridge, finished.notice.current
    assert notice is not None and [b[0] for b in notice.buttons][:2] == ["Go on for 2 more epochs", "Start again"]
    session, losses = bridge.session, [e.train_loss for e in bridge.frame.epochs]
    notice.buttons[0][1]()
    wait(qtbot, lambda: bridge.state.name == "finished" and len(bridge.frame.epochs) == 4)
    assert bridge.session is session and [e.train_loss for e in bridge.frame.epochs][:2] == losses
    assert finished.document.store.undo_stack.count() == 2


def test_pressing_run_twice_while_weights_are_kept_starts_one_training(
    finished: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge, store = finished.document.bridge, finished.document.store
    dense = [n.id for n in store.state.graph.nodes.values() if n.type == "dense"]
    store.apply("k", set_training, "start_from", "keep")
    store.apply("w", set_param, dense[:1], "units", 5)
    made: list[Session] = []
    start = Session.start
    monkeypatch.setattr(Session, "start", lambda self: (made.append(self), start(self))[1])
    bridge.run()
    bridge.run()
    wait(qtbot, lambda: bridge.state.name == "finished" and bool(made))
    assert len(made) == 1
    store.apply("w", set_param, dense[:1], "units", 6)
    finished.toggle_run()
    finished.toggle_run()
    assert not bridge.state.busy
    qtbot.wait(200)
    assert len(made) == 1 and not bridge.state.busy, "the second press was Pause"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_after_a_divergence_one_may_go_back_with_a_smaller_rate(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    store, bridge = window.document.store, window.document.bridge
    for node in list(store.state.graph.nodes.values()):
        if node.type == "dense":
            store.apply("linear", set_param, (node.id,), "activation", Spec("linear"))
        if node.type == "output":
            store.apply("loss", set_param, (node.id,), "loss", Spec("mse"))
    store.apply("sgd", set_training, "optimizer", Spec("sgd", {"rate": 0.0003}))
    store.apply("values", set_data_field, "source", Spec("spiral", {"labels": "values"}))
    bridge.epoch()
    wait(qtbot, lambda: bridge.state.name == "paused" and bridge.frame.status.epoch == 1)
    store.apply("high", set_training, "optimizer", Spec("sgd", {"rate": 1e7}))
    bridge.run()
    wait(qtbot, lambda: bridge.state.name == "diverged")
    notice = window.notice.current
    assert notice is not None and notice.buttons[1][0].startswith("Go on from step ")
    best = int(notice.buttons[1][0].split()[4])
    losses = bridge.frame.columns.loss[: bridge.frame.status.steps_per_epoch]
    assert best == losses.argmin()
    notice.buttons[1][1]()
    wait(qtbot, lambda: bridge.state.name == "paused" and store.state.training.optimizer.params["rate"] == 1e6)
    assert bridge.session.status.step == best
    bridge.step()
    wait(qtbot, lambda: bridge.session.status.step == best + 1 or bridge.state.name == "diverged")
    assert bridge.session.columns.rate[bridge.session.columns.count - 1] == pytest.approx(1e6, rel=0.5)


def test_stop_is_on_the_tool_bar(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    window.document.store.apply("e", set_training, "epochs", 100_000)
    button = next(
        window.top_bar.widgetForAction(a)
        for a in window.top_bar.actions()
        if getattr(window.top_bar.widgetForAction(a), "defaultAction", lambda: None)() is window.actions_["train.stop"]
    )
    assert not button.isEnabled()
    window.toggle_run()
    wait(qtbot, lambda: window.document.bridge.state.name == "running")
    wait(qtbot, lambda: window.document.bridge.session.status.step > 0)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: window.document.bridge.state.name == "finished")


def test_stop_ends_the_run_as_at_its_last_epoch_and_go_on_takes_it_back(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    bridge, runs = window.document.bridge, window.document.runs
    window.document.store.apply("e", set_training, "epochs", 100_000)
    window.toggle_run()
    wait(qtbot, lambda: len(bridge.frame.epochs) > 1)
    window.actions_["train.run"].trigger()
    wait(qtbot, lambda: bridge.state.name == "paused")
    assert window.actions_["train.stop"].isEnabled()
    window.actions_["train.stop"].trigger()
    wait(qtbot, lambda: bridge.state.name == "finished")
    notice = window.notice.current
    assert notice is not None and notice.text.startswith("Stopped by hand.") and "Test set: loss" in notice.text
    assert "Validation: loss" in notice.text and runs.runs[-1].outcome == "stopped"
    assert window.actions_["train.run"].text() == "&Run again from the start"
    assert not window.actions_["train.stop"].isEnabled()
    stood = bridge.session.status.step
    next(act for words, act in notice.buttons if words == "Go on")()
    wait(qtbot, lambda: bridge.state.name == "running" and bridge.session.status.step > stood)
    bridge.pause()
    wait(qtbot, lambda: bridge.state.name == "paused")
    assert bridge.frame.columns.count > stood


def test_the_window_says_preparing_until_the_run_runs(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    said: list[str] = []
    window.document.bridge.state_changed.connect(lambda state: said.append(state.name))
    window.toggle_run()
    assert window.status.badge.text() == "preparing"
    wait(qtbot, lambda: "running" in said)
    assert said[: said.index("running")] == ["preparing"]


def test_a_click_on_the_time_track_goes_there(qtbot: Any) -> None:
    time = TimeSlider()
    qtbot.addWidget(time)
    time.show()
    time.slider.setRange(0, 1000)
    time.slider.setValue(1000)
    width = time.slider.width()
    for share in (0.25, 0.5, 0.75):
        QTest.mouseClick(time.slider, Qt.MouseButton.LeftButton, pos=QPoint(round(width * share), 8))
        assert abs(time.slider.value() - 1000 * share) < 60

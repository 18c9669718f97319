"""The time slider in the window: earlier moments in every view, back to the present, and on from an earlier step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from designer.app.main_window import MainWindow
from designer.app.status_bar import TrainingStatus
from designer.session.frame import Frame
from engine.training.events import Status

Opened = Callable[[str], MainWindow]


def wait(qtbot: Any, condition: Callable[[], bool], seconds: float = 30) -> None:
    qtbot.waitUntil(condition, timeout=int(seconds * 1000))


def test_the_slider_moves_every_view_and_a_fork_goes_on(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, slider = window.document.bridge, window.status.time
    assert not slider.isVisible()
    for epoch in (1, 2):
        window.actions_["train.epoch"].trigger()
        wait(qtbot, lambda e=epoch: bridge.state.name == "paused" and bridge.frame.status.epoch == e)
    last = bridge.frame.status.step
    wait(qtbot, lambda: slider.isVisible() and slider.slider.maximum() == last)
    assert slider.slider.value() == last and not slider.go_on.isVisible()
    losses = bridge.frame.columns.loss[:last].copy()
    first_epoch = bridge.frame.epochs[0]
    middle = last * 3 // 4
    slider.slider.setValue(middle)
    wait(qtbot, lambda: bridge.frame.snapshot is not None and bridge.frame.snapshot.step == middle)
    assert slider.go_on.isVisible() and bridge.frame.status.step == last
    run = bridge.frame.run
    qtbot.mouseClick(slider.go_on, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: bridge.frame.run > run and bridge.state.name == "paused")
    assert bridge.session.status.step == middle
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: bridge.state.name == "paused" and bridge.frame.status.epoch == 2)
    again = bridge.frame.columns.loss[: bridge.frame.columns.count]
    np.testing.assert_array_equal(again, losses)
    assert bridge.frame.epochs[0].validation_loss == first_epoch.validation_loss


def test_the_step_is_not_cut_off_as_the_run_grows_longer(qtbot: Any) -> None:
    window, bar = QMainWindow(), TrainingStatus()
    qtbot.addWidget(window)
    window.setStatusBar(bar)
    window.resize(1440, 300)
    window.show()
    for step in (1, 10, 900, 2500):
        bar.time.show_frame(Frame(status=Status(step=step)))
        qtbot.waitUntil(lambda: bar.time.place.geometry().right() < bar.time.width(), timeout=20_000)
        assert bar.time.place.elided() == bar.time.place.text()
        assert bar.time.label.width() == bar.time.label.sizeHint().width()

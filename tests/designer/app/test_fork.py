"""A fork in the window: one change, both sides in every plot with their difference, and one of them goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.app.top_bar import set_rate
from designer.document.verbs import set_param
from designer.document.verbs.setup import set_training
from designer.panels.curves import CurvesPanel
from designer.panels.histograms import HistogramsPanel
from designer.panels.profile import ProfilePanel
from designer.panels.waterfall import WaterfallPanel
from designer.session.staleness import shared_edit
from engine.declare import Spec
from engine.graph import TrainingSetup

Opened = Callable[[str], MainWindow]


def wait(qtbot: Any, condition: Callable[[], Any], seconds: float = 30) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=int(seconds * 1000))


def press(window: MainWindow, key: str) -> None:
    button = next(b for b in window.notice.current.buttons if b[0] == key)
    button[1]()


def forked(window: MainWindow, qtbot: Any, epochs: int = 2) -> Any:
    """Some epochs, then a fork with ELU in the first hidden layer; both sides prepared and running."""
    bridge, store = window.document.bridge, window.document.store
    for k in range(1, epochs + 1):
        window.actions_["train.epoch"].trigger()
        wait(qtbot, lambda k=k: bridge.state.name == "paused" and len(bridge.frame.epochs) == k)
    window.actions_["train.fork"].trigger()
    wait(qtbot, lambda: bridge.fork.stage == "chosen")
    assert window.notice.current.text.startswith("Fork at step")
    hidden = next(n for n in store.state.graph.nodes.values() if n.type == "dense")
    for kind in ("sigmoid", "elu"):
        store.apply("activation", set_param, (hidden.id,), "activation", Spec(kind))
    assert not bridge.stale, "nothing is judged before it starts"
    window.actions_["train.run"].trigger()
    wait(qtbot, lambda: bridge.fork.on and bridge.frame.status is not None and bridge.frame.other.status is not None)
    return hidden.id


def test_both_sides_are_in_every_plot_and_rest_together(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    document, bridge = window.document, window.document.bridge
    window.panels.show("curves")
    window.panels.show("waterfall")
    before, steps = document.store.state, document.store.undo_stack.count()
    node = forked(window, qtbot)
    assert document.store.undo_stack.count() == steps + 1, "the change is one undo step"
    wait(qtbot, lambda: len(bridge.frame.epochs) > 4 and len(bridge.frame.other.epochs) > 4)
    window.actions_["train.run"].trigger()
    wait(qtbot, lambda: bridge.state.name == "paused" and bridge.fork.state.name == "paused")
    a, b = bridge.fork.sessions
    assert bridge.fork.pacer.made[0] == bridge.fork.pacer.made[1] > 0
    wait(qtbot, lambda: bridge.frame.columns.count == bridge.frame.other.columns.count == a.status.step)
    part = bridge.fork.origin.step
    one, two = bridge.frame.other.columns.loss, bridge.frame.columns.loss
    np.testing.assert_array_equal(one[:part], two[:part])
    assert (one[part + 1 : a.status.step] != two[part + 1 : a.status.step]).any()
    curves, waterfall = (window.panels.content(n) for n in ("curves", "waterfall"))
    assert isinstance(curves, CurvesPanel) and isinstance(waterfall, WaterfallPanel)
    wait(qtbot, lambda: {"A, train", "B, train"} <= set(curves.curves._drawn))
    wait(qtbot, lambda: any(len(x) >= part + 20 for x, _, _ in curves.strip.lines().values()))
    (x, y, _), = curves.strip.lines().values()
    shown = {round(k * bridge.frame.status.steps_per_epoch): v for k, v in zip(x, y, strict=True)}
    for step in (part + 1, part + 20):
        assert shown[step] == two[step - 1] - one[step - 1]
    wait(qtbot, lambda: waterfall.beside.difference is not None and waterfall.beside.difference.isVisible())
    window.panels.show("histograms")
    profile = window.panels.content("profile")
    assert isinstance(profile, ProfilePanel)
    wait(qtbot, lambda: profile.strip.lines())
    histograms = window.panels.content("histograms")
    assert isinstance(histograms, HistogramsPanel)
    wait(qtbot, lambda: histograms.strip.lines())
    assert "→ ELU" in window.runs.fork.words()
    press(window, "Keep A")
    assert document.store.state.graph.nodes[node] == before.graph.nodes[node]
    assert bridge.fork.stage == "off" and bridge.session is a and not bridge.stale
    wait(qtbot, lambda: not b.alive)
    step = a.status.step
    window.actions_["train.step"].trigger()
    wait(qtbot, lambda: a.status.step == step + 1 and bridge.state.name == "paused")


def test_keeping_both_leaves_two_runs_and_undo_shows_the_other_side(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    document, bridge, store = window.document, window.document.bridge, window.document.store
    forked(window, qtbot, 1)
    wait(qtbot, lambda: len(bridge.frame.epochs) > 2 and len(bridge.frame.other.epochs) > 2)
    assert bridge.frame.side == "B"
    store.undo()
    assert bridge.frame.side == "A" and bridge.fork.on and not bridge.stale
    store.redo()
    assert bridge.frame.side == "B" and bridge.frame.other.side == "A"
    press(window, "Keep both")
    wait(qtbot, lambda: len(document.runs.runs) >= 2)
    window.actions_["train.stop"].trigger()
    wait(qtbot, lambda: bridge.state.name in ("paused", "finished"))
    runs = document.runs.runs
    assert len(runs) == 2 and runs[0].parent is None
    assert runs[1].parent == (1, bridge.frame.status.steps_per_epoch)
    assert runs[0].measured is not None and runs[1].measured is not None
    assert [c["command"] for c in runs[1].log][:1] == ["run"]
    document.runs.remove((runs[0].number,))
    assert len(document.runs.runs) == 1
    store.undo()
    assert [r.number for r in document.runs.runs] == [r.number for r in runs]


def test_a_fork_from_an_earlier_step_and_one_that_is_cancelled(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, slider = window.document.bridge, window.status.time
    for k in (1, 2):
        window.actions_["train.epoch"].trigger()
        wait(qtbot, lambda k=k: bridge.state.name == "paused" and len(bridge.frame.epochs) == k)
    wait(qtbot, lambda: slider.slider.maximum() == bridge.frame.status.step)
    slider.slider.setValue(7)
    wait(qtbot, lambda: bridge.frame.snapshot is not None and bridge.frame.snapshot.step == 7)
    qtbot.mouseClick(slider.fork, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: bridge.fork.stage == "chosen")
    assert bridge.fork.origin.step == 7
    press(window, "Cancel")
    assert bridge.fork.stage == "off" and bridge.session is not None and not bridge.stale
    qtbot.mouseClick(slider.fork, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: bridge.fork.stage == "chosen")
    losses = bridge.frame.columns.loss[: bridge.frame.status.step].copy()
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: bridge.fork.on and bridge.state.name == "paused" and len(bridge.frame.epochs) == 1)
    wait(qtbot, lambda: bridge.fork.state.name == "paused" and bridge.frame.other.columns.count >= 10)
    per_epoch = bridge.frame.status.steps_per_epoch
    np.testing.assert_array_equal(bridge.frame.other.columns.loss[:per_epoch], losses[:per_epoch])
    np.testing.assert_array_equal(bridge.frame.columns.loss[:per_epoch], losses[:per_epoch])


def test_going_on_from_an_earlier_step_is_a_fork_alone(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, document = window.document.bridge, window.document
    for k in (1, 2):
        window.actions_["train.epoch"].trigger()
        wait(qtbot, lambda k=k: bridge.state.name == "paused" and len(bridge.frame.epochs) == k)
    losses = bridge.frame.columns.loss[: bridge.frame.status.step].copy()
    per_epoch = bridge.frame.status.steps_per_epoch
    bridge.go_on_from(per_epoch + 3)
    wait(qtbot, lambda: bridge.frame.status is not None and bridge.frame.status.step == per_epoch + 3)
    wait(qtbot, lambda: bridge.state.name == "paused")
    assert bridge.fork.stage == "off"
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: bridge.state.name == "paused" and len(bridge.frame.epochs) == 2)
    np.testing.assert_array_equal(bridge.frame.columns.loss[: 2 * per_epoch], losses)
    wait(qtbot, lambda: len(document.runs.runs) == 2)
    assert document.runs.runs[1].parent == (1, per_epoch + 3)
    bridge.visit(2)
    wait(qtbot, lambda: bridge.frame.snapshot is not None and bridge.frame.snapshot.step == 2)


def test_side_a_is_the_run_that_was_and_side_b_a_new_one(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, book = window.document.bridge, window.document.runs
    for k in (1, 2):
        window.actions_["train.epoch"].trigger()
        wait(qtbot, lambda k=k: bridge.state.name == "paused" and len(bridge.frame.epochs) == k)
    bridge.fork.choose()
    wait(qtbot, lambda: bridge.fork.stage == "chosen")
    bridge.fork.launch("wait")
    wait(qtbot, lambda: bridge.state.name == "paused" and bridge.fork.state.name == "paused")
    a, b = bridge.fork.sessions
    wait(qtbot, lambda: (book.number_of(a), book.number_of(b)) == (1, 2))
    bridge.epoch()
    wait(qtbot, lambda: len(bridge.frame.epochs) == 3 and len(bridge.frame.other.epochs) == 3)
    wait(qtbot, lambda: [r.last_epoch for r in book.runs] == [3, 3])
    assert [r.parent for r in book.runs] == [None, (1, 2 * bridge.frame.status.steps_per_epoch)]


def test_both_sides_follow_the_rate_and_only_the_one_shown_where_they_differ_in_it(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    bridge, store = window.document.bridge, window.document.store
    forked(window, qtbot, 1)
    a, b = bridge.fork.sessions
    store.apply("rate", set_rate, 0.0123)
    store.apply("epochs", set_training, "epochs", 77)
    assert bridge.fork.on and not bridge.stale and bridge.frame.side == "B"
    wait(qtbot, lambda: a.status.rate == b.status.rate == 0.0123 and a.status.epochs == b.status.epochs == 77)
    assert "→ ELU" in window.runs.fork.words() and "77" not in window.runs.fork.words()
    for side in (a, b):
        assert [e["value"] for e in side.commands if e["command"] == "rate"][-1] == 0.0123
    store.undo()
    store.undo()
    wait(qtbot, lambda: a.status.rate == b.status.rate != 0.0123)
    assert bridge.fork.on and not bridge.stale


def test_a_setting_that_is_the_forks_own_change_stays_one_sides() -> None:
    old = TrainingSetup(optimizer=Spec("sgd", {"rate": 0.1}), epochs=5)
    other = TrainingSetup(optimizer=Spec("adam", {"rate": 0.3}), epochs=5)
    new = TrainingSetup(optimizer=Spec("sgd", {"rate": 0.2}), epochs=9)
    shared, own = shared_edit(old, new, other)
    assert own and shared == TrainingSetup(optimizer=Spec("adam", {"rate": 0.3}), epochs=9)
    same = TrainingSetup(optimizer=Spec("adam", {"rate": 0.1, "beta1": 0.8}), epochs=5)
    shared, own = shared_edit(old, new, same)
    assert not own and shared == TrainingSetup(optimizer=Spec("adam", {"rate": 0.2, "beta1": 0.8}), epochs=9)

"""A window trains: real engine, real widgets, no mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from designer.app.file_flow import SAMPLES
from designer.app.main_window import MainWindow
from designer.document.verbs.params import set_param
from designer.document.verbs.setup import set_data_field, set_training
from engine.declare import Spec

Opened = Callable[[str], MainWindow]


def state(window: MainWindow) -> str:
    return window.document.bridge.state.name


def wait(qtbot: Any, condition: Callable[[], bool], seconds: float = 30) -> None:
    qtbot.waitUntil(condition, timeout=int(seconds * 1000))


def at(window: MainWindow) -> int:
    """Steps done, as far as the window knows."""
    status = window.document.bridge.frame.status
    return -1 if status is None else status.step


def test_the_sample_whose_gradient_vanishes_learns_once_its_activations_are_relu(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    assert window.notice.current is not None and window.notice.current.text.startswith("1 of 3")
    window.actions_["train.step"].trigger()
    wait(qtbot, lambda: at(window) == 1 and state(window) == "paused")
    wait(qtbot, lambda: bool(window.document.bridge.frame.snapshot and window.document.bridge.frame.snapshot.step == 1))
    layers = window.document.bridge.frame.snapshot.layers
    assert layers[0].weight_grad_norm < 1e-5 < layers[-1].weight_grad_norm
    window.actions_["train.run"].trigger()
    assert window.notice.current.text.startswith("2 of 3")
    wait(qtbot, lambda: state(window) == "finished", 60)
    stuck = window.document.bridge.frame.epochs[-1].train_loss
    assert 0.45 < stuck < 0.55
    window.notice.clear("run")
    window.set_hidden_activation("relu")
    assert window.document.store.undo_stack.count() == 1
    assert window.document.bridge.stale
    assert window.settings.hint_seen("vanishing_gradients")
    run = window.document.bridge.frame.run
    window.actions_["train.run"].trigger()
    wait(qtbot, lambda: window.document.bridge.frame.run > run and state(window) == "finished", 60)
    assert window.document.bridge.frame.epochs[-1].train_loss < 0.25


def test_the_hint_also_comes_where_its_sample_is_opened_as_a_file(window: MainWindow, qtbot: Any) -> None:
    window.document.open(SAMPLES / "xor_mlp.json")
    qtbot.waitUntil(lambda: window.document.name == "xor_mlp.json", timeout=20_000)
    assert window.notice.current is None
    window.document.open(SAMPLES / "vanishing_gradients.json")
    qtbot.waitUntil(lambda: window.document.name == "vanishing_gradients.json", timeout=20_000)
    assert window.notice.current is not None and window.notice.current.text.startswith("1 of 3")


def test_pause_step_epoch_and_reset(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge = window.document.bridge
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: state(window) == "paused" and bridge.frame.status.epoch == 1)
    per_epoch = bridge.frame.status.steps_per_epoch
    assert bridge.frame.status.step == per_epoch
    window.actions_["train.step"].trigger()
    wait(qtbot, lambda: at(window) == per_epoch + 1)
    first = bridge.frame.columns.loss[:per_epoch].copy()
    window.actions_["train.reset"].trigger()
    wait(qtbot, lambda: bridge.session.status.step == 0)
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: at(window) == per_epoch and bridge.frame.columns.count == per_epoch)
    np.testing.assert_array_equal(bridge.frame.columns.loss[:per_epoch], first)


def test_a_rate_changes_while_it_runs_and_epochs_too(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, store = window.document.bridge, window.document.store
    window.actions_["train.step"].trigger()
    wait(qtbot, lambda: bridge.frame.status is not None and bridge.frame.status.step == 1)
    kept = bridge.session
    window.top_bar.rate.edit.setFocus()
    window.top_bar.rate.show_value(0.5)
    window.top_bar._change_rate(0.5)
    store.apply("e", set_training, "epochs", 3)
    window.actions_["train.step"].trigger()
    wait(qtbot, lambda: bridge.frame.status.step == 2)
    assert bridge.session is kept and not bridge.stale
    factor = bridge.frame.columns.rate[1] / 0.5
    assert 0.5 < factor <= 1.0, "the schedule may lower it, nothing else"
    assert bridge.frame.status.epochs == 3


def test_keeping_weights_says_what_starts_anew(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge, store = window.document.bridge, window.document.store
    window.actions_["train.epoch"].trigger()
    wait(qtbot, lambda: state(window) == "paused" and bridge.frame.status.epoch == 1)
    before = bridge.session.weights()
    wait(qtbot, before.done)
    dense = [n.id for n in store.state.graph.nodes.values() if n.type == "dense"]
    store.apply("wider", set_param, dense[1:2], "units", 21)
    assert window.notice.current.key == "edited"
    assert "Run starts from" in window.notice.current.text
    window.notice.current.choice[2]("keep")
    assert store.state.training.start_from == "keep"
    window.actions_["train.step"].trigger()
    wait(
        qtbot,
        lambda: bridge.frame.plan is not None and bridge.frame.status is not None and bridge.frame.status.step == 1,
    )
    after = bridge.session.weights()
    wait(qtbot, after.done)
    moved = np.abs(after.result()[dense[0], "weight"] - before.result()[dense[0], "weight"]).max()
    assert moved < 0.2, "one step away from the trained weights, not drawn anew"
    assert window.notice.current.key == "fresh"
    assert store.state.graph.nodes[dense[1]].name in window.notice.current.text


def test_a_failure_names_the_reason_and_run_works_again(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    store = window.document.store
    store.apply("wrong", set_data_field, "source", Spec("iris"))
    wait(qtbot, lambda: window.document.loader.dataset is not None and window.document.loader.dataset.name != "Spiral")
    window.document.bridge.run()
    wait(qtbot, lambda: state(window) == "failed")
    said = {n.key: n for n in window.notice._notices}
    assert said["run"].tone == "error" and "4" in said["run"].text
    assert window.notice.current is said["fit"], "what to do about it stands in front"
    store.undo()
    wait(qtbot, lambda: window.document.loader.dataset is not None)
    window.document.bridge.step()
    wait(qtbot, lambda: state(window) == "paused" and window.document.bridge.frame.status.step == 1)


def test_divergence_names_the_layer_and_offers_a_lower_rate(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    store = window.document.store
    for node in list(store.state.graph.nodes.values()):
        if node.type == "dense":
            store.apply("linear", set_param, (node.id,), "activation", Spec("linear"))
        if node.type == "output":
            store.apply("loss", set_param, (node.id,), "loss", Spec("mse"))
    store.apply("sgd", set_training, "optimizer", Spec("sgd", {"rate": 1e6}))
    store.apply("values", set_data_field, "source", Spec("spiral", {"labels": "values"}))
    window.document.bridge.run()
    wait(qtbot, lambda: state(window) == "diverged")
    assert "Diverged at step" in window.notice.current.text
    window.notice.current.buttons[0][1]()
    assert store.state.training.optimizer.params["rate"] == 1e5
    wait(qtbot, lambda: state(window) == "paused")


def test_the_test_set_is_looked_at_once_at_the_end(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    window.document.store.apply("e", set_training, "epochs", 2)
    window.show_panel("answers")
    window.document.bridge.run()
    wait(qtbot, lambda: state(window) == "finished")
    frame = window.document.bridge.frame
    assert set(frame.results) == {"test"}
    assert "Test set: loss" in window.notice.current.text
    panel = window.panels.made("answers")
    wait(qtbot, lambda: panel.shown is not None)
    wrong = (~panel.shown.right).sum()
    assert (~panel.shown.right[:wrong]).all(), "wrong ones first"


def test_hidden_panels_get_no_data_and_ask_for_none(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    window.show_panel("histograms")
    histograms, waterfall = window.panels.made("histograms"), window.panels.made("waterfall")
    wait(qtbot, lambda: histograms.watching() and not waterfall.watching())
    window.document.bridge.run()
    wait(qtbot, lambda: bool(histograms.seen.earlier))
    assert waterfall.seen.columns is None
    assert "histograms" in window.document.bridge._request.wants
    window.show_panel("waterfall")
    wait(qtbot, lambda: waterfall.seen.columns is not None and not histograms.watching())
    wait(qtbot, lambda: "histograms" not in window.document.bridge._request.wants)
    window.document.bridge.pause()


def test_live_plots_and_cards_move(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    window.document.bridge.run()
    curves, profile = window.panels.made("curves"), window.panels.made("profile")
    overlay = window.canvas.overlay
    wait(qtbot, lambda: bool(curves.seen.epochs) and profile.seen.snapshot is not None and len(overlay.values) > 3)
    assert not curves.plot.empty_sentence() and not profile.plot.empty_sentence()
    dense = [n.id for n in window.document.store.state.graph.nodes.values() if n.type == "dense"]
    assert set(dense) <= set(overlay.pictures)
    assert overlay.values[dense[0]].tone == "error"
    window.top_bar.flow.show_value("grad")
    window.feed.show_mode("grad")
    assert overlay.mode == "grad" and len(overlay.flow) == len(window.document.store.state.graph.edges)
    window.document.bridge.pause()


def test_a_new_seed_starts_elsewhere_and_reset_does_not(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    bridge = window.document.bridge
    firsts = []
    for command in ("train.step", "train.seed", "train.step"):
        window.actions_[command].trigger()
        if command == "train.step":
            wait(
                qtbot, lambda: bridge.frame.columns is not None and bridge.frame.columns.count == 1 and not bridge.stale
            )
            wait(qtbot, lambda: bridge.state.name == "paused" and window.actions_["train.step"].isEnabled())
            firsts.append(float(bridge.frame.columns.loss[0]))
    assert window.document.store.state.training.seed == 1
    assert firsts[0] != firsts[1]


def test_run_after_an_early_stop_starts_again(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    bridge, store = window.document.bridge, window.document.store
    store.apply("p", set_training, "patience", 1)
    store.apply("m", set_training, "min_change", 100.0)
    bridge.run()
    wait(qtbot, lambda: state(window) == "finished")
    assert bridge.state.cause.reason == "patience" and bridge.session.status.epoch == 2
    bridge.run()
    wait(qtbot, lambda: state(window) == "running" or bridge.frame.epochs == ())
    wait(qtbot, lambda: state(window) == "finished" and len(bridge.frame.epochs) == 2)


def test_a_split_without_samples_is_not_evaluated(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    bridge, store = window.document.bridge, window.document.store
    store.apply("none", set_data_field, "validation", 0.0)
    wait(qtbot, lambda: window.document.loader.dataset is not None)
    bridge.step()
    wait(qtbot, lambda: state(window) == "paused" and at(window) == 1)
    assert not bridge.holds("validation") and bridge.holds("train")
    assert not window.actions_["train.evaluate"].isEnabled()
    bridge.evaluate("validation")
    bridge.evaluate("train")
    wait(qtbot, lambda: set(bridge.frame.results) == {"train"})
    assert state(window) == "paused"

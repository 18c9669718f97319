"""The doctor in the window, on the sample whose gradient vanishes: finding, trial, one undo step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.document.verbs.doctor_fixes import hidden_layers
from designer.document.verbs.params import set_param
from designer.panels.doctor import DoctorPanel
from designer.panels.finding_card import FindingCard
from designer.session.examinations import Examinations
from engine.declare import Spec
from engine.files.graph_json import project_bytes
from widgets.i18n import install_language

Opened = Callable[[str], MainWindow]
RULE = "vanishing_gradient"


def panel_of(window: MainWindow) -> DoctorPanel:
    window.panels.show("doctor")
    found = window.panels.content("doctor")
    assert isinstance(found, DoctorPanel)
    return found


def found_card(window: MainWindow, qtbot: Any) -> FindingCard:
    """Trains a few epochs and waits for the card."""
    panel = panel_of(window)
    for k in range(1, 4):
        window.actions_["train.epoch"].trigger()
        qtbot.waitUntil(lambda k=k: len(window.document.bridge.frame.epochs) == k, timeout=30_000)
    qtbot.waitUntil(lambda: RULE in panel.cards, timeout=20_000)
    return panel.cards[RULE]


def settled(window: MainWindow, qtbot: Any) -> None:
    bridge, rounds = window.document.bridge, window.document.examinations
    qtbot.waitUntil(
        lambda: rounds.report is not None and rounds.report.step == bridge.frame.status.step, timeout=20_000
    )


def test_the_card_names_the_starving_layers_with_numbers(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    card = found_card(window, qtbot)
    settled(window, qtbot)
    deltas = {s.node: s.delta_rms for s in window.document.bridge.frame.snapshot.layers}
    nodes = window.document.store.state.graph.nodes
    assert "h1" in card.card.layers and "out" not in card.card.layers
    # Independent of the rule: the live statistics of the last batch show the same layers far below the last one.
    assert all(deltas[n] < 0.003 * max(deltas.values()) for n in card.card.layers)
    assert all(f">{nodes[n].name}</a>" in card.layers.text() for n in card.card.layers)
    text = card.evidence.text()
    assert "decades" in text and nodes["h1"].name in text and "{" not in text + card.cause.text()
    assert "Hochreiter 1991" in card.source.text()
    assert window.panels.docks["doctor"].windowTitle() == "Doctor (1)"


def test_a_layers_name_selects_it_and_the_card_all_of_them(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    card = found_card(window, qtbot)
    card.layers.linkActivated.emit("h2")
    assert window.document.selection.nodes == ("h2",)
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=card.rect().bottomLeft())
    qtbot.waitUntil(lambda: window.document.selection.nodes == card.card.layers, timeout=20_000)


def test_apply_is_one_step_and_undo_restores_every_byte(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    store = window.document.store
    before = project_bytes(store.state.project())
    card = found_card(window, qtbot)
    qtbot.mouseClick(card.applies[0], Qt.MouseButton.LeftButton)
    assert store.undo_stack.count() == 1
    hidden = hidden_layers(store.state.graph)
    assert len(hidden) == 6
    for node in hidden:
        params = store.state.graph.nodes[node].params
        assert params["activation"] == Spec("relu") and params["weight_init"] == Spec("he_normal")
    assert panel_of(window).note.isVisibleTo(window) and not card.tries[0].isEnabled()
    store.undo()
    assert project_bytes(store.state.project()) == before


def test_a_trial_shows_both_losses_and_leaves_the_document_alone(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    store, panel, trial = window.document.store, panel_of(window), window.document.trial
    card = found_card(window, qtbot)
    before = store.state
    qtbot.mouseClick(card.tries[0], Qt.MouseButton.LeftButton)
    view = panel.trial_view
    assert trial.busy and view is not None and card.isAncestorOf(view)
    qtbot.waitUntil(lambda: not trial.busy, timeout=30_000)
    assert trial.outcome == "finished" and len(trial.epochs) == 3
    assert store.state is before and len(window.document.bridge.frame.epochs) == 3
    drawn = view.plot._drawn
    assert list(drawn["as it is, train"].y) == [e.train_loss for e in window.document.bridge.frame.epochs]
    assert list(drawn["changed, train"].y) == [e.train_loss for e in trial.epochs]
    assert drawn["changed, train"].line.run == "B"
    qtbot.mouseClick(view.apply, Qt.MouseButton.LeftButton)
    assert store.undo_stack.count() == 1 and panel.trial_view is None
    # The document now trains as the trial did: same seed, same data, same change.
    window.actions_["train.epoch"].trigger()
    bridge = window.document.bridge
    qtbot.waitUntil(lambda: bridge.state.name == "paused" and len(bridge.frame.epochs) == 1, timeout=30_000)
    assert bridge.frame.epochs[0].train_loss == trial.epochs[0].train_loss


def test_a_trial_can_be_stopped_and_ends_by_itself(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    trial, panel = window.document.trial, panel_of(window)
    card = found_card(window, qtbot)
    trial.seconds = 0.0
    qtbot.mouseClick(card.tries[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not trial.busy, timeout=20_000)
    assert trial.outcome in ("time", "finished")
    trial.seconds = 30.0
    qtbot.mouseClick(card.tries[1], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.trial_view.stop, Qt.MouseButton.LeftButton)
    assert not trial.busy and trial.outcome == "cancelled"
    qtbot.mouseClick(panel.trial_view.dismiss, Qt.MouseButton.LeftButton)
    assert panel.trial_view is None and window.document.store.undo_stack.count() == 0


def test_a_healthy_network_gets_a_calm_sentence_and_the_cost(opened: Opened, qtbot: Any) -> None:
    window = opened("xor_mlp")
    panel = panel_of(window)
    assert panel.calm.text() == "Not looked yet"
    window.actions_["train.epoch"].trigger()
    qtbot.waitUntil(lambda: panel.calm.text() == "Nothing to report", timeout=20_000)
    settled(window, qtbot)
    assert not panel.cards and panel.checked.text().startswith("Checked: vanishing")
    cost = window.document.examinations.report.cost
    assert 0 < cost < 2 and f"{cost * 1000:.0f} ms" in panel.footer.text()
    assert window.panels.docks["doctor"].windowTitle() == "Doctor"
    window.actions_["train.reset"].trigger()
    qtbot.waitUntil(lambda: window.document.examinations.report is None, timeout=20_000)


def test_nobody_watching_means_few_looks(opened: Opened, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    window = opened("spiral")
    rounds: Examinations = window.document.examinations
    looks: list[int] = []
    rounds.changed.connect(lambda: looks.append(1))
    window.panels.show("waterfall")
    window.actions_["train.run"].trigger()
    qtbot.waitUntil(lambda: bool(looks), timeout=20_000)
    assert rounds.rest >= 10.0
    qtbot.wait(1500)
    assert len(looks) <= 2, "hidden, the next look is ten seconds away (the end of the run is looked at once)"


def test_korean_cards_keep_their_numbers(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    card = found_card(window, qtbot)
    digits = [c for c in card.evidence.text() if c.isdigit()]
    install_language("ko")
    try:
        renewed = panel_of(window).cards[RULE]
        assert [c for c in renewed.evidence.text() if c.isdigit()] and digits
    finally:
        install_language("en")


def test_remedies_that_would_change_nothing_are_not_offered(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    store, panel = window.document.store, panel_of(window)
    hidden = hidden_layers(store.state.graph)
    for name, value in (
        ("activation", Spec("relu")),
        ("weight_init", Spec("he_normal")),
        ("bias_init", Spec("constant", {"value": -9.0})),
    ):
        store.apply("x", set_param, hidden, name, value)
    window.actions_["train.epoch"].trigger()
    qtbot.waitUntil(lambda: "no_gradient" in panel.cards, timeout=20_000)
    labels = [f.label for f in panel.cards["no_gradient"].card.fixes]
    assert labels == ["Zero biases in all hidden layers", "Leaky ReLU in all hidden layers"]

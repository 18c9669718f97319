"""The ledger in the window: a network whose ReLU units die is told unit by unit, and a layer is helped in one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt

from designer.app.main_window import MainWindow
from designer.document.verbs.doctor_fixes import hidden_layers
from designer.document.verbs.params import param_value, set_param
from designer.document.verbs.setup import set_training
from designer.panels.ledger import LedgerPanel, interval, when
from engine.declare import Spec
from engine.probes.ledger import Death

Opened = Callable[[str], MainWindow]


@pytest.mark.parametrize(
    ("death", "text"),
    [
        (Death(0, -1, 0), "from the start"),
        (Death(0, -1, 40), "before 40"),
        (Death(0, 4, 5), "5"),
        (Death(0, 100, 1150), "101-1,150"),
    ],
)
def test_intervals_in_words(death: Death, text: str) -> None:
    assert interval(death) == text


def test_the_first_and_last_death() -> None:
    assert when((Death(0, 4, 5), Death(1, 9, 12))) == "5 to 10-12" and when(()) == ""


def test_dying_units_are_listed_and_their_layer_helped(opened: Opened, qtbot: Any) -> None:
    window = opened("spiral")
    store, bridge = window.document.store, window.document.bridge
    hidden = hidden_layers(store.state.graph)
    store.apply("relu", set_param, hidden, "activation", Spec("relu"))
    store.apply("biases", set_param, hidden[:1], "bias_init", Spec("constant", {"value": -50.0}))
    store.apply("sgd", set_training, "optimizer", Spec("sgd", {"rate": 0.01}))
    window.panels.show("ledger")
    panel = window.panels.content("ledger")
    assert isinstance(panel, LedgerPanel) and panel.words.text().startswith("Press Run")
    window.actions_["train.epoch"].trigger()
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == len(hidden), timeout=20_000)
    qtbot.waitUntil(lambda: window.document.examinations.report.step == bridge.frame.status.step, timeout=20_000)
    row = panel.tree.topLevelItem(0)
    units = param_value(store.state.graph.nodes[hidden[0]], "units")
    assert row.text(1) == f"{units} of {units} (100%)" and row.text(2) == "from the start"
    assert row.childCount() == units and row.child(0).text(0) == "unit 1"
    total = sum(len(b.deaths) for b in window.document.examinations.report.ledger)
    assert panel.words.text().startswith(f"{total} of ")
    box = panel.tree.visualItemRect(row)
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    assert window.document.selection.nodes == (hidden[0],)
    qtbot.mouseClick(panel.anew, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.document.examinations.report.ledger[0].deaths) < units, timeout=20_000)
    assert bridge.session.commands[-1]["command"] == "revive", "a live command, kept with the run"
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    steps = store.undo_stack.count()
    qtbot.mouseClick(panel.leaky, Qt.MouseButton.LeftButton)
    assert store.undo_stack.count() == steps + 1
    assert store.state.graph.nodes[hidden[0]].params["activation"] == Spec("leaky_relu")
    assert not panel.leaky.isEnabled()


def test_a_network_without_relu_says_so(opened: Opened, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    window.panels.show("ledger")
    panel = window.panels.content("ledger")
    window.actions_["train.step"].trigger()
    qtbot.waitUntil(lambda: panel.words.text().startswith("No layer has a ReLU"), timeout=20_000)
    assert not panel.tree.isVisible()

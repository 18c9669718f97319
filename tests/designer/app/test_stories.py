"""Five minutes of a new user: from an opened network to the doctor's card, and by its remedy to a net that learns.

What the screen says is checked against forward and backward passes of our own, or against closed figures. Pictures of
each stop are left in tests/e2e/screenshots (not kept in the repository) for eyes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.app.main_window import MainWindow
from designer.app.templates import new_from_template
from designer.document import DocState
from designer.inspector.live_card import Findings, LiveCard
from designer.panels.autopsy import AutopsyPanel
from designer.panels.doctor import DoctorPanel
from designer.panels.ledger import LedgerPanel
from engine.graph import Edge, Graph

PICTURES = Path(__file__).resolve().parents[2] / "e2e" / "screenshots"
Story = Callable[[str], MainWindow]


@pytest.fixture
def begun(window: MainWindow, qtbot: Any) -> Story:
    """A template opened as a document, its data there."""

    def begin(template: str) -> MainWindow:
        new_from_template(window, template)
        qtbot.waitUntil(lambda: window.document.loader.dataset is not None, timeout=20_000)
        return window

    return begin


def train(window: MainWindow, qtbot: Any, epochs: int) -> None:
    """To the end of that many epochs, or of the run, and to the doctor's look at it."""
    bridge, rounds = window.document.bridge, window.document.examinations

    def place() -> tuple[int, int]:
        return bridge.frame.run, len(bridge.frame.epochs)

    for _ in range(epochs):
        done = place()
        qtbot.waitUntil(window.actions_["train.epoch"].isEnabled, timeout=20_000)
        window.actions_["train.epoch"].trigger()
        qtbot.waitUntil(lambda done=done: (place() != done and place()[1] > 0) or ended(window), timeout=20_000)
        if ended(window):
            break
    qtbot.waitUntil(
        lambda: rounds.report is not None and rounds.report.step == bridge.frame.status.step, timeout=20_000
    )
    qtbot.waitUntil(lambda: bridge.frame.snapshot is not None, timeout=20_000)
    qtbot.wait(120)  # views are fed ten times a second, and the picture is to show this moment


def ended(window: MainWindow) -> bool:
    return window.document.bridge.state.name in ("diverged", "finished", "failed")


def picture(window: MainWindow, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert window.grab().save(str(PICTURES / f"story_{name}.png"))


def doctor(window: MainWindow) -> DoctorPanel:
    window.show_panel("doctor")
    panel = window.panels.content("doctor")
    assert isinstance(panel, DoctorPanel)
    panel.refresh()
    return panel


def weights(window: MainWindow) -> dict[tuple[str, str], np.ndarray]:
    session = window.document.bridge.session
    assert session is not None
    return {k: v.astype(np.float64) for k, v in session.weights().result(10).items()}


def hidden(window: MainWindow) -> list[str]:
    nodes = window.document.store.state.graph.nodes
    return [n for n, node in nodes.items() if node.name.startswith("hidden")]


def points(window: MainWindow, count: int = 500) -> np.ndarray:
    dataset = window.document.loader.dataset
    assert dataset is not None
    return next(iter(dataset.train.x.values()))[:count].astype(np.float64)


def loss_of(window: MainWindow) -> float:
    return float(window.document.bridge.frame.epochs[-1].train_loss)


def remedy(window: MainWindow, rule: str, label: str, before: DocState) -> None:
    """The card's own button; one undo step that gives back what was, and redo."""
    panel, undo = doctor(window), window.document.store.undo_stack
    card = panel.cards[rule]
    k = [f.label for f in card.card.fixes].index(label)
    count = undo.count()
    card.applies[k].click()
    assert undo.count() == count + 1 and window.document.store.state != before
    undo.undo()
    assert window.document.store.state == before
    undo.redo()


def test_dying_relu(begun: Story, qtbot: Any) -> None:
    window = begun("dying_relu")
    train(window, qtbot, 3)
    names = hidden(window)
    w, a, dead = weights(window), points(window), {}
    for n in names:
        a = np.maximum(a @ w[n, "weight"].T + w[n, "bias"], 0)
        dead[n] = ~(a > 0).any(0)
    assert dead[names[-1]].all(), "the last hidden layer is off on every sample"
    card = doctor(window).cards["no_gradient"]
    assert set(card.card.layers) == set(names) and "hidden 3" in card.cause.text()
    assert card.evidence.text().startswith("dL/dz is exactly zero in hidden 1, hidden 2, hidden 3")
    window.panels.show("ledger")
    ledger = window.panels.content("ledger")
    assert isinstance(ledger, LedgerPanel)
    ledger.refresh()
    books = {b.node: b for b in window.document.examinations.report.ledger}
    assert {n: len(books[n].deaths) for n in names} == {n: int(d.sum()) for n, d in dead.items()}
    assert f"{sum(d.sum() for d in dead.values())} of 48 units are dead" in ledger.words.text()
    picture(window, "dying_relu_ill")
    remedy(window, "no_gradient", "A tenth of the learning rate, then Reset", window.document.store.state)
    window.actions_["train.reset"].trigger()
    train(window, qtbot, 6)
    assert loss_of(window) < 0.1 * math.log(2) and not doctor(window).cards
    picture(window, "dying_relu_healed")


def test_exploding_gradient(begun: Story, qtbot: Any) -> None:
    window = begun("exploding")
    first = window.document.foresight
    qtbot.waitUntil(lambda: first.now is not None, timeout=20_000)
    grows = [p.gradient for p in first.now.prediction.layers]  # type: ignore[union-attr]
    # Before any step: each ReLU layer of 32 inputs multiplies by sqrt(32 * 0.64 / 2) on the way back.
    assert grows[0] / grows[8] == pytest.approx(math.sqrt(32 * 0.64 / 2) ** 8, rel=0.02)
    train(window, qtbot, 1)
    assert window.document.bridge.state.name == "diverged"
    card = doctor(window).cards["exploding_gradient"]
    assert "n2" in card.card.layers
    ratio = float(str(card.card.values["ratio"]))
    assert 10 ** (0.5 * math.log10(3.2**9)) < ratio < 10 ** (1.5 * math.log10(3.2**9)), "about 3.2 per layer"
    picture(window, "exploding_ill")
    remedy(window, "exploding_gradient", "He initialization in all hidden layers", window.document.store.state)
    train(window, qtbot, 5)
    assert loss_of(window) < 0.3 * math.log(2) and "exploding_gradient" not in doctor(window).cards
    assert window.document.bridge.state.name == "paused"
    picture(window, "exploding_healed")


def test_saturated_tanh(begun: Story, qtbot: Any) -> None:
    window = begun("saturated_tanh")
    train(window, qtbot, 2)
    card = doctor(window).cards["saturation"]
    names, w, a = hidden(window), weights(window), points(window)
    flat = {}
    for n in names:
        a = np.tanh(a @ w[n, "weight"].T + w[n, "bias"])
        flat[n] = float((np.abs(a) > 0.97).mean())
    lit = set(card.card.layers)
    assert lit == {n for n in names if flat[n] > 0.5} and len(lit) >= 2
    assert float(str(card.card.values["share"])) == pytest.approx(max(flat.values()), abs=0.05), "since the start"
    shown = select(window, qtbot, names[1])
    saturated = next(value.text() for name, value in shown.rows if name.text() == "saturated")
    assert float(saturated.rstrip("%")) / 100 == pytest.approx(flat[names[1]], abs=0.15), "of one batch of ten"
    picture(window, "saturated_ill")
    remedy(window, "saturation", "Xavier initialization in all hidden layers", window.document.store.state)
    train(window, qtbot, 2)
    assert not doctor(window).cards
    w, a = weights(window), points(window)
    for n in names:
        a = np.tanh(a @ w[n, "weight"].T + w[n, "bias"])
        assert (np.abs(a) > 0.97).mean() < 0.1
    picture(window, "saturated_healed")


def select(window: MainWindow, qtbot: Any, node: str) -> LiveCard:
    """A layer chosen; the inspector's live part and the findings that light it."""
    window.document.selection.show((node,))
    form = window.inspector.node
    card, findings = form.findChild(LiveCard), form.findChild(Findings)
    assert isinstance(card, LiveCard) and isinstance(findings, Findings)
    qtbot.waitUntil(lambda: card.isVisible() and bool(card.rows), timeout=20_000)
    report = window.document.examinations.report
    assert len(findings.boxes) == sum(node in c.layers for c in report.cards)
    stats = next(s for s in card.seen.snapshot.layers if s.node == node)
    assert f"{stats.delta_rms:.2e}" in [v.text() for _, v in card.rows]
    return card


def test_residual_against_plain(opened: Story, qtbot: Any) -> None:
    """The sample is healthy and shows both its ways; the same net without bypasses hands less of the gradient back."""
    window = opened("residual_net")
    window.show_panel("autopsy")
    train(window, qtbot, 2)
    assert ways(window, qtbot) >= 2, "two ways at each of two blocks"
    picture(window, "residual")
    assert not doctor(window).cards
    with_paths = fall(window)
    before, store = window.document.store.state, window.document.store
    graph = before.graph
    store.apply("cut", lambda state: replace(state, graph=plain(graph)))
    window.show_panel("autopsy")
    train(window, qtbot, 2)
    assert ways(window, qtbot) == 0 and fall(window) > with_paths + 0.1, "decades from the last layer to the first"
    picture(window, "plain")
    store.undo_stack.undo()
    assert store.state == before


def ways(window: MainWindow, qtbot: Any) -> int:
    """Forks in the panel that says why; the ways of each, alone, add up to what is measured as squares do, roughly."""
    panel, bridge = window.panels.content("autopsy"), window.document.bridge
    assert isinstance(panel, AutopsyPanel)
    qtbot.waitUntil(
        lambda: panel.seen.snapshot is bridge.frame.snapshot and bool(panel.seen.snapshot.autopsy), timeout=20_000
    )
    forks = 0
    for bars in (layer.bars for layer in panel.seen.snapshot.autopsy):
        for k, bar in enumerate(bars):
            if bar.cause == "interference":
                forks += 1
                assert len(bar.paths) == 2 and bar.paths[0].decades == 0 and k > 0
                both = math.log10(sum(10 ** (2 * p.decades) for p in bar.paths)) / 2
                assert abs(bar.decades - both) < 0.15, "ways that know nothing of each other"
    assert sum(len(t) for t in panel.bars._ticks) == 2 * forks
    return forks


def plain(graph: Graph) -> Graph:
    """Every merge is left out, and what follows it reads the longer of its two ways."""
    for add in [n for n in graph.nodes.values() if n.type == "add"]:
        ways = [e.source for e in graph.incoming[add.id]]
        longer = max(ways, key=lambda n: depth(graph, n))
        after = graph.outgoing[add.id]
        graph = graph.remove_nodes([add.id])
        for edge in after:
            graph = graph.add_edge(Edge(longer, edge.target, edge.port))
    return graph


def depth(graph: Graph, node: str) -> int:
    return 1 + max((depth(graph, e.source) for e in graph.incoming.get(node, ())), default=0)


def fall(window: MainWindow) -> float:
    layers = window.document.bridge.frame.snapshot.layers
    return math.log10(layers[-1].delta_rms / layers[0].delta_rms)

"""Five minutes of a new user: from an opened network to the doctor's card, and by its remedy to a net that learns.

What the screen says is checked against forward and backward passes of our own, or against closed figures. Pictures of
each stop are left in tests/e2e/screenshots (not kept in the repository) for eyes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.app.main_window import MainWindow
from designer.document import DocState
from designer.inspector.live_card import Findings, LiveCard
from designer.panels.autopsy import AutopsyPanel
from designer.panels.doctor import DoctorPanel
from designer.panels.ledger import LedgerPanel
from designer.panels.profile import ProfilePanel
from engine.graph import Edge, Graph

PICTURES = Path(__file__).resolve().parents[2] / "e2e" / "screenshots"
Story = Callable[[str], MainWindow]


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


def told(window: MainWindow, qtbot: Any, quantity: str) -> None:
    """Nobody chose anything: the doctor has come to the front, and the profile shows what its finding is told by."""
    panel = window.panels.content
    qtbot.waitUntil(lambda: panel("doctor") is not None and panel("doctor").in_front, timeout=20_000)
    assert profile(window).chooser.value() == quantity


def profile(window: MainWindow) -> ProfilePanel:
    panel = window.panels.content("profile")
    assert isinstance(panel, ProfilePanel)
    return panel


def lit(window: MainWindow, layers: Iterable[str]) -> None:
    """Every layer that the alarm names has its ring in the profile and its border on the canvas."""
    rings, values = profile(window).profile._levels, window.canvas.overlay.values
    for n in layers:
        assert rings[n] == values[n].alarm == "error", n


def quiet(window: MainWindow) -> None:
    """No finding, no ring, no border."""
    assert not doctor(window).cards
    assert profile(window).profile._levels == {}
    assert not any(v.alarm for v in window.canvas.overlay.values.values())


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


def test_dying_relu(opened: Story, qtbot: Any) -> None:
    window = opened("dying_relu")
    train(window, qtbot, 3)
    told(window, qtbot, "delta_rms")
    names = hidden(window)
    w, a, dead = weights(window), points(window), {}
    for n in names:
        a = np.maximum(a @ w[n, "weight"].T + w[n, "bias"], 0)
        dead[n] = ~(a > 0).any(0)
    assert dead[names[-1]].all(), "the last hidden layer is off on every sample"
    card = doctor(window).cards["no_gradient"]
    lit(window, names)
    assert set(card.card.layers) == set(names) and "hidden 3" in card.cause.text() and "rate 2" in card.cause.text()
    assert card.evidence.text().startswith("dL/dz is exactly zero in hidden 1, hidden 2, hidden 3")
    window.panels.show("ledger")
    ledger = window.panels.content("ledger")
    assert isinstance(ledger, LedgerPanel)
    ledger.refresh()
    books = {b.node: b for b in window.document.examinations.report.ledger}
    assert {n: len(books[n].deaths) for n in names} == {n: int(d.sum()) for n, d in dead.items()}
    assert f"{sum(d.sum() for d in dead.values())} of 48 units are dead" in ledger.words.text()
    picture(window, "dying_relu_ill")
    remedy(window, "no_gradient", "A tenth of the learning rate, from the start", window.document.store.state)
    window.actions_["train.reset"].trigger()
    train(window, qtbot, 6)
    assert loss_of(window) < 0.1 * math.log(2)
    quiet(window)
    picture(window, "dying_relu_healed")


def test_exploding_gradient(opened: Story, qtbot: Any) -> None:
    window = opened("exploding_gradients")
    first = window.document.foresight
    qtbot.waitUntil(lambda: first.now is not None, timeout=20_000)
    grows = [p.gradient for p in first.now.prediction.layers]  # type: ignore[union-attr]
    # Before any step: each ReLU layer of 32 inputs multiplies by sqrt(32 * 2.25 / 2) = 6 on the way back.
    assert grows[0] / grows[5] == pytest.approx(6.0**5, rel=0.02)
    train(window, qtbot, 1)
    assert window.document.bridge.state.name == "diverged"
    told(window, qtbot, "delta_rms")
    card = doctor(window).cards["exploding_gradient"]
    assert set(card.card.layers) == {"h1", "h2", "h3", "h4"}
    lit(window, card.card.layers)
    factor = float(str(card.card.values["factor"]))
    assert factor == pytest.approx(6.0, rel=0.1) and f"by {factor:.2g} on average" in card.cause.text()
    assert f"{card.card.values['times']} times larger in hidden 1 than in scores" in card.evidence.text()
    notice = window.notice.current
    assert notice is not None and "Exploding gradient" in notice.text and "rate" not in notice.text
    picture(window, "exploding_ill")
    remedy(window, "exploding_gradient", "He initialization in all hidden layers", window.document.store.state)
    train(window, qtbot, 5)
    assert loss_of(window) < 0.5 * math.log(2) and window.document.bridge.state.name == "paused"
    quiet(window)
    picture(window, "exploding_healed")


def test_vanishing_gradient(opened: Story, qtbot: Any) -> None:
    window = opened("vanishing_gradients")
    train(window, qtbot, 2)
    told(window, qtbot, "delta_rms")
    card = doctor(window).cards["vanishing_gradient"]
    layers = window.document.bridge.frame.snapshot.layers
    starving = [s.node for s in layers if s.delta_rms < 1e-3 * layers[-1].delta_rms]
    assert starving == ["h1", "h2", "h3", "h4"] == list(card.card.layers)
    lit(window, starving)
    decades = float(str(card.card.values["decades"]))
    assert decades == pytest.approx(math.log10(layers[-1].delta_rms / layers[0].delta_rms), abs=0.5)
    assert f"{decades:.1f} decades" in card.evidence.text() and "Sigmoid" in card.cause.text()
    picture(window, "vanishing_ill")
    fix = "ReLU with He initialization in all hidden layers"
    remedy(window, "vanishing_gradient", fix, window.document.store.state)
    train(window, qtbot, 12)
    assert loss_of(window) < 0.25, "a half is what guessing costs"
    quiet(window)
    picture(window, "vanishing_healed")


def test_saturated_tanh(opened: Story, qtbot: Any) -> None:
    window = opened("saturated_tanh")
    train(window, qtbot, 2)
    told(window, qtbot, "saturation")
    card = doctor(window).cards["saturation"]
    names, w, a = hidden(window), weights(window), points(window)
    flat = {}
    for n in names:
        a = np.tanh(a @ w[n, "weight"].T + w[n, "bias"])
        flat[n] = float((np.abs(a) > 0.97).mean())
    named = set(card.card.layers)
    # the card may be of an earlier step than these weights: who is near the line may stand on either side of it
    assert {n for n in names if flat[n] > 0.65} <= named <= {n for n in names if flat[n] > 0.35} and len(named) >= 2
    lit(window, named)
    assert float(str(card.card.values["share"])) == pytest.approx(max(flat.values()), abs=0.05), "since the start"
    shown = select(window, qtbot, names[1])
    saturated = next(value.text() for name, value in shown.rows if name.text() == "saturated")
    assert float(saturated.rstrip("%")) / 100 == pytest.approx(flat[names[1]], abs=0.15), "of one batch of ten"
    picture(window, "saturated_ill")
    remedy(window, "saturation", "Xavier initialization in all hidden layers", window.document.store.state)
    train(window, qtbot, 2)
    quiet(window)
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
    quiet(window)
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

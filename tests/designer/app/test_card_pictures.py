"""Small live pictures on cards: what suits a layer, only where it can be seen, and nothing computed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPointF

from designer.app.canvas_figures import weight_sizes
from designer.app.main_window import MainWindow
from designer.canvas.sparkline import trace_of
from designer.document.verbs import set_collapsed
from designer.document.verbs.setup import set_training

Opened = Callable[[str], MainWindow]


def stepped(window: MainWindow, qtbot: Any, steps: int = 1) -> None:
    """So many single steps, each seen by the canvas."""
    bridge, feed = window.document.bridge, window.feed
    for _ in range(steps):
        status = bridge.frame.status
        wanted = (status.step if status is not None else 0) + 1
        window.actions_["train.step"].trigger()
        qtbot.waitUntil(
            lambda w=wanted: feed.seen.snapshot is not None and feed.seen.snapshot.step == w
            and bridge.state.name == "paused", timeout=20_000,
        )  # fmt: skip


def test_a_dense_layer_near_by_shows_how_its_outputs_are_spread(opened: Opened, qtbot: Any) -> None:
    window = opened("digits_mlp")
    feed, canvas = window.feed, window.canvas
    dense = [n.id for n in window.document.store.state.graph.nodes.values() if n.type == "dense"]
    assert canvas.zoom > 0.75
    stepped(window, qtbot)
    qtbot.waitUntil(lambda: set(dense) <= feed.seen.snapshot.spreads.keys(), timeout=20_000)
    spread = feed.seen.snapshot.spreads[dense[0]]
    assert f"{spread.minimum:.3g} to {spread.maximum:.3g}" in canvas.overlay.values[dense[0]].tip
    assert canvas.overlay.pictures[dense[0]].width() == 2 * 152
    output = next(n.id for n in window.document.store.state.graph.nodes.values() if n.type == "output")
    assert output not in feed.seen.snapshot.spreads


def test_what_nobody_sees_is_not_asked_for(opened: Opened, qtbot: Any) -> None:
    window = opened("digits_mlp")
    feed, canvas, store = window.feed, window.canvas, window.document.store
    stepped(window, qtbot)
    nodes = store.state.graph.nodes.values()
    first, second = [n.id for n in nodes if n.type == "dense"][:2]
    assert {first, second} <= feed.near
    store.apply("Collapse", set_collapsed, (first,), True)
    assert first not in feed.near and second in feed.near
    canvas.zoom_to(0.5)
    assert not feed.near and "spreads" not in feed.wants
    canvas.zoom_to(1.0)
    assert second in feed.near
    canvas.centre_on(QPointF(40_000, 40_000))
    assert not feed.near and not feed.near_cards.seen


def test_a_card_beside_the_screen_is_painted_when_it_comes_in(opened: Opened, qtbot: Any,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    window = opened("digits_mlp")
    feed, canvas = window.feed, window.canvas
    stepped(window, qtbot)
    made: list[str] = []
    paint = feed._node_picture
    monkeypatch.setattr(feed, "_node_picture", lambda node: made.append(node) or paint(node))
    window.document.store.apply("epochs", set_training, "epochs", 100_000)
    window.document.bridge.run()
    qtbot.waitUntil(lambda: feed.seen.status is not None and feed.seen.status.state == "running", timeout=20_000)
    canvas.centre_on(QPointF(40_000, 40_000))
    made.clear()
    before = canvas.overlay.pictures
    feed.refresh()
    assert not made and canvas.overlay.pictures.keys() == before.keys()
    canvas.frame_all()
    qtbot.waitUntil(lambda: bool(made), timeout=20_000)


def test_the_line_is_the_size_of_the_weights_over_the_run(opened: Opened, qtbot: Any) -> None:
    window = opened("digits_mlp")
    feed = window.feed
    stepped(window, qtbot, 4)
    dense = next(n.id for n in window.document.store.state.graph.nodes.values() if n.type == "dense")
    trace = window.canvas.overlay.values[dense].trace
    steps, sizes = weight_sizes(feed.seen.earlier, (dense,))[dense]
    assert len(trace) >= 3 and trace == trace_of(steps, sizes)
    assert f"RMS(W) = {sizes[-1]:.3g}, {sizes[0]:.3g} at first" in window.canvas.overlay.values[dense].tip


def test_a_line_is_by_decades_and_level_where_little_changes() -> None:
    assert sum(trace_of((0, 5, 10), (0.1, 1.0, 10.0)), ()) == pytest.approx((0.0, 0.0, 0.5, 0.5, 1.0, 1.0))
    (_, first), (_, last) = trace_of((0, 10), (1.0, 1.001))
    assert 0.49 < first < last < 0.51
    assert trace_of((0, 3, 10), (0.0, float("nan"), 2.0)) == () == trace_of((), ())

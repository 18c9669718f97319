"""Where the answer appears, along the canvas: at each card stands what was measured, and it is measured on."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from PySide6.QtWidgets import QApplication

from designer.app.main_window import MainWindow
from designer.canvas.hover import tip_at
from designer.document.verbs.setup import set_training
from designer.session.measurements import REST
from engine.training.measuring import Measured, Moment, measure

Opened = Callable[[str], MainWindow]


def test_every_card_tells_how_well_it_answers(opened: Opened, qtbot: Any) -> None:
    window = opened("digits_mlp")
    command, desk = window.actions_["view.answers"], window.desk
    window.actions_["train.epoch"].trigger()
    qtbot.waitUntil(lambda: window.document.bridge.state.name == "paused", timeout=20_000)
    command.trigger()
    entry = desk.measurements.entry("readout")
    assert entry.every == 1 and entry.unit == "epochs"
    heat = window.canvas.overlay
    qtbot.waitUntil(lambda: entry.latest is not None and bool(heat.heat.level), timeout=20_000)
    found = {r.node: r for r in entry.latest.result.layers}
    assert heat.heat.below and heat.heat.level.keys() == found.keys()
    for node, r in found.items():
        assert heat.heat.level[node] == r.score
        assert heat.heat.text[node] == f"{r.score:.0%}  rank {r.rank:.1f}"
    dense = next(n.id for n in window.document.store.state.graph.nodes.values() if n.type == "dense")
    spot = window.canvas.mapFromScene(window.canvas.scene_.nodes[dense].box().center())
    assert f"answers {found[dense].score:.0%} of {entry.latest.result.judged}" in tip_at(window.canvas, spot)[0]
    window.actions_.refresh()
    assert command.isChecked() and not window.actions_["view.heat.off"].isChecked()
    command.trigger()
    assert not heat.heat.level and entry.every == 0


def test_the_bar_is_painted_below_the_card_and_cost_takes_its_place(opened: Opened, qtbot: Any) -> None:
    window = opened("digits_mlp")
    canvas = window.canvas
    dense = next(n.id for n in window.document.store.state.graph.nodes.values() if n.type == "dense")
    box = canvas.scene_.nodes[dense].box()

    def below() -> tuple[int, ...]:
        QApplication.processEvents()
        at = canvas.mapFromScene(box.left() + 4, canvas.scene_.nodes[dense].box().bottom() + 13)
        return canvas.grab().toImage().pixelColor(at).getRgb()

    plain = below()
    window.actions_["view.answers"].trigger()
    qtbot.waitUntil(lambda: dense in canvas.overlay.heat.level, timeout=20_000)
    assert below() != plain
    window.actions_["view.heat.macs"].trigger()
    assert not window.desk.shows_answers and not canvas.overlay.heat.below and dense in canvas.overlay.heat.level
    assert below() == plain


def test_while_it_trains_the_read_outs_are_measured_again_and_again(opened: Opened, qtbot: Any) -> None:
    """Once an epoch at the most, never in less than three times what the last took; each of the weights at its step."""
    window = opened("digits_mlp")
    desk, bridge = window.desk, window.document.bridge
    window.document.store.apply("epochs", set_training, "epochs", 100_000)
    made: list[tuple[Measured, float]] = []
    desk.measurements.made.connect(lambda one: made.append((one, time.monotonic())))
    window.actions_["train.run"].trigger()
    qtbot.waitUntil(lambda: bridge.frame.status is not None and bridge.frame.status.step > 0, timeout=20_000)
    window.actions_["view.answers"].trigger()
    qtbot.waitUntil(lambda: len(made) >= 4, timeout=60_000)
    bridge.pause()
    qtbot.waitUntil(lambda: bridge.state.name == "paused", timeout=20_000)
    qtbot.waitUntil(lambda: desk.measurements.busy is None and not desk.measurements.waiting("readout"), timeout=20_000)
    results, every = [one for one, _ in made], bridge.frame.status.steps_per_epoch
    assert all(one.kind == "readout" for one in results)
    assert desk.measurements.entry("readout").results == results
    # Asked for at a step of another epoch than the one before, and told in that order.
    assert all(a.step // every < b.step // every for a, b in pairwise(results))
    assert all(later - before >= a.cost * REST * 0.5 for (a, before), (_, later) in pairwise(made))
    last, session = results[-1], bridge.session
    state = session.state_at(last.step)
    qtbot.waitUntil(state.done, timeout=20_000)
    again = session.ask(lambda t: Moment.at(t, state.result()))
    qtbot.waitUntil(again.done, timeout=20_000)
    same = measure("readout", again.result())
    assert [(r.node, r.score, r.rank) for r in same.result.layers] == [
        (r.node, r.score, r.rank) for r in last.result.layers
    ]
    heat = window.canvas.overlay.heat
    assert heat.level == {r.node: r.score for r in last.result.layers}
    window.actions_["view.answers"].trigger()
    bridge.run()
    goal = bridge.frame.status.step + 5 * every
    qtbot.waitUntil(lambda: bridge.frame.status.step > goal, timeout=20_000)
    assert len(made) == len(results) and desk.measurements.busy is None

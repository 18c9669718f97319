"""Where the answer appears, along the canvas: at each card stands what was measured, and it is measured on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QApplication

from designer.app.main_window import MainWindow
from designer.canvas.hover import tip_at

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

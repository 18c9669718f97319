"""A changed parameter reaches all shapes at once, and what changed flashes; with reduced motion it is marked still."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas import Canvas
from designer.canvas.flash import LASTS_MS
from designer.document import verbs
from engine.graph import Edge
from tests.benchmarks.bench_canvas import large_state
from tests.designer.canvas.test_pictures import grab, near, pixel
from widgets import tokens

Draw = Callable[..., Canvas]


def test_shapes_and_figures_that_changed_flash_and_no_others(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw("input", "dense", "dense", "output")
    flash = canvas.overlay.flash
    canvas.store.apply("x", verbs.set_param, ("n2",), "units", 7)
    assert flash.wires == {Edge("n2", "n3")} and flash.nodes == {"n2", "n3"} and flash.share == 1.0
    assert canvas.scene_.wires[Edge("n2", "n3")].labels[0] == "N x 7"
    box = canvas.scene_.nodes["n2"].box()
    edge = QPointF(box.center().x(), box.top() + 1)
    lit = pixel(canvas, grab(canvas), edge)
    assert near(lit, tokens.DARK.accent, 60)
    qtbot.waitUntil(lambda: flash.share == 0.0, timeout=4 * LASTS_MS)
    assert not flash.wires and not near(pixel(canvas, grab(canvas), edge), tokens.DARK.accent, 60)


def test_undo_flashes_too_and_moving_or_opening_does_not(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    flash = canvas.overlay.flash
    canvas.store.apply("x", verbs.set_param, ("n2",), "units", 7)
    flash.clear()
    canvas.store.undo()
    assert flash.wires == {Edge("n2", "n3")}
    flash.clear()
    canvas.store.apply("x", verbs.nudge, ("n2",), 8, 8)
    canvas.store.apply("x", verbs.rename, "n2", "other")
    assert not flash.wires and not flash.nodes
    canvas.store.apply("x", verbs.remove_nodes, ("n2",))
    assert not flash.wires and "n2" not in flash.nodes
    grab(canvas)


def test_it_fades_unless_motion_is_reduced(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw("input", "dense", "output")
    flash = canvas.overlay.flash
    for moving in (False, True):
        tokens.reduce_motion(not moving)
        canvas.store.apply("x", verbs.set_param, ("n2",), "units", 7 + moving)
        seen = set()
        qtbot.waitUntil(lambda seen=seen: seen.add(flash.share) or flash.share == 0, timeout=4 * LASTS_MS)
        assert (len(seen) > 4) == moving, seen


def test_a_thousand_layers_are_compared_and_marked_within_a_frame(draw: Draw) -> None:
    canvas = draw(large_state(1000))
    store, spent = canvas.store, []
    for k in range(4):
        before = canvas.analyst.analysis
        store.apply("x", verbs.set_param, ("n1",), "size", (8 + k % 2 + 1,))
        started = time.process_time()
        canvas.overlay.flash.show(before, canvas.analyst.analysis)
        spent.append(time.process_time() - started)
    assert min(spent) < 0.016
    QApplication.processEvents()
    canvas.overlay.flash.clear()

"""Fingers on a trackpad, and what a wire under way shows: rings on ports that fit, a veil over the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas import Canvas
from designer.document import Point, verbs
from engine.graph import Edge
from tests.designer.canvas.conftest import CTRL, NONE, Hand
from tests.designer.document.drawn import chain, wires
from widgets import tokens

Draw = Callable[..., Canvas]
PAD = QPointingDevice(
    "pad", 77, QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger,
    QInputDevice.Capability.Position | QInputDevice.Capability.PixelScroll, 5, 0,
)  # fmt: skip


def fingers(canvas: Canvas, at: QPointF, pixels: QPoint, angle: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    """Two fingers pushed over the pad."""
    phase, none = Qt.ScrollPhase.ScrollUpdate, Qt.MouseButton.NoButton
    place = canvas.viewport().mapToGlobal(at)
    source = Qt.MouseEventSource.MouseEventSynthesizedBySystem
    event = QWheelEvent(at, place, pixels, angle, none, held, phase, False, source, PAD)
    QApplication.sendEvent(canvas.viewport(), event)


def test_a_pinch_zooms_to_the_fingers(draw: Draw) -> None:
    canvas = draw("input", "dense")
    at = QPointF(300, 200)
    below = canvas.mapToScene(at.toPoint())
    kind = Qt.NativeGestureType.ZoomNativeGesture
    for value, zoom in ((0.25, 1.25), (-0.2, 1.0)):
        event = QNativeGestureEvent(kind, PAD, 2, at, at, canvas.viewport().mapToGlobal(at), value, QPointF())
        QApplication.sendEvent(canvas.viewport(), event)
        assert canvas.zoom == pytest.approx(zoom)
        assert (canvas.mapToScene(at.toPoint()) - below).manhattanLength() < 3


@pytest.mark.parametrize(("pixels", "angle"), [(QPoint(-40, 24), QPoint(-80, 48)), (QPoint(), QPoint(-80, 48))])
def test_two_fingers_pan_and_with_ctrl_zoom(draw: Draw, pixels: QPoint, angle: QPoint) -> None:
    canvas = draw("input", "dense")
    before = canvas.mapFromScene(QPointF(0, 0))
    fingers(canvas, QPointF(300, 200), pixels, angle)
    assert canvas.mapFromScene(QPointF(0, 0)) - before == QPoint(-40, 24) and canvas.zoom == 1.0
    fingers(canvas, QPointF(300, 200), pixels, angle, CTRL)
    assert canvas.zoom == pytest.approx(1.2 ** (48 / 120))


def test_while_a_wire_is_dragged_ports_that_fit_glow_and_the_others_dim(draw: Draw) -> None:
    canvas = draw(chain("input", "dense", "dense", "output", step=320))
    hand, theme = Hand(canvas), tokens.theme()
    ring = hand.output("n2") + QPointF(0, 0)

    def pixel(at: QPointF) -> QColor:
        spot = canvas.viewport().mapTo(canvas, canvas.mapFromScene(at))
        return canvas.grab().toImage().pixelColor(spot)

    edge = QPointF(6.5, 0)  # on the ring around a port
    places = {"fits": hand.input("n4") - edge, "loop": hand.input("n2") - edge, "side": hand.output("n3") + edge}
    plain = {k: pixel(p) for k, p in places.items()}
    hand.begin(ring, (500, 300))
    during = {k: pixel(p) for k, p in places.items()}
    green = QColor(theme.good)
    assert max(abs(a - b) for a, b in zip(during["fits"].getRgb()[:3], green.getRgb()[:3], strict=True)) < 60
    assert all(during[k] != green and during[k].green() < 140 for k in ("loop", "side"))
    port = QPointF(5, 0)  # the outline of a port that does not fit is veiled
    dimmed = pixel(hand.input("n2") + port)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    bright = pixel(hand.input("n2") + port)
    canvas_colour = QColor(theme.canvas)
    near = lambda c: sum(abs(a - b) for a, b in zip(c.getRgb()[:3], canvas_colour.getRgb()[:3], strict=True))  # noqa: E731
    assert near(dimmed) < near(bright)
    assert {k: pixel(p) for k, p in places.items()} == plain, "nothing of it stays"


def test_the_nearest_port_that_fits_attracts_even_if_another_is_nearer(draw: Draw) -> None:
    state = verbs.rewire(chain("input", "dense", "dense", step=320), (Edge("n3", "n2"),), (Edge("n2", "n3"),))
    state = verbs.add_node(state, "x", "dense", Point(480, 22))
    canvas = draw(verbs.move_nodes(state, {"n2": Point(160, 0), "n3": Point(480, 0)}))
    hand = Hand(canvas)
    loop = hand.input("n3")
    hand.drag(hand.output("n2"), loop + QPointF(-8, 8))
    assert wires(canvas.store.state) == [("n3", "n2"), ("n2", "x")]


def test_a_wire_is_taken_off_its_input_and_put_into_another_in_one_step(draw: Draw) -> None:
    state = verbs.add_node(chain("input", "dense", step=320), "x", "dense", Point(320, 200))
    canvas = draw(state)
    hand = Hand(canvas)
    hand.drag(hand.input("n2"), hand.input("x"))
    assert wires(canvas.store.state) == [("n1", "x")] and canvas.store.undo_stack.count() == 1
    assert canvas.store.undo_stack.undoText() == "Move a wire"
    canvas.store.undo()
    assert wires(canvas.store.state) == [("n1", "n2")]

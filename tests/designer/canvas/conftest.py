"""A canvas on the screen with a small drawn network, and a hand that uses a real mouse on its viewport."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas import Canvas
from designer.document import DocState
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from tests.designer.document.drawn import chain
from widgets import tokens

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


Spot = QPointF | tuple[float, float]
Button, Keys = Qt.MouseButton, Qt.KeyboardModifier


class Hand:
    """Press, move, release, type, at scene points."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.view = canvas, canvas.viewport()

    def spot(self, at: Spot) -> QPoint:
        """The viewport point of a scene point."""
        return self.canvas.mapFromScene(QPointF(*at) if isinstance(at, tuple) else at)

    def card(self, node: str) -> QPointF:
        """The lower part of a card, away from its ports and name."""
        box = self.canvas.scene_.nodes[node].box()
        return QPointF(box.center().x(), box.bottom() - 8)

    def output(self, node: str, port: str = "out") -> QPointF:
        return self.canvas.scene_.nodes[node].port_point(port, False)

    def input(self, node: str, port: str = "in") -> QPointF:
        return self.canvas.scene_.nodes[node].port_point(port, True)

    def press(self, at: Spot, button: Button = LEFT, held: Keys = NONE) -> None:
        QTest.mousePress(self.view, button, held, self.spot(at))

    def move(self, at: Spot, button: Button = LEFT, held: Keys = NONE) -> None:
        """A move with the button down, through two points on the way, as a hand makes it."""
        spot = QPointF(self.spot(at))
        for share in (0.5, 0.9, 1.0):
            here = spot * share + QPointF(self.canvas.mapFromScene(self._from)) * (1 - share)
            event = QMouseEvent(
                QEvent.Type.MouseMove, here, self.view.mapToGlobal(here), Qt.MouseButton.NoButton, button, held
            )
            QApplication.sendEvent(self.view, event)

    def release(self, at: Spot, button: Button = LEFT, held: Keys = NONE) -> None:
        QTest.mouseRelease(self.view, button, held, self.spot(at))

    def click(self, at: Spot, button: Button = LEFT, held: Keys = NONE) -> None:
        QTest.mouseClick(self.view, button, held, self.spot(at))

    def double(self, at: Spot) -> None:
        QTest.mouseDClick(self.view, LEFT, NONE, self.spot(at))

    def begin(
        self,
        start: Spot,
        end: Spot,
        button: Button = LEFT,
        held: Keys = NONE,
    ) -> None:
        """Press and move, without the release."""
        self._from = QPointF(*start) if isinstance(start, tuple) else start
        self.press(start, button, held)
        self.move(end, button, held)

    def drag(
        self,
        start: Spot,
        end: Spot,
        button: Button = LEFT,
        held: Keys = NONE,
    ) -> None:
        """Press, move, release."""
        self.begin(start, end, button, held)
        self.release(end, button, held)

    def key(self, key: Qt.Key, held: Keys = NONE) -> None:
        QTest.keyClick(self.canvas, key, held)


@pytest.fixture
def draw(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Canvas]]:
    """draw("input", "dense") or draw(state): a shown canvas at 100 %, motion off."""
    moving = tokens.motion()
    tokens.reduce_motion(True)
    tokens.apply_theme(QApplication.instance(), "dark")  # type: ignore[arg-type]

    def make(*what: str | DocState) -> Canvas:
        state = what[0] if what and isinstance(what[0], DocState) else chain(*what, step=320)  # type: ignore[arg-type]
        store = Store(state)
        canvas = Canvas(store, Selection(store), Analyst(store))
        qtbot.addWidget(canvas)
        canvas.resize(1300, 700)
        canvas.show()
        canvas.activateWindow()
        qtbot.waitUntil(canvas.isActiveWindow)
        canvas.zoom_to(1.0)
        canvas.centre_on(QPointF(500, 100))
        canvas.setFocus()
        return canvas

    yield make
    tokens.reduce_motion(not moving)

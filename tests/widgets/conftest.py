"""Widget tests begin in the dark theme, in English, and paint what they show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from widgets import i18n, tokens


@pytest.fixture(autouse=True)
def _dark_english(qapp: QApplication) -> Iterator[None]:
    # What the test before left to be deleted later would be styled and painted with every change of theme.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    _restore(qapp)
    yield
    if i18n.language() != "en":
        i18n.install_language("en")
    tokens.reduce_motion(False)


def _restore(app: QApplication) -> None:
    """Only where needed: a style sheet is costly to apply."""
    if not app.styleSheet() or tokens.theme() is not tokens.DARK or tokens.font_scale() != 1.0:
        tokens.apply_theme(app, "dark")


@pytest.fixture
def shown(qtbot) -> Callable[..., QWidget]:
    """``shown(widget, 420, 280)``: on the (offscreen) screen, laid out and painted once."""

    def show(widget: QWidget, width: int = 420, height: int = 280) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        QApplication.processEvents()
        return widget

    return show


@pytest.fixture
def pixels() -> Callable[[QWidget], QImage]:
    """The widget as it looks after all that is pending."""

    def grab(widget: QWidget) -> QImage:
        QApplication.processEvents()
        return widget.grab().toImage()

    return grab


def near(picture: QImage, place: QPointF, wanted: str, radius: int = 2, tolerance: int = 40) -> bool:
    """Whether a pixel close to ``place`` has the colour ``wanted``."""
    goal = QColor(wanted)
    for dx in range(-radius, radius + 1):
        for dy in range(-radius, radius + 1):
            x, y = round(place.x()) + dx, round(place.y()) + dy
            if not picture.rect().contains(x, y):
                continue
            got = picture.pixelColor(x, y)
            parts = (got.red() - goal.red(), got.green() - goal.green(), got.blue() - goal.blue())
            if max(abs(p) for p in parts) <= tolerance:
                return True
    return False


def move_mouse(widget: QWidget, place: QPointF) -> None:
    """A mouse move without buttons; sent to the widget, since the platform's cursor may be over another window."""
    at = QPointF(place.toPoint())
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(at)), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)
    QApplication.processEvents()


LEFT = Qt.MouseButton.LeftButton

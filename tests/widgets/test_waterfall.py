"""Waterfall: layers x steps."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets import colormaps
from widgets.tokens import theme
from widgets.waterfall import Waterfall

NAMES = ["hidden 1", "hidden 2", "output"]


def hexed(word: int) -> str:
    return f"#{int(word) & 0xFFFFFF:06X}"


@pytest.fixture
def plot(shown) -> Waterfall:
    plot = shown(Waterfall("Waterfall"), 520, 300)
    values = np.array([1e-6, 1e-3, 1.0])[:, None] * np.ones((3, 100))
    values[0, 40:60] = 0.0
    values[1, 90:] = np.nan
    plot.show_waterfall(["a", "b", "c"], NAMES, np.arange(100), values)
    for _ in range(3):
        QApplication.processEvents()
    return plot


def test_colour_is_the_logarithm_and_the_output_is_on_top(plot, pixels):
    assert plot.value_range() == (1e-6, 1.0)
    picture = pixels(plot.plot)
    table = colormaps.viridis()
    for row, place in ((0, 0), (1, 128), (2, 255)):
        assert near(picture, plot.pixel_of(20, row), hexed(table[place]), 1, 6)
    assert plot.pixel_of(20, 2).y() < plot.pixel_of(20, 0).y()
    assert near(picture, plot.pixel_of(50, 0), theme().canvas, 1, 4), "no gradient is not a colour of the scale"
    assert near(picture, plot.pixel_of(95, 1), theme().error, 1, 4)


def test_hover_reads_layer_step_and_value(plot, qtbot):
    move_mouse(plot.plot.viewport(), plot.pixel_of(20, 1))
    assert plot.readout.text() == "step 20\nhidden 2: 0.001"
    move_mouse(plot.plot.viewport(), plot.pixel_of(50, 0))
    assert plot.readout.text() == "step 50\nhidden 1: no gradient"


def test_a_click_emits_layer_and_step(plot, qtbot):
    with qtbot.waitSignal(plot.cell_clicked) as signal:
        qtbot.mouseClick(plot.plot.viewport(), LEFT, pos=plot.pixel_of(73, 2).toPoint())
    assert signal.args == ["c", 73]


def send(widget, kind, place, button, buttons, modifiers) -> None:
    """A mouse event with a modifier key held, which qtbot's moves do not carry."""
    at = QPointF(place)
    QApplication.sendEvent(widget, QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, modifiers))
    QApplication.processEvents()


def test_brushing_rescales_to_what_is_inside(plot, qtbot):
    values = np.logspace(-8, 0, 100)[None] * np.ones((3, 1))
    plot.show_waterfall(["a", "b", "c"], NAMES, np.arange(100), values)
    for _ in range(3):
        QApplication.processEvents()
    viewport = plot.plot.viewport()
    start, end = plot.pixel_of(50, 2.2).toPoint(), plot.pixel_of(75, 0.2).toPoint()
    shift = Qt.KeyboardModifier.ShiftModifier
    kinds = QEvent.Type
    none = Qt.MouseButton.NoButton
    send(viewport, kinds.MouseButtonPress, start, LEFT, LEFT, shift)
    for share in (0.3, 0.6, 1.0):
        place = start + QPoint(*(round(share * d) for d in (end - start).toTuple()))
        send(viewport, kinds.MouseMove, place, none, LEFT, shift)
    send(viewport, kinds.MouseButtonRelease, end, LEFT, none, shift)
    low, high = plot.value_range()
    assert low == pytest.approx(values[0, 50], rel=0.5) and high == pytest.approx(values[0, 75], rel=0.5)
    plot.show_auto_range()
    assert plot.value_range() == (1e-8, 1.0)


def test_colour_bar_drags_and_resets(plot, qtbot):
    bar = plot.color_legend
    assert bar.labels()[0][1] == "1e-6"
    top = QPoint(8, round(bar._bar().top()) + 5)
    qtbot.mousePress(bar, LEFT, pos=top)
    qtbot.mouseMove(bar, top + QPoint(0, 60))
    qtbot.mouseRelease(bar, LEFT, pos=top + QPoint(0, 60))
    low, high = plot.value_range()
    assert low == 1e-6 and high > 1.0
    qtbot.mouseDClick(bar, LEFT, pos=top)
    assert plot.value_range() == (1e-6, 1.0)


def test_uneven_steps_keep_their_place(plot):
    steps = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 100])
    values = np.ones((3, 10))
    values[:, -1] = 5.0
    plot.show_waterfall(["a", "b", "c"], NAMES, steps, values)
    assert plot.cell_at(100, 0) == (0, 9)
    assert plot.cell_at(60, 0) == (0, 9) and plot.cell_at(40, 0) == (0, 8)
    assert plot.cell_at(-50, 0) is None and plot.cell_at(5, 7) is None


def test_selected_row_is_framed(plot, pixels):
    plot.show_selected("b")
    edge = plot.pixel_of(30, 1.5)
    edge.setY(edge.y() + 1)
    assert near(pixels(plot.plot), edge, theme().accent, 1, 20)


def test_shape_is_checked(plot):
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2, 3\)"):
        plot.show_waterfall(["a", "b", "c"], NAMES, [0, 1], np.ones((2, 3)))


def test_table_is_the_input(plot):
    header, rows = plot.table()
    rows = list(rows)
    assert list(header) == ["step", *NAMES] and rows[20] == [20, 1e-6, 1e-3, 1.0]

"""DecisionBoundary: the plane, its points, its answers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.boundary import STRENGTH, DecisionBoundary
from widgets.tokens import blend, theme


def end(hue: str) -> str:
    return blend(theme().panel, hue, STRENGTH)


@pytest.fixture
def plot(shown) -> DecisionBoundary:
    plot = shown(DecisionBoundary("Decision boundary"), 460, 360)
    x, y = np.meshgrid(np.linspace(-6, 6, 60), np.linspace(-6, 6, 60))
    plot.show_surface(np.clip(x / 2 + 0 * y, -1, 1))
    for _ in range(3):
        QApplication.processEvents()
    return plot


def test_orange_neutral_blue(plot, pixels):
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(-5, 3), end(theme().negative), 1, 6)
    assert near(picture, plot.pixel_of(5, -3), end(theme().positive), 1, 6)
    assert near(picture, plot.pixel_of(0, 0), theme().panel, 3, 12)


def test_first_row_is_the_least_y(plot, pixels):
    grid = np.full((20, 20), -1.0)
    grid[:10] = 1.0
    plot.show_surface(grid)
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(0, -4), end(theme().positive), 1, 6)
    assert near(picture, plot.pixel_of(0, 4), end(theme().negative), 1, 6)


def test_hover_tells_the_output_there(plot, qtbot):
    at = plot.pixel_of(1.0, 2.0)
    move_mouse(plot.plot.viewport(), at)
    x, y = plot.data_at(QPointF(at.toPoint()))
    value = plot.value_at(x, y)
    assert value[0] == pytest.approx(0.5, abs=0.1)
    assert plot.readout.text() == f"x1 {x:.2f}, x2 {y:.2f}\noutput: {value[0]:.4g}"
    assert plot.value_at(7.0, 0.0) is None


def test_train_is_filled_and_test_is_outlined(plot, pixels):
    plot.show_points([[3.0, 0.0]], [-1.0])
    plot.show_points([[-3.0, 0.0]], [1.0], split="test")
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(3, 0), theme().negative, 0, 20)
    assert near(picture, plot.pixel_of(-3, 0), end(theme().negative), 0, 8), "test data are shown on request"
    plot.show_test(True)
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(-3, 0), theme().panel, 0, 20), "hollow"
    assert near(picture, plot.pixel_of(-3, 0) + QPointF(3, 0), theme().positive, 1, 40)
    assert "test data" in [e.name for e in plot.legend.entries()]


def test_discretize_by_its_button(plot, qtbot, pixels):
    at = plot.pixel_of(0.7, 0)
    assert not near(pixels(plot.plot), at, end(theme().positive), 0, 10)
    qtbot.mouseClick(plot._discrete_button, LEFT)
    assert near(pixels(plot.plot), at, end(theme().positive), 0, 4)


def test_probabilities_are_neutral_at_one_half(plot, pixels):
    plot.show_surface(np.full((4, 4), 0.5), center=0.5, span=0.5)
    assert near(pixels(plot.plot), plot.pixel_of(2, 2), theme().panel, 0, 4)
    plot.show_surface(np.full((4, 4), 1.0), center=0.5, span=0.5)
    assert near(pixels(plot.plot), plot.pixel_of(2, 2), end(theme().positive), 0, 4)
    plot.show_points([[0.0, 0.0]], [0])
    assert near(pixels(plot.plot), plot.pixel_of(0, 0), theme().negative, 0, 20)


def test_classes_have_colours_shapes_and_names(plot, pixels):
    share = np.zeros((3, 30, 30))
    share[0, :, :10] = share[1, :, 10:20] = share[2, :, 20:] = 1.0
    plot.show_surface(share, class_names=["cat", "dog", "owl"])
    plot.legend.hide()
    picture = pixels(plot.plot)
    for index, x in enumerate((-5.0, 1.0, 5.0)):
        assert near(picture, plot.pixel_of(x, -5), blend(theme().panel, theme().class_color(index), STRENGTH), 1, 8)
    entries = plot.legend.entries()
    assert [e.name for e in entries] == ["cat", "dog", "owl"] and len({e.symbol for e in entries}) == 3
    title, rows = plot.hover_rows(5.0, 0.0)
    assert title == "x1 5.00, x2 0.00" and rows[0][1:] == ("owl", "100.0%")
    assert not plot.color_legend.isVisible()


def test_squares_stay_square(plot):
    a, b, c = plot.pixel_of(0, 0), plot.pixel_of(1, 0), plot.pixel_of(0, 1)
    assert b.x() - a.x() == pytest.approx(a.y() - c.y(), rel=0.1)


def test_table_is_the_surface(plot):
    plot.show_surface(np.array([[1.0, 2.0], [3.0, 4.0]]), (0, 2, 0, 2))
    header, rows = plot.table()
    assert list(header) == ["x1", "x2", "output"]
    assert list(rows) == [(0.5, 0.5, 1.0), (1.5, 0.5, 2.0), (0.5, 1.5, 3.0), (1.5, 1.5, 4.0)]


def test_wrong_shape_is_refused(plot):
    with pytest.raises(ValueError, match=r"\(5,\)"):
        plot.show_surface(np.zeros(5))

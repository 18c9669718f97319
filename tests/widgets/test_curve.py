"""CurvePlot: real arrays in, values and pixels out."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.curve import CurvePlot, Line
from widgets.tokens import theme


@pytest.fixture
def plot(shown) -> CurvePlot:
    return shown(CurvePlot("Loss", x_label="epoch"), 480, 300)


def settle(plot: CurvePlot) -> None:
    for _ in range(3):
        QApplication.processEvents()


def test_curves_lie_where_their_values_are(plot, pixels):
    x = np.arange(101.0)
    plot.show_curves({"A": Line(x, 0 * x + 0.8), "B": Line(x, 0 * x + 0.2, run="B")})
    settle(plot)
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(50, 0.8), theme().accent, 1, 12)
    assert near(picture, plot.pixel_of(50, 0.2), theme().run_b, 1, 12)
    assert near(picture, plot.pixel_of(50, 0.5), theme().panel, 0, 4)


def test_dashes_tell_the_splits_apart(plot, pixels):
    x = np.arange(101.0)
    heights = {"train": 0.8, "validation": 0.5, "test": 0.2}
    plot.show_curves({split: Line(x, 0 * x + y, split) for split, y in heights.items()})
    plot.legend.hide()
    settle(plot)
    picture = pixels(plot.plot)

    def share(y: float) -> float:
        left, right = plot.pixel_of(2, y), plot.pixel_of(98, y)
        places = [QPointF(px, left.y()) for px in range(round(left.x()), round(right.x()))]
        return sum(near(picture, p, theme().accent, 1, 60) for p in places) / len(places)

    assert share(0.8) > 0.98
    assert 0.6 < share(0.5) < 0.98
    assert share(0.2) < 0.98


def test_the_whole_is_in_view(plot):
    x = np.arange(1000.0)
    y = np.sin(x / 50)
    y[321] = 9.0
    plot.show_curves({"A": (x, y)})
    (left, right), (low, high) = plot.view.viewRange()
    assert (left, right) == (0, 999)
    assert low < -1 and high > 9


@pytest.mark.parametrize("log", [False, True])
def test_hover_reads_every_curve_at_that_x(plot, qtbot, rng, log: bool):
    x = np.arange(200.0)
    a, b = rng.random(200) + 0.1, rng.random(200) + 0.1
    plot.show_curves({"train": Line(x, a), "validation": Line(x[::10], b[::10], "validation")})
    plot.show_log(log)
    settle(plot)
    move_mouse(plot.plot.viewport(), plot.pixel_of(120, np.log10(0.5) if log else 0.5))
    at = plot.data_at(plot.pixel_of(120, 0.0 if log else 0.5))
    assert at is not None
    found = {name: (px, py) for name, px, py in plot.values_at(at[0])}
    assert found["train"] == (120, a[120]) and found["validation"] == (120, b[120])
    assert plot.readout.isVisible()
    assert plot.readout.text() == f"epoch 120\ntrain: {a[120]:.4g}\nvalidation: {b[120]:.4g}"
    move_mouse(plot.plot.viewport(), QPointF(3, 3))
    assert not plot.readout.isVisible()


@pytest.mark.parametrize(("at", "index"), [(119.6, 120), (120.4, 120), (120.6, 121), (-5.0, 0), (999.0, 199)])
def test_the_nearest_point_is_read(plot, rng, at: float, index: int):
    y = rng.random(200)
    plot.show_curves({"train": (np.arange(200.0), y)})
    assert plot.values_at(at) == [("train", index, y[index])]


def test_a_million_points_draw_in_time(plot, rng):
    x = np.arange(1e6)
    y = rng.normal(size=10**6)
    y[654_321] = 50.0
    plot.show_curves({"train": (x, y)})
    drawn = plot._drawn["train"].shown
    assert len(drawn[0]) <= 2 * plot.view.width() + 2
    assert drawn[1].max() == 50.0 and drawn[1].min() == y.min()
    times = []
    for _ in range(8):
        start = time.thread_time()
        plot.show_curves({"train": (x, y)})
        plot.grab()
        times.append(time.thread_time() - start)
    assert min(times) < 0.033, "one frame of 30 Hz"


def test_zooming_in_shows_the_points_themselves(plot, qtbot, rng):
    x = np.arange(100_000.0)
    y = rng.normal(size=100_000)
    plot.show_curves({"train": (x, y)})
    settle(plot)
    place = plot.pixel_of(50_000, 0)
    for _ in range(12):
        event = QWheelEvent(
            place,
            QPointF(plot.plot.viewport().mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(plot.plot.viewport(), event)
    settle(plot)
    (left, right), (low, high) = plot.view.viewRange()
    assert right - left < 5000 and left < 50_000 < right
    inside = y[int(left) + 1 : int(right)]
    assert low <= inside.min() and high >= inside.max() and high - low < 1.3 * np.ptp(inside)
    assert not plot.follow
    plot.show_curves({"train": (x, y)})
    assert plot.view.viewRange()[0] == pytest.approx([left, right]), "new data do not move a view chosen by hand"
    qtbot.mouseDClick(plot.plot.viewport(), LEFT, pos=place.toPoint())
    settle(plot)
    assert plot.view.viewRange()[0] == pytest.approx([0, 99_999])
    assert plot.follow


def test_smoothing_keeps_the_raw_curve_behind(plot, pixels, rng):
    x = np.arange(400.0)
    y = np.where(x % 2 == 0, 0.0, 1.0)
    plot.show_curves({"train": (x, y)})
    plot.show_smoothing(50)
    assert plot.smoothing() == 50
    smooth_x, smooth_y = plot._drawn["train"].smooth
    assert np.allclose(smooth_y[smooth_x > 50], 0.5, atol=0.02)
    settle(plot)
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(200, 0.5), theme().accent, 2, 30)
    column = {picture.pixelColor(round(plot.pixel_of(200.5, 0.9).x()), y).name() for y in range(picture.height())}
    assert len(column) > 3, "the raw curve is there, fainter"


def test_log_axis_leaves_gaps_for_what_has_no_logarithm(plot):
    x = np.arange(5.0)
    plot.show_curves({"a": (x, np.array([1.0, 0.1, 0.0, -1.0, 1e-3]))})
    plot.show_log(True)
    y = plot._drawn["a"].shown[1]
    assert np.array_equal(np.isfinite(y), [True, True, False, False, True])
    assert y[4] == -3
    low, high = plot.view.viewRange()[1]
    assert low < -3 < 0 < high and low > -4


def test_nan_breaks_the_line(plot, pixels):
    x = np.arange(11.0)
    y = np.full(11, 0.5)
    y[4:7] = np.nan
    plot.show_curves({"a": (x, y), "b": (x, np.linspace(0, 1, 11))})
    plot._toggle("b", False)
    settle(plot)
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(2, 0.5), theme().accent, 1, 12)
    assert not near(picture, plot.pixel_of(5, 0.5), theme().accent, 1, 12)


def test_markers_and_the_best_are_drawn(plot, pixels):
    x = np.arange(101.0)
    plot.show_curves({"a": (x, 1 - x / 200)})
    settle(plot)
    plot.show_markers([(30.0, "switched backend")])
    plot.show_best(70.0, float(1 - 70 / 200))
    picture = pixels(plot.plot)
    top, left = round(plot.view.sceneBoundingRect().top()), round(plot.pixel_of(30, 0).x())
    rows = [[picture.pixelColor(left + dx, top + dy).name().upper() for dx in (-1, 0, 1)] for dy in range(40, 90)]
    dashes = [theme().secondary in row for row in rows]
    assert any(dashes) and not all(dashes)
    assert near(picture, plot.pixel_of(70, 1 - 70 / 200), theme().good, 2, 20)
    plot.show_best(None)
    assert not near(pixels(plot.plot), plot.pixel_of(70, 1 - 70 / 200), theme().good, 2, 20)


def test_recent_window(plot):
    x = np.arange(5000.0)
    plot.show_curves({"a": (x, np.where(x < 4500, 100.0, 1.0))})
    plot.show_recent(100)
    (left, right), (_, high) = plot.view.viewRange()
    assert (left, right) == (4899, 4999) and high < 2
    plot.show_recent(0)
    assert plot.view.viewRange()[0] == pytest.approx([0, 4999])


def test_curves_that_are_gone_are_gone(plot):
    x = np.arange(5.0)
    plot.show_curves({"a": (x, x), "b": (x, x)})
    plot.show_curves({"b": (x, x)})
    assert [e.name for e in plot.legend.entries()] == ["b"]


def test_unequal_lengths_are_refused_by_name(plot):
    with pytest.raises(ValueError, match=r"'a'.*\(3,\) and \(4,\)"):
        plot.show_curves({"a": (np.zeros(3), np.zeros(4))})


def test_the_legend_moves_out_of_the_way(plot):
    x = np.arange(100.0)
    plot.show_curves({"rising": (x, x)})
    settle(plot)
    top_right = QPointF(plot.pixel_of(99, 99))
    assert not plot.legend.geometry().contains(top_right.toPoint())

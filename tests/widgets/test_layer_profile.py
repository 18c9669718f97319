"""LayerProfile: all layers in one chart, and zero is said, not drawn as minus infinity."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.layer_profile import Band, LayerProfile
from widgets.tokens import theme

IDS = [f"n{i}" for i in range(7)]
NAMES = [*(f"hidden {i}" for i in range(1, 7)), "output"]
NOW = np.array([1.7e-7, 3.8e-6, 2.6e-5, 4e-4, 2.4e-3, 4.7e-2, 0.31])


@pytest.fixture
def plot(shown) -> LayerProfile:
    plot = shown(LayerProfile("Gradient by layer"), 560, 320)
    plot.show_profile(IDS, NAMES, {"RMS(delta)": NOW})
    for _ in range(3):
        QApplication.processEvents()
    plot.legend.hide()
    return plot


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def test_points_lie_at_their_logarithm(plot, pixels):
    picture = pixels(plot.plot)
    for index, value in enumerate(NOW):
        assert near(picture, plot.pixel_of(index, math.log10(value)), theme().accent, 1, 12), NAMES[index]


def test_labels_are_decades_and_names(plot):
    labels = [text for _, text in plot.y_axis.places()]
    assert {"1e-6", "1e-4", "1e-2"} <= set(labels)
    assert [text for _, text in plot.x_axis.places()] == NAMES


def test_zero_is_marked_at_the_lower_edge_and_bends_nothing(plot, pixels):
    values = NOW.copy()
    values[2], values[5] = 0.0, np.nan
    plot.show_profile(IDS, NAMES, {"RMS(delta)": values})
    plot.legend.hide()
    low, high = plot.view.viewRange()[1]
    assert math.isfinite(low) and low > -9 and high < 2
    picture = pixels(plot.plot)
    area = plot.plot.mapFromScene(plot.view.sceneBoundingRect()).boundingRect()
    x = plot.pixel_of(2, 0).x()
    assert near(picture, QPointF(x - 4, area.bottom() - 13), theme().accent, 2, 30)
    assert near(picture, QPointF(plot.pixel_of(5, 0).x(), area.top() + 9), theme().error, 2, 30)
    title, rows = plot.hover_rows(2.1, 0.0)
    assert (title, rows[0][1:]) == ("hidden 3", ("RMS(delta)", "no gradient"))
    assert plot.hover_rows(5.0, 0.0)[1][0][2] == "NaN"


def test_all_zero_still_has_an_axis(plot):
    plot.show_profile(IDS, NAMES, {"RMS(delta)": np.zeros(7)})
    low, high = plot.view.viewRange()[1]
    assert math.isfinite(low) and math.isfinite(high) and low < high


def test_a_click_on_a_layer_emits_its_id(plot, qtbot):
    place = plot.pixel_of(3, -5).toPoint()
    with qtbot.waitSignal(plot.layer_clicked) as signal:
        qtbot.mouseClick(plot.plot.viewport(), LEFT, pos=place)
    assert signal.args == ["n3"]


def test_hover_reads_the_layer(plot, qtbot):
    plot.show_profile(
        IDS, NAMES, {"RMS(delta)": NOW}, predicted={"RMS(delta)": NOW * 2}, compare={"RMS(delta)": NOW * 3}
    )
    settle()
    move_mouse(plot.plot.viewport(), plot.pixel_of(4.2, -3))
    lines = plot.readout.text().split("\n")
    assert lines == ["hidden 5", "RMS(delta): 0.0024", "predicted: 0.0048", "RMS(delta), B: 0.0072"]


def test_selected_layer_is_lit(plot, pixels):
    before = pixels(plot.plot)
    plot.show_selected("n2")
    after = pixels(plot.plot)
    place = plot.pixel_of(2.3, -0.5).toPoint()
    assert before.pixelColor(place).name().upper() == theme().panel
    assert after.pixelColor(place).blue() > before.pixelColor(place).blue() + 8
    other = plot.pixel_of(4.3, -6).toPoint()
    assert after.pixelColor(other) == before.pixelColor(other)


def test_bands_tint_their_values_only(plot, pixels):
    plot.show_bands([Band(0, 1e-6, "error", "vanishing")])
    picture = pixels(plot.plot)
    tinted = picture.pixelColor(plot.pixel_of(4.5, -6.6).toPoint())
    plain = picture.pixelColor(plot.pixel_of(4.5, -4.6).toPoint())
    assert plain.name().upper() == theme().panel
    assert tinted.red() > plain.red() + 8


def test_the_axis_follows_now_and_the_bar_remembers(plot):
    plot.show_profile(IDS, NAMES, {"RMS(delta)": np.full(7, 1e-9)})
    plot.show_profile(IDS, NAMES, {"RMS(delta)": np.full(7, 0.01)})
    low, high = plot.view.viewRange()[1]
    assert low > -4 and high < 1, "an old extreme does not squeeze the present"
    assert plot.all_time_range() == (1e-9, 0.31)
    whole, window = plot.range_bar.spans()
    assert whole.height() > 3 * window.height()
    assert "1.00e-9" in plot.range_bar.toolTip()
    plot.clear_history()
    assert plot.all_time_range() == (0.01, 0.01)


def test_earlier_traces_widen_the_window_and_stay_faint(plot, pixels):
    plot.show_profile(IDS, NAMES, {"RMS(delta)": NOW}, earlier={"RMS(delta)": np.stack([NOW * 30, NOW * 10])})
    plot.legend.hide()
    assert plot.recent_range() == (NOW[0], NOW[-1] * 30)
    picture = pixels(plot.plot)
    at = plot.pixel_of(3, math.log10(NOW[3] * 10))
    assert not near(picture, at, theme().accent, 2, 12) and not near(picture, at, theme().panel, 0, 4)


def test_series_toggle(plot, qtbot):
    plot.show_profile(IDS, NAMES, {"gradient": NOW, "weights": np.full(7, 1e6)})
    assert plot.view.viewRange()[1][1] > 5
    plot.show_series("weights", False)
    assert plot.view.viewRange()[1][1] < 1
    assert [(e.name, e.visible) for e in plot.legend.entries()] == [("gradient", True), ("weights", False)]


def test_many_layers_slant_and_thin_their_names(plot):
    names = [f"block {i // 4} conv {i % 4}" for i in range(120)]
    plot.show_profile(names, names, {"gradient": np.full(120, 1e-3)})
    settle()
    assert plot.x_axis.slanted
    assert len(plot.x_axis.places()) < 60
    assert plot.hover_rows(77.0, 0)[0] == names[77]


def test_a_wrong_count_is_refused(plot):
    with pytest.raises(ValueError, match=r"'g'.*7 layers.*\(6,\)"):
        plot.show_profile(IDS, NAMES, {"g": np.ones(6)})


def test_table_is_the_input(plot):
    header, rows = plot.table()
    assert list(header) == ["id", "layer", "RMS(delta)"]
    assert [(r[0], r[2]) for r in rows] == list(zip(IDS, NOW.tolist(), strict=True))


def test_update_is_cheap(plot):
    times = []
    for _ in range(10):
        start = time.thread_time()
        plot.show_profile(IDS, NAMES, {"RMS(delta)": NOW}, earlier={"RMS(delta)": np.stack([NOW * 2, NOW * 3])})
        plot.grab()
        times.append(time.thread_time() - start)
    assert min(times) < 0.016


def test_a_share_of_zero_is_a_number_and_nothing_to_measure_is_no_alarm(plot, pixels):
    plot.gaps = True
    plot.show_profile(IDS, NAMES, {"saturated": np.where(NOW < 1e-3, 0.0, np.where(NOW > 0.1, math.nan, NOW))})
    settle()
    assert plot.hover_rows(0.0, 0.0)[1][0][2] == "0"
    mark = plot.pixel_of(6, plot.view.viewRange()[1][1]) + QPointF(0, 9)
    assert not near(pixels(plot.plot), mark, theme().error, 8, 12), "no cross"
    plot.gaps = False
    plot.canvas.update()
    settle()
    assert plot.hover_rows(0.0, 0.0)[1][0][2] == "no gradient"
    assert near(pixels(plot.plot), mark, theme().error, 8, 12)

"""HistogramRidge."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, near
from widgets.ridge import HistogramRidge
from widgets.tokens import theme


@pytest.fixture
def plot(shown) -> HistogramRidge:
    plot = shown(HistogramRidge("weights", x_label="weight"), 480, 320)
    counts = np.zeros((5, 10))
    counts[:, 4] = [10, 20, 30, 40, 1000]
    plot.show_histograms(np.arange(5) * 100, np.linspace(-1, 1, 11), counts, np.full(5, -7.5), np.full(5, 8.25))
    for _ in range(3):
        QApplication.processEvents()
    return plot


def test_latest_stands_in_front_at_its_log_height(plot, pixels):
    picture = pixels(plot.plot)
    top = plot._overlap()
    assert near(picture, plot.pixel_of(-0.1, top), theme().accent, 3, 40), "the highest ridge reaches the overlap"
    assert plot.y_axis.names[0] == "400" and plot.y_axis.names[-1] == "0"


def test_raw_extremes_are_printed(plot):
    assert "-7.5" in plot.x_axis.labelText and "8.25" in plot.x_axis.labelText and "weight" in plot.x_axis.labelText


def test_hover_tells_bin_and_count(plot):
    title, rows = plot.hover_rows(-0.1, 0.5)
    assert title == "step 400"
    assert rows[0][1:] == ("-0.2 ... 0", "1,000") or rows[0][2] == "1,000"
    assert [r[2] for r in rows[1:]] == ["-7.5", "8.25"]
    plot.show_form("heat")
    assert plot.hover_rows(-0.1, 4.0)[0] == "step 0"


def test_heat_form_by_mouse(plot, qtbot, pixels):
    qtbot.mouseClick(plot._forms, LEFT, pos=plot._forms.segment_rect("heat").center().toPoint())
    assert plot.form() == "heat"
    for _ in range(3):
        QApplication.processEvents()
    picture = pixels(plot.plot)
    assert near(picture, plot.pixel_of(-0.1, 0.0), "#FDE725", 1, 20), "most counts are brightest"
    assert near(picture, plot.pixel_of(0.5, 0.0), theme().canvas, 1, 6), "empty bins are not a colour"


def test_bins_may_change_over_time(plot):
    edges = np.stack([np.linspace(-s, s, 11) for s in (1, 2, 3, 4, 5)])
    plot.show_histograms(np.arange(5), edges, np.ones((5, 10)), name="conv 2")
    (left, right), _ = plot.view.viewRange()
    assert left < -5 and right > 5 and plot.title() == "conv 2"
    assert plot.hover_rows(4.9, 0.5)[1][0][2] == "1"
    assert plot.hover_rows(4.9, 4.2)[1] == [], "the first histogram ends before"


def test_only_so_many_ridges_are_drawn_but_always_the_last(plot):
    plot.show_histograms(np.arange(500), np.linspace(0, 1, 5), np.ones((500, 4)))
    assert plot._kept()[-1] == 499 and plot._kept()[0] == 0 and len(plot._kept()) <= 48


def test_table_holds_every_bin(plot):
    header, rows = plot.table()
    rows = list(rows)
    assert list(header) == ["step", "from", "to", "count"] and len(rows) == 50
    assert rows[44] == (400, pytest.approx(-0.2), pytest.approx(0.0, abs=1e-12), 1000.0)

"""The strip below a plot: what is taken from what, at which x, and that no difference is a line at zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from widgets.curve import CurvePlot, Line
from widgets.difference import DifferenceStrip, difference, ratio
from widgets.waterfall import Waterfall


def test_differences_are_taken_where_both_have_values() -> None:
    a = ([1, 2, 3, 4], [1.0, 2.0, 4.0, 8.0])
    x, y = difference(a, ([2, 4], [3.0, 4.0]), log=False)
    assert x.tolist() == [2, 4] and y.tolist() == [1.0, -4.0]
    x, y = difference(a, ([2, 4], [20.0, 0.8]), log=True)
    assert y == pytest.approx([1.0, -1.0])
    assert difference(a, a, log=True)[1].tolist() == [0.0] * 4
    assert len(difference(a, ([], []), log=False)[0]) == 0
    assert len(difference(a, ([9, 10], [1, 1]), log=False)[0]) == 0


def test_a_ratio_of_what_is_not_positive_is_none() -> None:
    found = ratio([1.0, 0.0, -1.0, 2.0], [10.0, 1.0, 1.0, 0.0])
    assert found[0] == 1.0 and np.isnan(found[1:]).all()


def test_the_strip_follows_the_plot_and_keeps_zero_in_view(qtbot: Any) -> None:
    plot = CurvePlot()
    strip = DifferenceStrip(plot)
    for widget in (plot, strip):
        qtbot.addWidget(widget)
        widget.resize(400, 200)
        widget.show()
    plot.show_curves({"A": Line([0, 10, 20], [1, 2, 3]), "B": Line([0, 10, 20], [1, 1, 1], run="B")})
    strip.show_difference({"B": ([0, 10, 20], [0.0, -1.0, -2.0], "#ff0000")}, "B - A")
    (low, high), (bottom, top) = strip.view.viewRange()
    assert (low, high) == pytest.approx(tuple(plot.view.viewRange()[0]), abs=1.0)
    assert bottom < -2.0 and top > 2.0
    title, rows = strip.hover_rows(11, 0)
    assert title == "B - A" and rows[0][1:] == ("B", "-1")
    columns, table = strip.table()
    assert columns[0] == "curve" and len(list(table)) == 3
    strip.show_difference({}, "")
    assert not strip.isVisible()


def test_a_signed_waterfall_is_symmetric_and_neutral_at_zero(qtbot: Any) -> None:
    plot = Waterfall(signed=True)
    qtbot.addWidget(plot)
    plot.show_waterfall(["a"], ["a"], [1, 2, 3], [[-0.5, 0.0, 0.25]])
    assert plot.value_range() == (-0.5, 0.5)
    low, middle, high = (int(w) for w in plot._words_of(np.array([-0.5, 0.0, 0.5])))
    assert len({low, middle, high}) == 3
    _, rows = plot.hover_rows(2, 0)
    assert rows[0][2] == "0", "no difference is not 'no gradient'"

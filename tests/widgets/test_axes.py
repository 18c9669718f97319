"""Labels of the axes."""

from __future__ import annotations

import math

import pytest

from widgets.axes import DecadeAxis, NameAxis, PlotAxis, decade_text, number_text, round_step, value_text


@pytest.mark.parametrize(
    ("width", "count", "step"), [(1.0, 5, 0.2), (160, 8, 20), (0.0007, 4, 2e-4), (100, 1, 100), (99, 10, 10)]
)
def test_steps_are_round(width: float, count: int, step: float):
    assert round_step(width, count) == pytest.approx(step)
    assert width / round_step(width, count) <= count


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.2, 0.2, "0.2"),
        (0, 0.2, "0"),
        (20000, 5000, "20,000"),
        (0.25, 0.05, "0.25"),
        (3e-5, 1e-5, "3e-5"),
        (1, 0.5, "1.0"),
    ],
)
def test_tick_numbers(value: float, step: float, text: str):
    assert number_text(value, step) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.49923, "0.4992"),
        (1.7e-7, "1.70e-7"),
        (0, "0"),
        (48000, "48,000"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
        (2, "2"),
    ],
)
def test_read_out_numbers(value: float, text: str):
    assert value_text(value) == text


def test_decades_are_labelled_as_decades(qapp):
    axis = DecadeAxis("left")
    ((_, ticks),) = axis.tickValues(-8.2, 0.1, 400)
    assert ticks == [-8, -7, -6, -5, -4, -3, -2, -1, 0]
    assert axis.tickStrings(ticks, 1, 1)[::4] == ["1e-8", "1e-4", "1"]
    ((_, few),) = axis.tickValues(-8.2, 0.1, 110)
    assert few == [-6, -3, 0], "thinned out to whole strides that meet 1"
    assert [decade_text(p) for p in (-2, -1, 0, 1, 2, 3, 4)] == ["1e-2", "0.1", "1", "10", "100", "1,000", "1e4"]


def test_less_than_two_decades_show_two_and_five(qapp):
    axis = DecadeAxis("left")
    ((_, ticks),) = axis.tickValues(-1.2, 0.5, 300)
    assert axis.tickStrings(ticks, 1, 1) == ["0.1", "0.2", "0.5", "1", "2"]
    ((_, inside),) = axis.tickValues(math.log10(0.31), math.log10(0.52), 200)
    assert axis.tickStrings(inside, 1, 1) == ["0.35", "0.4", "0.45", "0.5"]
    assert inside[1] == pytest.approx(math.log10(0.4))
    large = axis.tickStrings([math.log10(v) for v in (500, 1000, 2000, 5000, 1e4, 2e4, 5e5)], 1, 1)
    assert large == ["500", "1,000", "2,000", "5,000", "1e4", "2e4", "5e5"], "one way of writing from 1e4 on"


def test_counts_have_whole_ticks(qapp):
    axis = PlotAxis("bottom")
    axis.whole = True
    ((_, ticks),) = axis.tickValues(0, 3, 900)
    assert ticks == [0, 1, 2, 3]


def test_names_thin_out_where_there_is_no_room(qapp):
    axis = NameAxis("left")
    axis.show_names([f"layer {i}" for i in range(100)])
    ((_, ticks),) = axis.tickValues(-0.5, 99.5, 300)
    assert len(ticks) <= 20 and ticks[0] == 0
    assert axis.tickStrings(ticks[:2], 1, 1)[0] == "layer 0"
    ((_, all_),) = axis.tickValues(-0.5, 3.5, 300)
    assert all_ == [0, 1, 2, 3]

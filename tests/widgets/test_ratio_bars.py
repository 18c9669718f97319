"""Ratio bars: parts stack without gaps, the mark is their sum, the read-out says what is under the pointer."""

from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.ratio_bars import RatioBars, Segment
from widgets.tokens import theme

RED, BLUE = "#D2542B", "#2C6FDD"


def bars(qtbot: QtBot) -> RatioBars:
    widget = RatioBars("Where the gradient went")
    qtbot.addWidget(widget)
    widget.resize(480, 320)
    parts = [
        [Segment("slope", RED, -0.6, "slope costs 0.60"), Segment("weights", BLUE, -0.4, "weights cost 0.40")],
        [Segment("slope", RED, -0.5, "slope costs 0.50"), Segment("weights", BLUE, 0.3, "weights add 0.30")],
        [Segment("slope", RED, -math.inf, "nothing passes")],
    ]
    widget.show_bars(["a", "b", "c"], ["first", "second", "third"], parts)
    widget.show()
    qtbot.waitExposed(widget)
    widget.grab()
    qtbot.wait(20)  # the legend's strip is known from the first painting on
    return widget


def test_parts_stack_and_sum(qtbot: QtBot) -> None:
    widget = bars(qtbot)
    assert widget.spans(0) == [(-0.6, 0.0), (pytest.approx(-1.0), -0.6)]
    assert widget.spans(1) == [(-0.5, 0.0), (0.0, 0.3)]
    assert widget.total(0) == pytest.approx(-1.0) and widget.total(1) == pytest.approx(-0.2)
    assert widget.total(2) == -math.inf and widget.spans(2) == [(0.0, 0.0)]


def test_reading_a_part_and_a_layer(qtbot: QtBot) -> None:
    widget = bars(qtbot)
    assert widget.segment_at(0.0, -0.3) == (0, 0) and widget.segment_at(0.0, -0.8) == (0, 1)
    assert widget.segment_at(0.45, -0.3) == (0, -1) and widget.segment_at(9.0, 0.0) == (-1, -1)
    assert widget.hover_rows(0.0, -0.8) == ("first", [(BLUE, "weights cost 0.40", "")])
    title, rows = widget.hover_rows(0.45, 0.0)
    assert title == "first" and [r[2] for r in rows] == ["-0.600", "-0.400", "-1.000"]


def test_colours_are_where_the_parts_are(qtbot: QtBot) -> None:
    widget = bars(qtbot)
    picture = widget.plot.grab().toImage()
    ratio = picture.devicePixelRatio()

    def at(x: float, y: float) -> QColor:
        place = widget.pixel_of(x, y)
        return picture.pixelColor(int(place.x() * ratio), int(place.y() * ratio))

    assert at(0.1, -0.3).name().upper() == RED
    assert at(0.1, -0.8).name().upper() == BLUE
    assert at(1.1, 0.15).name().upper() == BLUE
    assert at(0.45, -0.95).name().upper() == theme().panel.upper()


def test_a_click_names_layer_and_part(qtbot: QtBot) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    widget = bars(qtbot)
    with qtbot.waitSignal(widget.segment_clicked, timeout=20_000) as heard:
        place = widget.pixel_of(0.0, -0.8).toPoint()
        QTest.mouseClick(widget.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == ["a", 1]


def test_lengths_must_agree(qtbot: QtBot) -> None:
    with pytest.raises(ValueError, match="1 ids, 2 names, 0 bars"):
        bars(qtbot).show_bars(["a"], ["a", "b"], [])


@pytest.mark.parametrize("size", [(900, 320), (420, 260)])
def test_the_legend_hides_no_bar(qtbot: QtBot, size: tuple[int, int]) -> None:
    widget = bars(qtbot)
    widget.resize(*size)
    kinds = ["activation's slope", "weights", "paths that meet", "normalization", "merge", "pooling"]
    parts = [[Segment(kind, RED, 0.2 if k % 2 else -0.4, kind) for k, kind in enumerate(kinds)]] * 5
    widget.show_bars(list("abcde"), [f"layer {k}" for k in range(5)], parts)

    def clear() -> bool:
        """The top of the highest bar lies below the legend."""
        widget.grab()
        area = widget.legend._area
        (_, _), (low, high) = widget.view.viewRange()
        top = area.top() + (high - 0.6) / (high - low) * area.height()
        return widget.legend.geometry().bottom() < top

    qtbot.waitUntil(clear, timeout=20_000)
    rows = {box.top() for box in widget.legend._boxes()}
    assert len(rows) == (1 if size[0] == 900 else 3), "in lines where the width asks for it"

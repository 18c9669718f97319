"""ConfusionMatrix, from two classes to a thousand."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.confusion import ConfusionMatrix, percent, rates
from widgets.tokens import theme

COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])


@pytest.fixture
def plot(shown) -> ConfusionMatrix:
    plot = shown(ConfusionMatrix("Confusion matrix"), 420, 400)
    plot.show_matrix(COUNTS, ["cat", "dog", "owl"])
    QApplication.processEvents()
    return plot


def middle(plot: ConfusionMatrix, row: int, column: int) -> QPointF:
    grid, cell = plot.matrix.grid()
    return QPointF(grid.left() + (column + 0.5) * cell, grid.top() + (row + 0.5) * cell)


def test_rates_are_recall_precision_accuracy():
    recall, precision, accuracy = rates(COUNTS)
    assert recall[:2].tolist() == [0.8, 0.9] and math.isnan(recall[2])
    assert precision[:2] == pytest.approx([8 / 9, 9 / 11]) and math.isnan(precision[2])
    assert accuracy == 0.85
    assert math.isnan(rates(np.zeros((2, 2), int))[2])


@pytest.mark.parametrize(("share", "text"), [(1.0, "100 %"), (0.853, "85 %"), (0.0123, "1.2 %"), (math.nan, "-")])
def test_shares_as_text(share: float, text: str):
    assert percent(share) == text


def test_colours_follow_the_share_of_the_row(plot, pixels):
    assert plot.matrix.shares()[:2].tolist() == [[0.8, 0.2, 0.0], [0.1, 0.9, 0.0]]
    picture = pixels(plot.matrix)
    corner = QPointF(-15, -15)
    right, wrong, none = (picture.pixelColor((middle(plot, 0, c) + corner).toPoint()) for c in (0, 1, 2))
    assert right.blue() > right.red() + 60, "right answers go towards blue"
    assert wrong.red() > wrong.blue() + 40, "mistakes go towards orange"
    assert none.name().upper() == theme().canvas
    less = picture.pixelColor((middle(plot, 1, 0) + corner).toPoint())
    assert wrong.red() > less.red() > none.red()


def test_a_click_emits_true_and_predicted(plot, qtbot):
    with qtbot.waitSignal(plot.cell_clicked) as signal:
        qtbot.mouseClick(plot.matrix, LEFT, pos=middle(plot, 0, 1).toPoint())
    assert signal.args == [0, 1]


def test_hover_says_it_in_words(plot, qtbot):
    move_mouse(plot.matrix, middle(plot, 0, 1))
    lines = plot.readout.text().split("\n")
    assert lines == ["2 of 10 cat taken for dog (20 %)", "recall of cat: 80 %", "precision of dog: 82 %"]
    assert plot._accuracy.text() == "accuracy 85 %"


@pytest.mark.parametrize("count", [2, 10, 47, 300, 1000])
def test_every_size_fits_and_finds_its_cells(shown, count: int, pixels):
    plot = shown(ConfusionMatrix("c"), 420, 420)
    plot.show_matrix(np.eye(count, dtype=int) * 5)
    grid, cell = plot.matrix.grid()
    assert grid.left() >= 0 and grid.right() <= plot.matrix.width() and grid.bottom() <= plot.matrix.height()
    picture = pixels(plot.matrix)
    last = count - 1
    assert plot.matrix.cell_at(middle(plot, last, last)) == (last, last)
    assert near(picture, middle(plot, count // 3, count // 3) - QPointF(cell, cell) * 0.3, theme().positive, 1, 12)


def test_one_mistake_among_a_thousand_classes_is_seen(shown, pixels):
    plot = shown(ConfusionMatrix("c"), 420, 420)
    counts = np.eye(1000, dtype=int) * 5
    counts[100, 800] = 5
    plot.show_matrix(counts)
    assert near(pixels(plot.matrix), middle(plot, 100, 800), theme().negative, 1, 90)


def test_a_thousand_classes_paint_in_time(shown):
    plot = shown(ConfusionMatrix("c"), 420, 420)
    counts = np.eye(1000, dtype=int)
    start = time.thread_time()
    plot.show_matrix(counts)
    plot.matrix.grab()
    assert time.thread_time() - start < 0.5


def test_wrong_input_is_refused(plot):
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        plot.show_matrix(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="3 class names, got 2"):
        plot.show_matrix(COUNTS, ["a", "b"])


def test_table_is_the_input(plot):
    header, rows = plot.table()
    assert list(header)[1:] == ["cat", "dog", "owl"] and list(rows)[1] == ["dog", 1, 9, 0]

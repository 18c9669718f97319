"""TileGrid: exact values, hard pixels, shared scales."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.tiles import TileGrid
from widgets.tokens import theme


@pytest.fixture
def maps() -> np.ndarray:
    maps = np.zeros((4, 3, 3), dtype=np.float32)
    maps[0, 0, 2] = 1.0
    maps[1, 1, 1] = -1.0
    maps[2, 2, 0] = 0.1
    maps[3] = np.nan
    return maps


@pytest.fixture
def grid(shown, maps) -> TileGrid:
    grid = shown(TileGrid("kernels"), 420, 300)
    grid.show_tiles(maps, captions=["a", "b", "c", "d"])
    QApplication.processEvents()
    return grid


def cell(grid: TileGrid, tile: int, row: int, column: int) -> QPointF:
    """Middle of a value's square on the surface."""
    rect = grid.canvas.tile_rect(tile)
    rows, columns = grid.canvas.shape()
    return QPointF(
        rect.left() + (column + 0.5) * rect.width() / columns, rect.top() + (row + 0.5) * rect.height() / rows
    )


def test_every_value_is_a_square_of_its_colour(grid, pixels):
    picture = pixels(grid.canvas)
    assert near(picture, cell(grid, 0, 0, 2), theme().positive, 0, 3)
    assert near(picture, cell(grid, 1, 1, 1), theme().negative, 0, 3)
    assert near(picture, cell(grid, 0, 1, 1), theme().panel, 0, 3)
    assert near(picture, cell(grid, 3, 0, 0), theme().panel, 0, 3), "NaN is neutral, not a colour"
    rect = grid.canvas.tile_rect(0)
    side = rect.width() / 3
    just_outside = cell(grid, 0, 0, 2) - QPointF(side / 2 + 1, 0)
    assert near(picture, just_outside, theme().panel, 0, 3), "no blur between squares"


def test_value_under_the_pointer_is_exact(grid, qtbot, maps):
    for tile, row, column in ((0, 0, 2), (1, 1, 1), (2, 2, 0), (2, 0, 0)):
        move_mouse(grid.canvas, cell(grid, tile, row, column))
        assert grid.canvas.cell_at(cell(grid, tile, row, column)) == (tile, row, column)
        assert grid.value_at(tile, row, column) == maps[tile, row, column]
        lines = grid.readout.text().split("\n")
        assert lines[0] == "abcd"[tile]
        assert lines[1] == f"row {row}, column {column}: {grid.value_text(tile, row, column)}"
    assert grid.value_text(2, 2, 0) == "0.1"


def test_scale_per_unit_layer_and_global(grid, pixels):
    at = cell(grid, 2, 2, 0)
    assert not near(pixels(grid.canvas), at, theme().positive, 0, 30), "0.1 is pale beside 1"
    grid.show_scale("unit")
    QApplication.processEvents()
    assert near(pixels(grid.canvas), cell(grid, 2, 2, 0), theme().positive, 0, 3)
    assert not grid.color_legend.isVisible(), "no common scale, no common legend"
    grid.show_tiles(grid.canvas.values, scale="global", bounds=(-10.0, 10.0))
    assert grid.color_legend.isVisible() and grid.color_legend.value_range() == (-10.0, 10.0)


def test_magnitudes_in_viridis(grid, pixels):
    grid.show_tiles(np.stack([np.full((2, 2), 0.0), np.full((2, 2), 2.0)]), signed=False)
    QApplication.processEvents()
    picture = pixels(grid.canvas)
    assert near(picture, cell(grid, 0, 0, 0), "#440154", 0, 3) and near(picture, cell(grid, 1, 0, 0), "#FDE725", 0, 3)


def test_colour_pictures_are_shown_as_they_are(grid, pixels, qtbot):
    pictures = np.zeros((1, 3, 2, 2))
    pictures[0, :, 0, 0] = 1.0, 0.5, 0.0
    grid.show_tiles(pictures)
    QApplication.processEvents()
    assert near(pixels(grid.canvas), cell(grid, 0, 0, 0), "#FF8000", 0, 2)
    assert grid.value_text(0, 0, 0) == "1  0.5  0"


def test_click_and_double_click(grid, qtbot):
    at = cell(grid, 1, 1, 1).toPoint()
    with qtbot.waitSignal(grid.tile_clicked) as signal:
        qtbot.mouseClick(grid.canvas, LEFT, pos=at)
    assert signal.args == [1]
    with qtbot.waitSignal(grid.tile_opened) as signal:
        qtbot.mouseDClick(grid.canvas, LEFT, pos=at)
    assert signal.args == [1]
    (dialog,) = [w for w in grid.children() if w.inherits("QDialog")]
    qtbot.addWidget(dialog)
    QApplication.processEvents()
    single = dialog.findChild(TileGrid)
    assert dialog.isVisible() and dialog.windowTitle() == "kernels: b"
    assert single.canvas.tile_rect(0).width() > 300 and single.value_at(0, 1, 1) == -1.0
    move_mouse(single.canvas, cell(single, 0, 1, 1))
    assert "row 1, column 1: -1" in single.readout.text()


def test_many_tiles_scroll_and_few_fill_the_room(grid):
    grid.show_tiles(np.zeros((400, 8, 8)))
    QApplication.processEvents()
    bar = grid._area.verticalScrollBar()
    assert bar.maximum() > 0 and grid.canvas.tile_rect(0).width() >= 24
    grid.show_tiles(np.zeros((2, 8, 8)))
    QApplication.processEvents()
    assert grid._area.verticalScrollBar().maximum() == 0 and grid.canvas.tile_rect(0).width() > 120
    last = grid.canvas.tile_rect(1)
    assert last.right() <= grid.canvas.width()


def test_wrong_shapes_are_refused(grid):
    with pytest.raises(ValueError, match=r"\(2, 2, 5, 5\)"):
        grid.show_tiles(np.zeros((2, 2, 5, 5)))


def test_table_holds_every_value(grid, maps):
    header, rows = grid.table()
    rows = list(rows)
    assert list(header) == ["tile", "row", "column", "value"] and len(rows) == 36
    assert (0, 0, 2, 1.0) in rows


def test_sixty_four_maps_update_within_four_milliseconds(shown, rng):
    grid = shown(TileGrid("maps"), 620, 420)
    maps = rng.normal(size=(64, 28, 28)).astype(np.float32)
    grid.show_tiles(maps)
    QApplication.processEvents()
    update, paint = [], []
    for _ in range(12):
        start = time.thread_time()
        grid.show_tiles(maps)
        middle = time.thread_time()
        grid.canvas.grab()
        update.append(middle - start)
        paint.append(time.thread_time() - middle)
    assert min(update) + min(paint) < 4e-3

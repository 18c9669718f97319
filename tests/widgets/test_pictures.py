"""Colour maps and node pictures: the right colour at the right pixel."""

from __future__ import annotations

import time

import numpy as np
import pytest

from widgets import colormaps, thumbs
from widgets.tokens import theme


def words(image) -> np.ndarray:
    data = np.frombuffer(image.constBits(), np.uint32)
    return data.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()].copy()


def hexed(word: int) -> str:
    return f"#{int(word) & 0xFFFFFF:06X}"


def test_viridis_has_its_published_ends():
    table = colormaps.viridis()
    assert table.shape == (256,)
    assert (hexed(table[0]), hexed(table[128]), hexed(table[255])) == ("#440154", "#21918C", "#FDE725")
    lightness = (table >> 16 & 255) * 0.2126 + (table >> 8 & 255) * 0.7152 + (table & 255) * 0.0722
    assert (np.diff(lightness) > -1.0).all(), "dark to light without a fold"


def test_signed_table_is_symmetric_about_the_panel():
    table = colormaps.signed()
    assert hexed(table[128]) == theme().panel
    assert (hexed(table[1]), hexed(table[255])) == (theme().negative, theme().positive)
    index = colormaps.signed_index([-2, -1, -0.5, 0, 0.5, 1, 2, np.nan], 1.0)
    assert index.tolist() == [1, 1, 64, 128, 192, 255, 255, 128]
    assert colormaps.signed_index([0.0, 3.0], 0.0).tolist() == [128, 128]


def test_log_index_is_even_over_decades():
    index = colormaps.log_index([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 0.0, 10.0], 1e-4, 1.0)
    assert index.tolist() == [0, 64, 128, 191, 255, 0, 255]


def test_pictures_as_they_are():
    assert hexed(words(thumbs.picture(np.array([[0.0, 1.0]])))[0, 1]) == "#FFFFFF"
    colour = np.zeros((3, 1, 2), np.uint8)
    colour[:, 0, 1] = 10, 20, 30
    assert hexed(words(thumbs.picture(colour))[0, 1]) == "#0A141E"
    with pytest.raises(ValueError, match=r"\(2, 4, 4\)"):
        thumbs.picture(np.zeros((2, 4, 4)))


def test_heat_map_has_its_first_row_at_the_bottom():
    grid = np.array([[-1.0, 0.0], [0.0, 1.0]])
    image = words(thumbs.heat_map(grid))
    assert hexed(image[1, 0]) == theme().negative and hexed(image[0, 1]) == theme().positive
    upright = words(thumbs.heat_map(grid, row0_bottom=False))
    assert hexed(upright[0, 0]) == theme().negative


def test_tiles_share_one_scale_and_keep_gaps():
    maps = np.stack([np.full((4, 4), 1.0), np.full((4, 4), -0.5)])
    image = words(thumbs.tiles(maps, 90, 40))
    assert image.shape == (4, 9)
    assert hexed(image[0, 0]) == theme().positive
    assert image[0, 4] >> 24 == 0
    assert image[0, 5] == colormaps.signed()[64]


@pytest.mark.parametrize(
    ("count", "width", "height", "grid"), [(8, 160, 20, (8, 1)), (4, 100, 100, (2, 2)), (1, 9, 9, (1, 1))]
)
def test_grid_fits(count: int, width: int, height: int, grid: tuple[int, int]):
    assert thumbs.fit_grid(count, 10, 10, width, height) == grid


def test_histogram_heights_follow_log_counts():
    image = words(thumbs.histogram([0, 9, 99, 0], 40, 101, log=True))
    filled = ((image >> 24) > 0).sum(axis=0)
    assert filled[5] <= 2 and filled[35] <= 2
    assert filled[15] / filled[25] == pytest.approx(np.log1p(9) / np.log1p(99), abs=0.03)


def test_histogram_marks_zero():
    image = words(thumbs.histogram([1, 1, 1, 1], 40, 20, edges=(-1.0, 3.0)))
    assert hexed(image[2, 10]) == theme().secondary


def test_scatter_puts_points_where_they_are():
    image = words(thumbs.scatter([[0, 0], [1, 1]], [0, 1], 60, 40, extent=(0, 1, 0, 1)))
    assert hexed(image[36, 3]) == theme().class_color(0), "the first point lies at the lower left"
    assert hexed(image[3, 56]) == theme().class_color(1)
    assert words(thumbs.scatter(np.zeros((0, 2)), [], 20, 20)).max() == 0


def test_bars_have_their_height():
    image = words(thumbs.bars([0.25, 1.0], 20, 41))
    filled = ((image >> 24) > 0).sum(axis=0)
    assert filled[12] >= 40 and 9 <= filled[2] <= 12


def test_node_pictures_take_less_than_a_millisecond(rng):
    maps, grid, counts = rng.normal(size=(16, 26, 26)), rng.normal(size=(30, 30)), rng.integers(0, 99, 64)
    points, groups = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    for act in (
        lambda: thumbs.tiles(maps, 150, 50),
        lambda: thumbs.heat_map(grid),
        lambda: thumbs.histogram(counts, 150, 50),
        lambda: thumbs.scatter(points, groups, 150, 50),
    ):
        times = []
        for _ in range(15):
            start = time.thread_time()
            act()
            times.append(time.thread_time() - start)
        assert min(times) < 1e-3

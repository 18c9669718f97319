"""What rows of tiles ask for ahead of time: what the rows behind them touch first, and no number changes by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.backends.tape import compiler
from engine.backends.tape import opcodes as o
from engine.backends.tape.ahead import asking
from engine.backends.tape.program import Line
from engine.backends.tape.validate import Bounds, TapeError, check_tape
from tests.engine.backends.test_tape_images import TILED
from tests.engine.backends.twins import data, tape

PIXELS = 8 * 16 * 16


def _apply(x: int, y: int) -> Line:
    return Line((o.NORM, o.APPLY, x, PIXELS, 0, y, PIXELS, 0, 1, PIXELS, 16, 1 << 20, 0, 0), True, 1)


def _tiles(x: int, y: int) -> Line:
    row = (o.WINOGRAD, o.TILES, x, PIXELS, 128, 8, 9, 9, y, PIXELS, 256, 16, 8, 16, 2, 64, 1 << 21, 64, 0)
    return Line(row, True, 1)


def _wanted(line: Line) -> set[tuple[int, ...]]:
    assert line.row[:2] == (o.WINOGRAD, o.AHEAD)
    return {(line.row[k], line.row[k + 1], line.row[k + 3]) for k in range(2, len(line.row), 4)}


def test_a_row_of_tiles_asks_for_what_comes_after_it_and_for_the_samples_after() -> None:
    """The pass before the tiles is that of the next samples; what an earlier row has touched is near already."""
    before, image, made, after = 10_000, 200_000, 400_000, 600_000
    lines = asking([_apply(before, image), _tiles(image, made), _apply(made, after)])
    assert [line.row[:2] for line in lines] == [
        (o.NORM, o.APPLY), (o.WINOGRAD, o.TILES), (o.WINOGRAD, o.AHEAD), (o.NORM, o.APPLY)
    ]  # fmt: skip
    assert lines[1].row[19] == 4
    assert _wanted(lines[2]) == {
        (before, PIXELS, 1), (image, PIXELS, 1), (made, PIXELS, 1), (after, PIXELS, 0)
    }  # fmt: skip


def test_what_passes_through_one_place_is_not_asked_for() -> None:
    passing = Line((o.NORM, o.APPLY, 50_000, 0, 0, 90_000, 0, 0, 1, PIXELS, 16, 1 << 20, 0, 0), True, 1)
    lines = asking([passing, _tiles(200_000, 400_000)])
    assert all(start >= 200_000 - 128 - 8 for start, _, _ in _wanted(lines[2]))


def test_a_group_without_tiles_stays() -> None:
    lines = [_apply(0, PIXELS)]
    assert asking(lines) == lines


@pytest.mark.parametrize("name", TILED)
def test_no_number_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(shaped: Callable[[list[Line]], list[Line]]) -> list[bytes]:
        monkeypatch.setattr(compiler, "asking", shaped)
        with tape(*TILED[name]) as made:
            x, y = data(made.plan, 12)
            made.bind(x, y)
            made.train(np.arange(12).reshape(2, 6), np.full(2, 0.01), 0)
            return [w.tobytes() for w in made.weights().values()]

    assert weights(asking) == weights(list)


def test_parts_without_their_row_are_refused() -> None:
    rows = np.zeros((3, o.WIDTH), np.int64)
    rows[0, :3], rows[1, :19] = (o.CONTROL, o.GROUP, 2), _tiles(0, 0).row
    rows[1, 2:17] = 0
    rows[1, 19], rows[2, :2] = 1, (o.CONTROL, o.BARRIER)
    with pytest.raises(TapeError, match="no row follows that names 1 parts"):
        check_tape("train", rows, Bounds(1, 1, 1 << 22, 8, 8), 1)

"""Pooling over images that lie as (H, W, C): all channels of a pixel at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import arena_of, borrow, exact, floats, give_back, integers, kernel, loop
from engine.backends.tape.kernels.vectors import pool_back_row, pool_relu_back_row, pool_row

f4 = np.float32


@loop
def _add_only(dy: Any, won: Any, cell: Any, dx: Any) -> None:
    for j in range(dy.size):
        dx[j] += dy[j] if won[j] == cell else f4(0)


@loop
def _positive(dy: Any, y: Any, out: Any) -> None:
    """dy where y is positive."""
    for j in range(dy.size):
        out[j] = dy[j] if y[j] > f4(0) else f4(0)


@loop
def _compete(x: Any, cell: Any, y: Any, won: Any) -> None:
    for j in range(y.size):
        won[j] = cell if x[j] > y[j] or x[j] != x[j] else won[j]
    for j in range(y.size):
        y[j] = x[j] if x[j] > y[j] or x[j] != x[j] else y[j]


@loop
def _fill(y: Any, value: Any) -> None:
    for j in range(y.size):
        y[j] = value


@loop
def _add_scaled(x: Any, y: Any, factor: Any) -> None:
    for j in range(y.size):
        y[j] += x[j] * factor


@exact
def _pairs(base: int, t: Any, n: int, back: bool) -> None:
    """Windows of 2 x 2 side by side that cover the image, a row of them at a time."""
    c, columns = t[8], t[12]
    for i in range(t[11]):
        x, y = base + 4 * (t[2] + n * t[3] + 2 * i * t[4]), base + 4 * (t[5] + n * t[6] + i * t[7])
        won, below = base + 4 * (t[19] + (n * t[11] + i) * columns * c), x + 4 * t[4]
        if not back:
            pool_row(columns, c, x, x + 4 * c, below, below + 4 * c, y, won, 0, 0, 0, 0)
        elif t[20]:
            out = base + 4 * (t[21] + n * t[22] + i * t[23])
            pool_relu_back_row(columns, c, y, won, out, x, x + 4 * c, below, below + 4 * c, 0, 0, 0)
        else:
            pool_back_row(columns, c, y, won, x, x + 4 * c, below, below + 4 * c, 0, 0, 0, 0)


@exact
def _clear(arena: Any, t: Any, n: int) -> None:
    for h in range(t[9]):
        at = t[2] + n * t[3] + h * t[4]
        _fill(arena[at : at + t[10] * t[8]], f4(0))


@exact
def _maximum(arena: Any, t: Any, n: int, back: bool) -> None:
    """Any window. The number of the winning cell is kept for the way back."""
    c, kw = t[8], t[14]
    place = borrow(4 * c)
    masked = floats(place, c)
    if back:
        _clear(arena, t, n)
    for i in range(t[11]):
        for k in range(t[12]):
            y = t[5] + n * t[6] + i * t[7] + k * c
            w = t[19] + n * t[11] * t[12] * c + (i * t[12] + k) * c
            one, won = arena[y : y + c], arena[w : w + c]
            if back and t[20]:
                out = t[21] + n * t[22] + i * t[23] + k * c
                _positive(one, arena[out : out + c], masked)
                one = masked
            if not back:
                _fill(one, f4(-np.inf))
                _fill(won, f4(-1))
            for cell in range(t[13] * kw):
                h, v = i * t[15] - t[17] + cell // kw, k * t[16] - t[18] + cell % kw
                if 0 <= h < t[9] and 0 <= v < t[10]:
                    x = t[2] + n * t[3] + h * t[4] + v * c
                    if back:
                        _add_only(one, won, f4(cell), arena[x : x + c])
                    else:
                        _compete(arena[x : x + c], f4(cell), one, won)
    give_back(place)


@exact
def _average(arena: Any, t: Any, n: int, back: bool) -> None:
    """The mean over the cells that lie on the image."""
    c = t[8]
    if back:
        _clear(arena, t, n)
    for i in range(t[11]):
        top = i * t[15] - t[17]
        h0, h1 = max(top, 0), min(top + t[13], t[9])
        for k in range(t[12]):
            left = k * t[16] - t[18]
            v0, v1 = max(left, 0), min(left + t[14], t[10])
            y = t[5] + n * t[6] + i * t[7] + k * c
            one, share = arena[y : y + c], f4(1.0 / max((h1 - h0) * (v1 - v0), 1))
            if not back:
                _fill(one, f4(0))
            for h in range(h0, h1):
                for v in range(v0, v1):
                    x = t[2] + n * t[3] + h * t[4] + v * c
                    if back:
                        _add_scaled(one, arena[x : x + c], share)
                    else:
                        _add_scaled(arena[x : x + c], one, share)


@exact
def _whole(arena: Any, t: Any, n: int, back: bool) -> None:
    """The mean of each whole map."""
    c = t[8]
    one = arena[t[5] + n * t[6] : t[5] + n * t[6] + c]
    share = f4(1.0 / (t[9] * t[10]))
    if not back:
        _fill(one, f4(0))
    for h in range(t[9]):
        for v in range(t[10]):
            x = t[2] + n * t[3] + h * t[4] + v * c
            if back:
                _fill(arena[x : x + c], f4(0))
                _add_scaled(one, arena[x : x + c], share)
            else:
                _add_scaled(arena[x : x + c], one, f4(1))
    if not back:
        for j in range(c):
            one[j] *= share


@kernel
def pool(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """row: x (or dx) view, y (or dy) view, C, H, W, rows and columns of y, kernel, strides, top, left, winners;
    where a ReLU came before: 1 and the view of y, for the way back."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, op, back = arena_of(frame), t[1] % o.BACK, t[1] >= o.BACK
    exactly = t[13] == 2 and t[14] == 2 and t[15] == 2 and t[16] == 2 and t[17] == 0 and t[18] == 0
    exactly = exactly and t[9] == 2 * t[11] and t[10] == 2 * t[12]
    for n in range(first, last):
        if op == o.GLOBAL_POOL:
            _whole(arena, t, n, back)
        elif op == o.AVERAGE_POOL:
            _average(arena, t, n, back)
        elif exactly:
            _pairs(frame[o.ARENA], t, n, back)
        else:
            _maximum(arena, t, n, back)

"""What sequences need besides: layer normalization, rows of a table, and one sample's weights added to all."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.group_norm import group_norm, group_norm_back
from engine.backends.tape.kernels.native import (
    arena_of,
    borrow,
    constants_of,
    exact,
    floats,
    give_back,
    integers,
    kernel,
    loop,
)
from engine.backends.tape.kernels.rows import layer_norm_back_rows, layer_norm_rows

f4 = np.float32


@loop
def _clear(x: Any) -> None:
    for i in range(x.size):
        x[i] = f4(0)


@loop
def _copy(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i]


@exact
def _layer_norm(base: int, t: Any, eps: float, first: int, last: int) -> None:
    """row: x, gamma, beta, y, rows a sample, G, constant (eps), means and inverses, two a row."""
    width, r = t[7], first * t[6]
    x, y, own = base + 4 * (t[2] + r * width), base + 4 * (t[5] + r * width), base + 4 * (t[9] + 2 * r)
    count = (last - first) * t[6]
    layer_norm_rows(x, base + 4 * t[3], base + 4 * t[4], y, own, count, width, 0, 0, eps)


@loop
def _add(a: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] += a[i]


@exact
def _layer_norm_back(base: int, arena: Any, t: Any, first: int, last: int, thread: int) -> None:
    """row: x, gamma, dy, dx or -1, rows a sample, G, add, means and inverses; dgamma, dbeta or -1, stride to the next
    thread's: sums of each sample, added up."""
    rows, width = t[6], t[7]
    place = borrow(4 * 2 * width)
    part = floats(place, 2 * width)
    for n in range(first, last):
        _clear(part)
        r = n * rows
        dx = base + 4 * (t[5] + r * width) if t[5] >= 0 else 0
        layer_norm_back_rows(
            base + 4 * (t[2] + r * width), base + 4 * t[3], base + 4 * (t[4] + r * width), dx,
            base + 4 * (t[9] + 2 * r), place, rows, width, t[8], 0.0,
        )  # fmt: skip
        if t[10] >= 0:
            _add(part[:width], arena[t[10] + thread * t[12] : t[10] + thread * t[12] + width])
        if t[11] >= 0:
            _add(part[width:], arena[t[11] + thread * t[12] : t[11] + thread * t[12] + width])
    give_back(place)


@loop
def _row_sum(x: Any, w: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] + w[i]


@exact
def _add_row(arena: Any, t: Any, first: int, last: int) -> None:
    """y = x + w. row: x, w, y, floats a sample."""
    w = arena[t[3] : t[3] + t[5]]
    for n in range(first, last):
        _row_sum(arena[t[2] + n * t[5] : t[2] + (n + 1) * t[5]], w, arena[t[4] + n * t[5] : t[4] + (n + 1) * t[5]])


@exact
def _embed(arena: Any, t: Any, first: int, last: int) -> None:
    """row: x (numbers of rows), w, y, places a sample, D, V."""
    width = t[6]
    for place in range(first * t[5], last * t[5]):
        w, y = t[3] + int(arena[t[2] + place]) * width, t[4] + place * width
        _copy(arena[w : w + width], arena[y : y + width])


@exact
def _embed_back(arena: Any, t: Any, batch: int, thread: int, threads: int) -> None:
    """Each thread adds up some columns over the whole batch. row: x, dw, dy, places a sample, D, V, add."""
    width, units = t[6], (t[6] + 15) // 16
    a, b = units * thread // threads * 16, min(units * (thread + 1) // threads * 16, width)
    if b <= a:
        return
    if not t[8]:
        for v in range(t[7]):
            _clear(arena[t[3] + v * width + a : t[3] + v * width + b])
    for place in range(batch * t[5]):
        w, dy = t[3] + int(arena[t[2] + place]) * width, t[4] + place * width
        _add(arena[dy + a : dy + b], arena[w + a : w + b])


@kernel
def tokens(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, arena, op = frame[o.ARENA], arena_of(frame), t[1]
    if op == o.LAYER_NORM:
        _layer_norm(base, t, constants_of(frame)[t[8]], first, last)
    elif op == o.LAYER_NORM + o.BACK:
        _layer_norm_back(base, arena, t, first, last, thread)
    elif op == o.GROUP_NORM:
        group_norm(arena, t, constants_of(frame)[t[8]], first, last)
    elif op == o.GROUP_NORM + o.BACK:
        group_norm_back(arena, t, first, last, thread)
    elif op == o.ADD_ROW:
        _add_row(arena, t, first, last)
    elif op == o.EMBED:
        _embed(arena, t, first, last)
    elif op == o.EMBED + o.BACK:
        _embed_back(arena, t, frame[o.BATCH], thread, frame[o.THREADS])

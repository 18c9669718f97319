"""Products of a dense layer: forward, with respect to its input, its weights and its bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.around import squares
from engine.backends.tape.kernels.endings import ended, sloped
from engine.backends.tape.kernels.micro import ADD_TO_C, BIAS, RELU, ZERO, pair, product, tile
from engine.backends.tape.kernels.native import (
    arena_of,
    borrow,
    exact,
    floats,
    give_back,
    integers,
    kernel,
    own_doubles,
)
from engine.backends.tape.kernels.vectors import sum_rows_apart

f4 = np.float32
#: rows of dW that a thread takes at once
CHUNK = 24
#: rows of a product at a time where the whole matrix stays in the nearest cache, and how many floats it may have
ROWS_AT_ONCE, NEAR = 24, 5120


@exact
def _tiles(base: int, t: Any, r: int, count: int, k: int, k1: int, p: int, p1: int, mode: int) -> None:
    """dW of the inputs k to k1 and the panels p to p1, over ``count`` samples from r."""
    inner, columns = t[6], t[7]
    x, dy, did = base + 4 * (t[2] + r * inner), base + 4 * (t[3] + r * columns), 1
    while did and columns >= 16 * p + 32:
        at = base + 4 * (t[4] + (p * inner + k) * 16)
        did = pair(k1 - k, x + 4 * k, 1, inner, dy + 64 * p, columns, 16, count, at, 16, 16 * inner, mode, 0)
        k += did
    while p < p1:
        n, i = min(16, columns - 16 * p), k
        while i < k1:
            i += tile(
                k1 - i, x + 4 * i, 1, inner, 0, dy + 64 * p, columns, 0, count, 1,
                base + 4 * (t[4] + (p * inner + i) * 16), 16, mode, n, 0,
            )  # fmt: skip
        p += 1


@exact
def _weights(base: int, t: Any, arena: Any, own: Any, rows: int, thread: int, threads: int) -> None:
    """dW panels of x^T dy, two at a time, in parts of SUM_ROWS rows.

    row: x, dy, g, rows a sample, K, N, add, slot of the sum of squares or 0.
    """
    inner, panels = t[6], (t[7] + 15) // 16
    pairs, chunks = (panels + 1) // 2, (inner + CHUNK - 1) // CHUNK
    for unit in range(pairs * chunks * thread // threads, pairs * chunks * (thread + 1) // threads):
        p, k0 = unit // chunks * 2, unit % chunks * CHUNK
        mode, r = (ADD_TO_C if t[8] else ZERO), 0
        while r < rows:
            count = min(o.SUM_ROWS, rows - r)
            _tiles(base, t, r, count, k0, min(k0 + CHUNK, inner), p, min(p + 2, panels), mode)
            mode = ADD_TO_C
            r += count
        if t[9] > 0:
            count = 16 * min(CHUNK, inner - k0)
            for q in range(p, min(p + 2, panels)):
                at = t[4] + (q * inner + k0) * 16
                own[t[9]] += squares(arena[at : at + count])


@exact
def _column_sum(arena: Any, base: int, t: Any, own: Any, rows: int, c0: int, c1: int) -> None:
    """g[c0:c1] = sum over rows of dy, the parts of SUM_ROWS rows added up.

    row: dy, g, rows a sample, K, add, slot of the sum of squares or 0.
    """
    place = borrow(4 * 64)
    part = floats(place, 64)
    for at in range(c0, c1, 64):
        width, r = min(64, c1 - at), 0
        out = arena[t[3] + at : t[3] + at + width]
        for j in range(0 if t[6] else width):
            out[j] = f4(0)
        while r < rows:
            count = min(o.SUM_ROWS, rows - r)
            for j in range(width):
                part[j] = f4(0)
            sum_rows_apart(count, width, base + 4 * (t[2] + r * t[5] + at), place, 0, 0, 0, 0, 0, 0, 0, t[5])
            for j in range(width):
                out[j] += part[j]
            r += count
        if t[7] > 0:
            own[t[7]] += squares(out)
    give_back(place)


@exact
def _together(rows: int, inner: int, columns: int) -> int:
    """How many rows of a product are made at a time."""
    return ROWS_AT_ONCE if (columns + 15) // 16 * 16 * inner <= NEAR else max(rows, 1)


@exact
def _linear(base: int, arena: Any, t: Any, at: int, end: int) -> None:
    """Rows at to end of x W + b. row: x, w, bias or -1, y, rows a sample, K, N, ending."""
    inner, columns, kind = t[7], t[8], t[9]
    mode, bias = (BIAS, base + 4 * t[4]) if t[4] >= 0 else (ZERO, 0)
    mode += RELU if kind == 1 + o.RELU else 0
    size = _together(end - at, inner, columns)
    while at < end:
        rows, y = min(size, end - at), t[5] + at * columns
        product(
            rows, columns, inner, base + 4 * (t[2] + at * inner), inner, 1, base + 4 * t[3], 16, 16 * inner,
            base + 4 * y, columns, 16, mode, bias,
        )  # fmt: skip
        if kind > 1 + o.RELU:
            ended(kind, arena[y : y + rows * columns])
        at += rows


@exact
def _linear_dx(base: int, arena: Any, t: Any, at: int, end: int) -> None:
    """Rows at to end of dy W^T. row: dy, w^T, dx, rows a sample, N, K, add, ending whose slope x has, x."""
    inner, columns = t[6], t[7]
    size = _together(end - at, inner, columns)
    while at < end:
        rows, dx = min(size, end - at), t[4] + at * columns
        product(
            rows, columns, inner, base + 4 * (t[2] + at * inner), inner, 1, base + 4 * t[3], 16, 16 * inner,
            base + 4 * dx, columns, 16, ADD_TO_C if t[8] else ZERO, 0,
        )  # fmt: skip
        if t[9]:
            x = t[10] + at * columns
            sloped(t[9], arena[dx : dx + rows * columns], arena[x : x + rows * columns])
        at += rows


@kernel
def matrix(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, arena, threads, op = frame[o.ARENA], arena_of(frame), frame[o.THREADS], t[1]
    own = own_doubles(frame, thread)
    if op == o.LINEAR:
        _linear(base, arena, t, first * t[6], last * t[6])
    elif op == o.LINEAR_DX:
        _linear_dx(base, arena, t, first * t[5], last * t[5])
    elif op == o.LINEAR_DW:
        _weights(base, t, arena, own, frame[o.BATCH] * t[5], thread, threads)
    elif op == o.COLUMN_SUM:
        units = (t[5] + 15) // 16
        c0, c1 = units * thread // threads * 16, min(units * (thread + 1) // threads * 16, t[5])
        if c1 > c0:
            _column_sum(arena, base, t, own, frame[o.BATCH] * t[4], c0, c1)

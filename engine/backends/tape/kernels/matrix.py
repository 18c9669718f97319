"""Products of a dense layer: forward, with respect to its input, its weights and its bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.micro import ADD_TO_C, BIAS, RELU, ZERO, pair, product, tile
from engine.backends.tape.kernels.native import arena_of, borrow, exact, floats, give_back, integers, kernel
from engine.backends.tape.kernels.vectors import sum_rows_apart

f4 = np.float32
#: rows of dW that a thread takes at once
CHUNK = 24


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
def _weights(base: int, t: Any, rows: int, thread: int, threads: int) -> None:
    """dW panels of x^T dy, two at a time, in parts of SUM_ROWS rows. row: x, dy, g, rows a sample, K, N, add."""
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


@exact
def _column_sum(arena: Any, base: int, t: Any, rows: int, c0: int, c1: int) -> None:
    """g[c0:c1] = sum over rows of dy, the parts of SUM_ROWS rows added up. row: dy, g, rows a sample, K, add."""
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
    give_back(place)


@kernel
def matrix(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """LINEAR: x, w, bias or -1, y, rows a sample, K, N, ReLU. LINEAR_DX: dy, w^T, dx, rows a sample, N, K, add."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, threads, op = frame[o.ARENA], frame[o.THREADS], t[1]
    if op == o.LINEAR:
        rows, inner, columns = (last - first) * t[6], t[7], t[8]
        x, y, at = base + 4 * t[2], base + 4 * t[5], first * t[6]
        mode, bias = (BIAS, base + 4 * t[4]) if t[4] >= 0 else (ZERO, 0)
        product(
            rows, columns, inner, x + 4 * at * inner, inner, 1, base + 4 * t[3], 16, 16 * inner,
            y + 4 * at * columns, columns, 16, mode + (RELU if t[9] else 0), bias,
        )  # fmt: skip
    elif op == o.LINEAR_DX:
        rows, inner, columns = (last - first) * t[5], t[6], t[7]
        dy, dx, at = base + 4 * t[2], base + 4 * t[4], first * t[5]
        product(
            rows, columns, inner, dy + 4 * at * inner, inner, 1, base + 4 * t[3], 16, 16 * inner,
            dx + 4 * at * columns, columns, 16, ADD_TO_C if t[8] else ZERO, 0,
        )  # fmt: skip
    elif op == o.LINEAR_DW:
        _weights(base, t, frame[o.BATCH] * t[5], thread, threads)
    elif op == o.COLUMN_SUM:
        units = (t[5] + 15) // 16
        c0, c1 = units * thread // threads * 16, min(units * (thread + 1) // threads * 16, t[5])
        if c1 > c0:
            _column_sum(arena_of(frame), base, t, frame[o.BATCH] * t[4], c0, c1)

"""Batch normalization over the rows of a view whose channels lie innermost, in parts that threads join.

Each block of samples gives its count, mean and sum of squared deviations, in two passes while it is in cache. Sums of a
few dozen pixels are kept in single precision and added up in float64; what the deviations leave corrects the mean and
their squares, and parts are joined in float64 (Chan, Golub & LeVeque 1983). So the result loses no digits to a mean far
from zero nor to many pixels, and the mean of equal numbers is that number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import (
    arena_of,
    borrow,
    constants_of,
    doubles,
    exact,
    give_back,
    integers,
    kernel,
    own_doubles,
)
from engine.backends.tape.kernels.vectors import (
    normal_back_row,
    normal_relu_row,
    normal_row,
    products_row,
    squares_row,
    sum_row,
)

f4 = np.float32
#: pixels whose sum is kept in single precision
TOGETHER = 64


@exact
def _pour(part: Any, whole: Any) -> None:
    """whole += part; part = 0."""
    for j in range(part.size):
        whole[j] += part[j]
        part[j] = f4(0)


@exact
def _statistics(t: Any, arena: Any, base: int, own: Any, first: int, last: int, thread: int) -> None:
    """row: x view, rows, length, C, slot, scratch, scratch a thread. own[slot]: count, means, squared deviations."""
    rows, length, c, at = t[5], t[6], t[7], t[9] + thread * t[10]
    mean, part, pixels, place = arena[at : at + c], arena[at + c : at + 3 * c], length // c, base + 4 * at
    borrowed, waiting = borrow(16 * c), 0
    whole = doubles(borrowed, 2 * c)
    for j in range(c):
        mean[j] = f4(0)
    for j in range(2 * c):
        part[j] = f4(0)
        whole[j] = 0.0
    for n in range(first, last):
        for h in range(rows):
            x = t[2] + n * t[3] + h * t[4]
            sum_row(pixels, c, base + 4 * x, place, 0, 0, 0, 0, 0, 0, 0, 0)
    count = (last - first) * rows * pixels
    for j in range(c):
        mean[j] /= f4(count)
    for n in range(first, last):
        for h in range(rows):
            x = t[2] + n * t[3] + h * t[4]
            squares_row(pixels, c, base + 4 * x, place, place + 4 * c, place + 8 * c, 0, 0, 0, 0, 0, 0)
            waiting += pixels
            if waiting >= TOGETHER:
                _pour(part, whole)
                waiting = 0
    _pour(part, whole)
    for j in range(c):
        rest = whole[c + j] / count
        whole[j], whole[c + j] = mean[j] + rest, whole[j] - whole[c + j] * rest
    _join(own[t[8] :], float(count), whole[:c], whole[c:], c)
    give_back(borrowed)


@exact
def _join(sums: Any, count: float, mean: Any, square: Any, c: int) -> None:
    before = sums[0]
    share = count / (before + count)
    for j in range(c):
        apart = mean[j] - sums[1 + j]
        sums[1 + j] += apart * share
        sums[1 + c + j] += square[j] + apart * apart * before * share
    sums[0] = before + count


@exact
def _fix(frame: Any, t: Any, arena: Any, k: Any, thread: int) -> None:
    """Mean and spread of all threads' parts, or the running ones; each thread makes its own copy.

    row: slot, C, gamma, beta, running mean, running variance, pending mean, pending variance or -1, own, own stride,
    constants (momentum, eps), training.
    """
    c, at = t[3], t[10] + thread * t[11]
    momentum, eps = k[t[12]], k[t[12] + 1]
    place = borrow(8 * (1 + 2 * c))
    merged = doubles(place, 1 + 2 * c)
    for j in range(merged.size):
        merged[j] = 0.0
    if t[13]:
        for other in range(frame[o.THREADS]):
            part = doubles(frame[o.DOUBLES] + 8 * (other * frame[o.DOUBLES_EACH] + t[2]), 1 + 2 * c)
            if part[0] > 0:
                _join(merged, part[0], part[1 : 1 + c], part[1 + c :], c)
    for j in range(c):
        mean, spread = float(arena[t[6] + j]), float(arena[t[7] + j])
        if t[13]:
            mean, spread = merged[1 + j], merged[1 + c + j] / merged[0]
        inverse = 1.0 / np.sqrt(spread + eps)
        arena[at + j], arena[at + c + j] = f4(mean), f4(inverse)
        arena[at + 2 * c + j] = f4(inverse) * arena[t[4] + j]
        arena[at + 3 * c + j] = arena[t[5] + j]
        if t[13] and t[8] >= 0 and thread == 0:
            whole = spread * (merged[0] / max(merged[0] - 1.0, 1.0))
            arena[t[8] + j] = f4(arena[t[6] + j] * (1.0 - momentum) + momentum * mean)
            arena[t[9] + j] = f4(arena[t[7] + j] * (1.0 - momentum) + momentum * whole)
    give_back(place)


@exact
def _sums(t: Any, arena: Any, base: int, own: Any, first: int, last: int, thread: int) -> None:
    """row: x view, dy view, rows, length, C, slot, own, own stride. own sums[slot]: of dy, of dy xhat."""
    rows, length, c, at = t[8], t[9], t[10], t[12] + thread * t[13]
    mean = base + 4 * at
    part, whole, waiting = arena[at + 6 * c : at + 8 * c], own[t[11] : t[11] + 2 * c], 0
    for j in range(2 * c):
        part[j] = f4(0)
    for n in range(first, last):
        for h in range(rows):
            x, d = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7]
            products_row(
                length // c, c, base + 4 * x, base + 4 * d, mean, mean + 4 * c, mean + 24 * c, mean + 28 * c, 0, 0, 0, 0
            )  # fmt: skip
            waiting += length // c
            if waiting >= TOGETHER:
                _pour(part, whole)
                waiting = 0
    _pour(part, whole)


@exact
def _fix_back(frame: Any, t: Any, arena: Any, thread: int) -> None:
    """row: slot, C, count a sample, dgamma, dbeta or -1, own, own stride, training, add."""
    c, at = t[3], t[7] + thread * t[8]
    count = float(frame[o.BATCH] * t[4])
    for j in range(c):
        plain, product = 0.0, 0.0
        for other in range(frame[o.THREADS]):
            part = doubles(frame[o.DOUBLES] + 8 * (other * frame[o.DOUBLES_EACH] + t[2]), 2 * c)
            plain += part[j]
            product += part[c + j]
        if thread == 0 and t[5] >= 0:
            arena[t[5] + j] = f4(product) + (arena[t[5] + j] if t[10] else f4(0))
        if thread == 0 and t[6] >= 0:
            arena[t[6] + j] = f4(plain) + (arena[t[6] + j] if t[10] else f4(0))
        arena[at + 4 * c + j] = f4(-product / count * arena[at + c + j]) if t[9] else f4(0)
        arena[at + 5 * c + j] = f4(-plain / count) if t[9] else f4(0)


@exact
def _apply(t: Any, base: int, first: int, last: int, thread: int) -> None:
    """row: x and y views, rows, length, C, own, stride, ReLU."""
    length, c, own = t[9], t[10], base + 4 * (t[11] + thread * t[12])
    scale, shift = own + 8 * c, own + 12 * c
    for n in range(first, last):
        for h in range(t[8]):
            x, y = base + 4 * (t[2] + n * t[3] + h * t[4]), base + 4 * (t[5] + n * t[6] + h * t[7])
            if t[13]:
                normal_relu_row(length // c, c, x, y, own, scale, shift, 0, 0, 0, 0, 0)
            else:
                normal_row(length // c, c, x, y, own, scale, shift, 0, 0, 0, 0, 0)


@exact
def _apply_back(t: Any, base: int, first: int, last: int, thread: int) -> None:
    """row: x, dy and dx views, rows, length, C, own, stride."""
    length, c, own = t[12], t[13], base + 4 * (t[14] + thread * t[15])
    for n in range(first, last):
        for h in range(t[11]):
            x, d = base + 4 * (t[2] + n * t[3] + h * t[4]), base + 4 * (t[5] + n * t[6] + h * t[7])
            g = base + 4 * (t[8] + n * t[9] + h * t[10])
            normal_back_row(length // c, c, x, d, g, own, own + 8 * c, own + 16 * c, own + 20 * c, 0, 0, 0)


@kernel
def norm(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, base, op = arena_of(frame), frame[o.ARENA], t[1]
    if op == o.STATISTICS:
        _statistics(t, arena, base, own_doubles(frame, thread), first, last, thread)
    elif op == o.FIX:
        _fix(frame, t, arena, constants_of(frame), thread)
    elif op == o.SUMS:
        _sums(t, arena, base, own_doubles(frame, thread), first, last, thread)
    elif op == o.FIX_BACK:
        _fix_back(frame, t, arena, thread)
    elif op == o.APPLY:
        _apply(t, base, first, last, thread)
    elif op == o.APPLY_BACK:
        _apply_back(t, base, first, last, thread)

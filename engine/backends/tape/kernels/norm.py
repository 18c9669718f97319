"""Batch normalization over the rows of a view whose channels lie innermost, in parts that threads join.

Each block of samples gives its count, mean and sum of squared deviations, in two passes while it is in cache; parts are
joined in float64 (Chan, Golub & LeVeque 1983), so the result does not lose digits to a mean far from zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import (
    arena_of,
    constants_of,
    doubles,
    exact,
    integers,
    kernel,
    loop,
    own_doubles,
)

f4 = np.float32


@loop
def _add_rows(row: Any, out: Any) -> None:
    """out[c] += sum over places of row[place, c]."""
    c = out.size
    for w in range(row.size // c):
        line = row[w * c : (w + 1) * c]
        for j in range(c):
            out[j] += line[j]


@loop
def _add_squares(row: Any, mean: Any, out: Any) -> None:
    c = out.size
    for w in range(row.size // c):
        line = row[w * c : (w + 1) * c]
        for j in range(c):
            d = line[j] - mean[j]
            out[j] += d * d


@loop
def _add_products(row: Any, dy: Any, mean: Any, inverse: Any, out: Any) -> None:
    """out[c] += sum of dy xhat."""
    c = out.size
    for w in range(row.size // c):
        line, other = row[w * c : (w + 1) * c], dy[w * c : (w + 1) * c]
        for j in range(c):
            out[j] += other[j] * ((line[j] - mean[j]) * inverse[j])


@loop
def _apply(row: Any, y: Any, mean: Any, scale: Any, shift: Any) -> None:
    c = mean.size
    for w in range(row.size // c):
        line, out = row[w * c : (w + 1) * c], y[w * c : (w + 1) * c]
        for j in range(c):
            out[j] = (line[j] - mean[j]) * scale[j] + shift[j]


@loop
def _apply_back(row: Any, dy: Any, dx: Any, own: Any, c: int) -> None:
    """dx = (dy + (x - mean) k1 + k0) scale; own: mean, inverse, scale, shift, k1, k0."""
    mean, scale, k1, k0 = own[:c], own[2 * c : 3 * c], own[4 * c : 5 * c], own[5 * c : 6 * c]
    for w in range(row.size // c):
        line, other, out = row[w * c : (w + 1) * c], dy[w * c : (w + 1) * c], dx[w * c : (w + 1) * c]
        for j in range(c):
            out[j] = (other[j] + (line[j] - mean[j]) * k1[j] + k0[j]) * scale[j]


@exact
def _statistics(t: Any, arena: Any, own: Any, first: int, last: int, thread: int) -> None:
    """row: x view, rows, length, C, slot, scratch, scratch a thread. own[slot]: count, means, squared deviations."""
    rows, length, c, at = t[5], t[6], t[7], t[9] + thread * t[10]
    mean, square = arena[at : at + c], arena[at + c : at + 2 * c]
    for j in range(c):
        mean[j] = square[j] = f4(0)
    for n in range(first, last):
        for h in range(rows):
            x = t[2] + n * t[3] + h * t[4]
            _add_rows(arena[x : x + length], mean)
    count = (last - first) * rows * (length // c)
    for j in range(c):
        mean[j] /= f4(count)
    for n in range(first, last):
        for h in range(rows):
            x = t[2] + n * t[3] + h * t[4]
            _add_squares(arena[x : x + length], mean, square)
    sums = own[t[8] :]
    _join(sums, float(count), mean, square, c)


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
    merged = np.zeros(1 + 2 * c, np.float64)
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


@exact
def _sums(t: Any, arena: Any, own: Any, first: int, last: int, thread: int) -> None:
    """row: x view, dy view, rows, length, C, slot, own, own stride. own sums[slot]: of dy, of dy xhat."""
    rows, length, c, at = t[8], t[9], t[10], t[12] + thread * t[13]
    mean, inverse = arena[at : at + c], arena[at + c : at + 2 * c]
    plain, product = arena[at + 6 * c : at + 7 * c], arena[at + 7 * c : at + 8 * c]
    for j in range(c):
        plain[j] = product[j] = f4(0)
    for n in range(first, last):
        for h in range(rows):
            x, d = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7]
            _add_rows(arena[d : d + length], plain)
            _add_products(arena[x : x + length], arena[d : d + length], mean, inverse, product)
    for j in range(c):
        own[t[11] + j] += plain[j]
        own[t[11] + c + j] += product[j]


@exact
def _fix_back(frame: Any, t: Any, arena: Any, thread: int) -> None:
    """row: slot, C, count a sample, dgamma, dbeta or -1, own, own stride, training."""
    c, at = t[3], t[7] + thread * t[8]
    count = float(frame[o.BATCH] * t[4])
    for j in range(c):
        plain, product = 0.0, 0.0
        for other in range(frame[o.THREADS]):
            part = doubles(frame[o.DOUBLES] + 8 * (other * frame[o.DOUBLES_EACH] + t[2]), 2 * c)
            plain += part[j]
            product += part[c + j]
        if thread == 0 and t[5] >= 0:
            arena[t[5] + j] = f4(product)
        if thread == 0 and t[6] >= 0:
            arena[t[6] + j] = f4(plain)
        arena[at + 4 * c + j] = f4(-product / count * arena[at + c + j]) if t[9] else f4(0)
        arena[at + 5 * c + j] = f4(-plain / count) if t[9] else f4(0)


@kernel
def norm(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """APPLY: x and y views, rows, length, C, own, stride. APPLY_BACK: x, dy and dx views, and the same."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, op = arena_of(frame), t[1]
    if op == o.STATISTICS:
        _statistics(t, arena, own_doubles(frame, thread), first, last, thread)
    elif op == o.FIX:
        _fix(frame, t, arena, constants_of(frame), thread)
    elif op == o.SUMS:
        _sums(t, arena, own_doubles(frame, thread), first, last, thread)
    elif op == o.FIX_BACK:
        _fix_back(frame, t, arena, thread)
    elif op == o.APPLY:
        length, c, at = t[9], t[10], t[11] + thread * t[12]
        mean, scale, shift = arena[at : at + c], arena[at + 2 * c : at + 3 * c], arena[at + 3 * c : at + 4 * c]
        for n in range(first, last):
            for h in range(t[8]):
                x, y = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7]
                _apply(arena[x : x + length], arena[y : y + length], mean, scale, shift)
    elif op == o.APPLY_BACK:
        length, c, at = t[12], t[13], t[14] + thread * t[15]
        own = arena[at : at + 8 * c]
        for n in range(first, last):
            for h in range(t[11]):
                x, d, g = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7], t[8] + n * t[9] + h * t[10]
                _apply_back(arena[x : x + length], arena[d : d + length], arena[g : g + length], own, c)

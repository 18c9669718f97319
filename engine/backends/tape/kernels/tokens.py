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

f4 = np.float32


@loop
def _clear(x: Any) -> None:
    for i in range(x.size):
        x[i] = f4(0)


@loop
def _copy(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i]


@loop
def _sum(x: Any) -> Any:
    total = f4(0)
    for i in range(x.size):
        total += x[i]
    return total


@loop
def _squares(x: Any, mean: Any) -> Any:
    total = f4(0)
    for i in range(x.size):
        d = x[i] - mean
        total += d * d
    return total


@loop
def _normal(x: Any, y: Any, gamma: Any, beta: Any, mean: Any, inverse: Any) -> None:
    for i in range(x.size):
        y[i] = (x[i] - mean) * inverse * gamma[i] + beta[i]


@exact
def _layer_norm(arena: Any, t: Any, eps: float, first: int, last: int) -> None:
    """row: x, gamma, beta, y, rows a sample, G, constant (eps), means and inverses, two a row."""
    rows, width = t[6], t[7]
    gamma, beta = arena[t[3] : t[3] + width], arena[t[4] : t[4] + width]
    for r in range(first * rows, last * rows):
        x, y = arena[t[2] + r * width : t[2] + (r + 1) * width], arena[t[5] + r * width : t[5] + (r + 1) * width]
        mean = _sum(x) / f4(width)
        inverse = f4(1.0 / np.sqrt(float(_squares(x, mean)) / width + eps))
        arena[t[9] + 2 * r], arena[t[9] + 2 * r + 1] = mean, inverse
        _normal(x, y, gamma, beta, mean, inverse)


@loop
def _means(x: Any, dy: Any, gamma: Any, mean: Any, inverse: Any) -> Any:
    """(sum of g, sum of g xhat), g = gamma dy."""
    plain, product = f4(0), f4(0)
    for i in range(x.size):
        g = gamma[i] * dy[i]
        plain += g
        product += g * ((x[i] - mean) * inverse)
    return plain, product


@loop
def _normal_back(x: Any, dy: Any, gamma: Any, dx: Any, mean: Any, inverse: Any, plain: Any, product: Any) -> None:
    """dx = (g - plain - xhat product) inverse."""
    for i in range(x.size):
        dx[i] = (gamma[i] * dy[i] - plain - (x[i] - mean) * inverse * product) * inverse


@loop
def _normal_sums(x: Any, dy: Any, scale: Any, shift: Any, mean: Any, inverse: Any) -> None:
    """scale += dy xhat, shift += dy."""
    for i in range(x.size):
        scale[i] += dy[i] * ((x[i] - mean) * inverse)
    for i in range(x.size):
        shift[i] += dy[i]


@loop
def _add(a: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] += a[i]


@exact
def _layer_norm_back(arena: Any, t: Any, first: int, last: int, thread: int) -> None:
    """row: x, gamma, dy, dx or -1, rows a sample, G, add, means and inverses; dgamma, dbeta or -1, stride to the next
    thread's: sums of each sample, added up."""
    rows, width = t[6], t[7]
    place = borrow(4 * 3 * width)
    gamma, part, line = arena[t[3] : t[3] + width], floats(place, 2 * width), floats(place + 8 * width, width)
    _clear(part)
    for n in range(first, last):
        for r in range(n * rows, (n + 1) * rows):
            x, dy = arena[t[2] + r * width : t[2] + (r + 1) * width], arena[t[4] + r * width : t[4] + (r + 1) * width]
            mean, inverse = arena[t[9] + 2 * r], arena[t[9] + 2 * r + 1]
            if t[5] >= 0:
                plain, product = _means(x, dy, gamma, mean, inverse)
                plain, product = plain / f4(width), product / f4(width)
                dx = arena[t[5] + r * width : t[5] + (r + 1) * width]
                if t[8]:
                    _normal_back(x, dy, gamma, line, mean, inverse, plain, product)
                    _add(line, dx)
                else:
                    _normal_back(x, dy, gamma, dx, mean, inverse, plain, product)
            _normal_sums(x, dy, part[:width], part[width:], mean, inverse)
        if t[10] >= 0:
            _add(part[:width], arena[t[10] + thread * t[12] : t[10] + thread * t[12] + width])
        if t[11] >= 0:
            _add(part[width:], arena[t[11] + thread * t[12] : t[11] + thread * t[12] + width])
        _clear(part)
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
    arena, op = arena_of(frame), t[1]
    if op == o.LAYER_NORM:
        _layer_norm(arena, t, constants_of(frame)[t[8]], first, last)
    elif op == o.LAYER_NORM + o.BACK:
        _layer_norm_back(arena, t, first, last, thread)
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

"""Scaled dot-product attention: scores and mix, there and back, a head of a sample at a time, by the micro-kernel; and
all of it with the softmax between, where nobody looks at what is between.

Sequences lie as (T, D), so a head's part is a matrix with rows D apart; only what is read across is turned first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.micro import ADD_TO_C, ZERO, product
from engine.backends.tape.kernels.native import constants_of, exact, floats, integers, kernel
from engine.backends.tape.kernels.rows import scaled, softmax_back_rows, softmax_rows
from engine.backends.tape.kernels.vectors import transpose

f4 = np.float32
#: what no softmax lets through, yet finite (see primitives.attention)
NEVER = np.float32(-1e30)


@exact
def _turned(source: int, apart: int, rows: int, columns: int, target: int, width: int) -> None:
    """Rows ``apart`` floats from each other become columns of a matrix (columns, width)."""
    for r in range(0, rows, 16):
        for c in range(0, columns, 16):
            a, b = source + 4 * (r * apart + c), target + 4 * (c * width + r)
            count, length = min(16, rows - r), min(16, columns - c)
            if count == 16 and length == 16:
                transpose(a, apart, b, width)
                continue
            for i in range(count):
                line = floats(a + 4 * i * apart, length)
                for k in range(length):
                    floats(b + 4 * (k * width + i), 1)[0] = line[k]


@exact
def _score(base: int, t: Any, n: int, h: int, at: int, scratch: int) -> None:
    """Products of one head's queries and keys, to the address ``at``."""
    places, others, width, part = t[5], t[6], t[7], t[7] // t[8]
    wide = (others + 15) // 16 * 16
    q = base + 4 * (t[2] + n * places * width + h * part)
    k = base + 4 * (t[3] + n * others * width + h * part)
    _turned(k, width, others, part, scratch, wide)
    product(places, others, part, q, width, 1, scratch, wide, 16, at, others, 16, ZERO, 0)


@exact
def _hide(at: int, places: int, others: int, value: Any) -> None:
    """Of a map, what comes later."""
    for i in range(min(places, others - 1)):
        line = floats(at + 4 * (i * others + i + 1), others - i - 1)
        for j in range(line.size):
            line[j] = value


@exact
def _scores(base: int, t: Any, scale: float, first: int, last: int, thread: int) -> None:
    """row: q, k, s; T, U, D, heads, causal, constant, scratch and its stride."""
    places, others, heads, scratch = t[5], t[6], t[8], base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            s = base + 4 * (t[4] + (n * heads + h) * places * others)
            _score(base, t, n, h, s, scratch)
            scaled(s, s, places * others, 0, 0, 0, 0, 0, 0, scale)
            if t[9]:
                _hide(s, places, others, NEVER)


@exact
def _slopes(base: int, t: Any, n: int, h: int, ds: int, dq: int, dk: int, add_q: int, add_k: int) -> None:
    """dq and dk of one head, from the slopes of its products."""
    places, others, width, part = t[5], t[6], t[7], t[7] // t[8]
    q, k = n * places * width + h * part, n * others * width + h * part
    if dq >= 0:
        product(
            places, part, others, ds, others, 1, base + 4 * (t[3] + k), width, 16, base + 4 * (dq + q), width, 16,
            ADD_TO_C if add_q else ZERO, 0,
        )  # fmt: skip
    if dk >= 0:
        product(
            others, part, places, ds, 1, others, base + 4 * (t[2] + q), width, 16, base + 4 * (dk + k), width, 16,
            ADD_TO_C if add_k else ZERO, 0,
        )  # fmt: skip


@exact
def _scores_back(base: int, t: Any, scale: float, first: int, last: int, thread: int) -> None:
    """row: q, k, ds; T, U, D, heads, causal, constant, scratch and its stride; dq, dk or -1; 1 where it is added to."""
    places, others, heads, scratch = t[5], t[6], t[8], base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            s = base + 4 * (t[4] + (n * heads + h) * places * others)
            scaled(s, scratch, places * others, 0, 0, 0, 0, 0, 0, scale)
            if t[9]:
                _hide(scratch, places, others, f4(0))
            _slopes(base, t, n, h, scratch, t[13], t[14], t[15], t[16])


@exact
def _weigh(base: int, t: Any, n: int, h: int, p: int, v: int, y: int) -> None:
    """One head's values, by its map at the address ``p``; v and y are places of the arena."""
    places, others, width, part = t[5], t[6], t[7], t[7] // t[8]
    v, y = base + 4 * (v + n * others * width + h * part), base + 4 * (y + n * places * width + h * part)
    product(places, part, others, p, others, 1, v, width, 16, y, width, 16, ZERO, 0)


@exact
def _mix(base: int, t: Any, first: int, last: int) -> None:
    """row: p, v, y; T, U, D, heads."""
    size, heads = t[5] * t[6], t[8]
    for n in range(first, last):
        for h in range(heads):
            _weigh(base, t, n, h, base + 4 * (t[2] + (n * heads + h) * size), t[3], t[4])


@exact
def _map_slopes(
    base: int, t: Any, n: int, h: int, v: int, dy: int, dp: int, mode: int, scratch: int
) -> None:
    """dp = dy v^T of one head, to the address ``dp``; v and dy are places of the arena."""
    places, others, width, part = t[5], t[6], t[7], t[7] // t[8]
    wide = (others + 15) // 16 * 16
    _turned(base + 4 * (v + n * others * width + h * part), width, others, part, scratch, wide)
    dy = base + 4 * (dy + n * places * width + h * part)
    product(places, others, part, dy, width, 1, scratch, wide, 16, dp, others, 16, mode, 0)


@exact
def _value_slopes(base: int, t: Any, n: int, h: int, p: int, dy: int, dv: int, mode: int) -> None:
    """dv = p^T dy of one head, its map at the address ``p``; dy and dv are places of the arena."""
    places, others, width, part = t[5], t[6], t[7], t[7] // t[8]
    dy, dv = base + 4 * (dy + n * places * width + h * part), base + 4 * (dv + n * others * width + h * part)
    product(others, part, places, p, 1, others, dy, width, 16, dv, width, 16, mode, 0)


@exact
def _mix_back(base: int, t: Any, first: int, last: int, thread: int) -> None:
    """row: p, v, dy; T, U, D, heads, -, -, scratch and its stride; dp, dv or -1; whether each is added to."""
    size, heads, scratch = t[5] * t[6], t[8], base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            p = (n * heads + h) * size
            if t[13] >= 0:
                mode = ADD_TO_C if t[15] else ZERO
                _map_slopes(base, t, n, h, t[3], t[4], base + 4 * (t[13] + p), mode, scratch)
            if t[14] >= 0:
                mode = ADD_TO_C if t[16] else ZERO
                _value_slopes(base, t, n, h, base + 4 * (t[2] + p), t[4], t[14], mode)


@exact
def _attend(base: int, t: Any, scale: float, first: int, last: int, thread: int) -> None:
    """Scores, softmax and mix of a head while its map is in cache. row: q, k, p; T, U, D, heads, causal, constant,
    scratch and its stride; v, y."""
    places, others, heads, scratch = t[5], t[6], t[8], base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            p = base + 4 * (t[4] + (n * heads + h) * places * others)
            _score(base, t, n, h, p, scratch)
            if t[9]:
                _hide(p, places, others, NEVER)
            softmax_rows(p, p, places, others, 0, 0, 0, 0, 0, scale)
            _weigh(base, t, n, h, p, t[13], t[14])


@exact
def _attend_back(base: int, t: Any, scale: float, first: int, last: int, thread: int) -> None:
    """The way back of all three, whose maps' slopes stay in the scratch. row: q, k, p; T, U, D, heads, causal,
    constant, scratch and its stride; v, dy; dq, dk, dv or -1; whether each is added to."""
    places, others, heads, scratch = t[5], t[6], t[8], base + 4 * (t[11] + thread * t[12])
    slopes = scratch + 4 * ((others + 15) // 16 * 16) * (t[7] // heads)
    for n in range(first, last):
        for h in range(heads):
            p = base + 4 * (t[4] + (n * heads + h) * places * others)
            if t[17] >= 0:
                _value_slopes(base, t, n, h, p, t[14], t[17], ADD_TO_C if t[20] else ZERO)
            if t[15] < 0 and t[16] < 0:
                continue
            _map_slopes(base, t, n, h, t[13], t[14], slopes, ZERO, scratch)
            softmax_back_rows(slopes, p, slopes, places, others, 0, 0, 0, 0, scale)
            if t[9]:
                _hide(slopes, places, others, f4(0))
            _slopes(base, t, n, h, slopes, t[15], t[16], t[18], t[19])


@kernel
def attention(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, op = frame[o.ARENA], t[1]
    scale = constants_of(frame)[t[10]]
    if op == o.SCORES:
        _scores(base, t, scale, first, last, thread)
    elif op == o.SCORES + o.BACK:
        _scores_back(base, t, scale, first, last, thread)
    elif op == o.MIX:
        _mix(base, t, first, last)
    elif op == o.MIX + o.BACK:
        _mix_back(base, t, first, last, thread)
    elif op == o.ATTEND:
        _attend(base, t, scale, first, last, thread)
    elif op == o.ATTEND + o.BACK:
        _attend_back(base, t, scale, first, last, thread)

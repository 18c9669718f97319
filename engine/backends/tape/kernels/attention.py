"""Scaled dot-product attention: scores and mix, there and back, a head of a sample at a time, by the micro-kernel.

Sequences lie as (T, D), so a head's part is a matrix with rows D apart; only what is read across is turned first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.micro import ADD_TO_C, ZERO, product
from engine.backends.tape.kernels.native import arena_of, constants_of, exact, floats, integers, kernel, loop
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


@loop
def _scale(x: Any, y: Any, factor: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] * factor


@exact
def _scores(base: int, arena: Any, t: Any, scale: Any, first: int, last: int, thread: int) -> None:
    """row: q, k, s; T, U, D, heads, causal, constant, scratch and its stride."""
    places, others, width, heads = t[5], t[6], t[7], t[8]
    part, wide, scratch = width // heads, (others + 15) // 16 * 16, base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            q = base + 4 * (t[2] + n * places * width + h * part)
            k = base + 4 * (t[3] + n * others * width + h * part)
            s = t[4] + (n * heads + h) * places * others
            _turned(k, width, others, part, scratch, wide)
            product(places, others, part, q, width, 1, scratch, wide, 16, base + 4 * s, others, 16, ZERO, 0)
            _scale(arena[s : s + places * others], arena[s : s + places * others], scale)
            if t[9]:
                for i in range(places):
                    arena[s + i * others + i + 1 : s + (i + 1) * others] = NEVER


@exact
def _scores_back(base: int, arena: Any, t: Any, scale: Any, first: int, last: int, thread: int) -> None:
    """row: q, k, ds; T, U, D, heads, causal, constant, scratch and its stride; dq, dk or -1; 1 where it is added to."""
    places, others, width, heads, at = t[5], t[6], t[7], t[8], t[11] + thread * t[12]
    part, scratch = width // heads, base + 4 * at
    for n in range(first, last):
        for h in range(heads):
            s, q, k = t[4] + (n * heads + h) * places * others, n * places * width + h * part, h * part
            k += n * others * width
            _scale(arena[s : s + places * others], arena[at : at + places * others], scale)
            if t[9]:
                for i in range(places):
                    arena[at + i * others + i + 1 : at + (i + 1) * others] = f4(0)
            if t[13] >= 0:
                product(
                    places, part, others, scratch, others, 1, base + 4 * (t[3] + k), width, 16,
                    base + 4 * (t[13] + q), width, 16, ADD_TO_C if t[15] else ZERO, 0,
                )  # fmt: skip
            if t[14] >= 0:
                product(
                    others, part, places, scratch, 1, others, base + 4 * (t[2] + q), width, 16,
                    base + 4 * (t[14] + k), width, 16, ADD_TO_C if t[16] else ZERO, 0,
                )  # fmt: skip


@exact
def _mix(base: int, t: Any, first: int, last: int) -> None:
    """row: p, v, y; T, U, D, heads."""
    places, others, width, heads = t[5], t[6], t[7], t[8]
    part = width // heads
    for n in range(first, last):
        for h in range(heads):
            p = base + 4 * (t[2] + (n * heads + h) * places * others)
            v, y = base + 4 * (t[3] + n * others * width + h * part), base + 4 * (t[4] + n * places * width + h * part)
            product(places, part, others, p, others, 1, v, width, 16, y, width, 16, ZERO, 0)


@exact
def _mix_back(base: int, t: Any, first: int, last: int, thread: int) -> None:
    """row: p, v, dy; T, U, D, heads, -, -, scratch and its stride; dp, dv or -1; whether each is added to."""
    places, others, width, heads = t[5], t[6], t[7], t[8]
    part, wide, scratch = width // heads, (others + 15) // 16 * 16, base + 4 * (t[11] + thread * t[12])
    for n in range(first, last):
        for h in range(heads):
            p, v = (n * heads + h) * places * others, n * others * width + h * part
            dy = base + 4 * (t[4] + n * places * width + h * part)
            if t[13] >= 0:
                _turned(base + 4 * (t[3] + v), width, others, part, scratch, wide)
                product(
                    places, others, part, dy, width, 1, scratch, wide, 16, base + 4 * (t[13] + p), others, 16,
                    ADD_TO_C if t[15] else ZERO, 0,
                )  # fmt: skip
            if t[14] >= 0:
                product(
                    others, part, places, base + 4 * (t[2] + p), 1, others, dy, width, 16, base + 4 * (t[14] + v),
                    width, 16, ADD_TO_C if t[16] else ZERO, 0,
                )  # fmt: skip


@kernel
def attention(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, arena, op = frame[o.ARENA], arena_of(frame), t[1]
    scale = f4(constants_of(frame)[t[10]])
    if op == o.SCORES:
        _scores(base, arena, t, scale, first, last, thread)
    elif op == o.SCORES + o.BACK:
        _scores_back(base, arena, t, scale, first, last, thread)
    elif op == o.MIX:
        _mix(base, t, first, last)
    elif op == o.MIX + o.BACK:
        _mix_back(base, t, first, last, thread)

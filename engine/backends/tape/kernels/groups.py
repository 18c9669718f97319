"""Convolution in groups of channels. One channel each: a kernel cell of a row of pixels at a time, over all channels;
larger groups: each by the micro-kernel.

Images lie as (H, W, C) with zeros around, kernels as (kh, kw, inputs of a group, outputs).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from engine.backends.tape.kernels.micro import ADD_TO_C, BIAS, FROM_C, RELU, ZERO, tile
from engine.backends.tape.kernels.native import I64, borrow, exact, floats, give_back, loop
from engine.backends.tape.kernels.rows import ZERO as NOTHING
from engine.backends.tape.kernels.rows import Lines, constant, make

f4 = np.float32


def _cell(w: Lines) -> None:
    b, none = w.b, ir.Constant(I64, 0)
    a, a_step, kernel, c, c_step, pixels, channels, start, relu = w.operands
    a_step, c_step = (b.mul(v, ir.Constant(I64, 4)) for v in (a_step, c_step))
    floor = b.select(b.icmp_signed("!=", relu, none), NOTHING, constant(float("-inf")))

    def visit(at: Any, mask: Any) -> None:
        share, (first,) = w.load(b.add(kernel, at), mask), w.cells(NOTHING)
        fresh = b.icmp_signed("!=", start, none)
        with b.if_then(fresh):
            b.store(w.load(b.add(start, at), mask), first)
        with cgutils.for_range(b, pixels) as pixel:
            x = w.load(b.add(b.add(a, at), b.mul(pixel.index, a_step)), mask)
            place, (value,) = b.add(b.add(c, at), b.mul(pixel.index, c_step)), w.cells(NOTHING)
            b.store(w.get(first), value)
            with b.if_then(b.not_(fresh)):
                b.store(w.load(place, mask), value)
            total = w.fma(x, share, w.get(value))
            w.store(b.select(b.fcmp_ordered("<=", total, floor), floor, total), place, mask)

    w.sweep(channels, visit)


def _cell_sum(w: Lines) -> None:
    b = w.b
    a, a_step, d, d_step, total, pixels, channels = w.operands[:7]
    a_step, d_step = (b.mul(v, ir.Constant(I64, 4)) for v in (a_step, d_step))

    def visit(at: Any, mask: Any) -> None:
        (sums,) = w.cells(w.load(b.add(total, at), mask))
        with cgutils.for_range(b, pixels) as pixel:
            x = w.load(b.add(b.add(a, at), b.mul(pixel.index, a_step)), mask)
            given = w.load(b.add(b.add(d, at), b.mul(pixel.index, d_step)), mask)
            b.store(w.fma(x, given, w.get(sums)), sums)
        w.store(w.get(sums), b.add(total, at), mask)

    w.sweep(channels, visit)


#: a, its floats from pixel to pixel, w, c, its floats likewise, pixels, channels, where c starts from or 0 for itself,
#: ReLU: c = start + a w
_cell_row = make("cell", _cell)
#: a and dy, each with its floats from pixel to pixel, sums, pixels, channels: sums += a dy
_cell_sum_row = make("cell_sum", _cell_sum)


@loop
def _clear(x: Any) -> None:
    for i in range(x.size):
        x[i] = f4(0)


@loop
def _sum(a: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] += a[i]


@exact
def _turned(arena: Any, t: Any, target: Any, wide: int) -> None:
    """The kernel with the inputs last, as (kh, kw, O, wide)."""
    outputs, inputs = t[17], t[20]
    for k in range(t[6] * t[7]):
        for q in range(inputs):
            row = t[12] + (k * inputs + q) * outputs
            for r in range(outputs):
                target[(k * outputs + r) * wide + q] = arena[row + r]


@exact
def _row(base: int, t: Any, x: int, y: int, h: int, bias: int) -> None:
    """One row of pixels of one channel each. x, y: places of the sample; bias: an address."""
    cells, c = t[6] * t[7], t[5]
    for k in range(cells):
        at = x + (h * t[8] + k // t[7] * t[10]) * t[4] + k % t[7] * t[11] * c
        _cell_row(
            base + 4 * at, t[9] * c, base + 4 * (t[12] + k * c), base + 4 * (y + h * t[16]), c, t[19], c,
            bias if k == 0 else 0, t[21] if k == cells - 1 else 0, 0.0,
        )  # fmt: skip


@exact
def _group_row(base: int, t: Any, x: int, y: int, h: int, bias: int) -> None:
    """One row of pixels, group by group."""
    c, outputs, inputs = t[5], t[17], t[20]
    each = outputs * inputs // c
    for g in range(c // inputs):
        for p in range(0, each, 16):
            n, at = min(16, each - p), g * each + p
            for k in range(t[6]):
                a = base + 4 * (x + (h * t[8] + k * t[10]) * t[4] + g * inputs)
                w = base + 4 * (t[12] + k * t[7] * inputs * outputs + at)
                mode, i = (BIAS if k == 0 else FROM_C) + (RELU if t[21] and k == t[6] - 1 else 0), 0
                while i < t[19]:
                    i += tile(
                        t[19] - i, a + 4 * i * t[9] * c, t[9] * c, 1, t[11] * c, w, outputs, inputs * outputs, inputs,
                        t[7], base + 4 * (y + h * t[16] + i * outputs + at), outputs, mode, n, bias + 4 * at,
                    )  # fmt: skip


@exact
def grouped(arena: Any, t: Any, first: int, last: int) -> None:
    """row: x of the first kernel cell, sample and row stride, C; kernel rows and columns, strides, dilations; w; bias
    or -1; y view; O, rows, columns; inputs of a group; ReLU."""
    base, place = arena.ctypes.data, borrow(4 * t[17])
    _clear(floats(place, t[17]))
    bias = base + 4 * t[13] if t[13] >= 0 else place
    for n in range(first, last):
        x, y = t[2] + n * t[3], t[14] + n * t[15]
        for h in range(t[18]):
            if t[20] == 1 and t[17] == t[5]:
                _row(base, t, x, y, h, bias)
            else:
                _group_row(base, t, x, y, h, bias)
    give_back(place)


@exact
def _spread_group(base: int, t: Any, dy: int, dx: int, turned: int, wide: int, pixels: int) -> None:
    """dx += dy w^T of so many pixels, group by group: of one kernel cell, whose turned kernel's address is given."""
    c, outputs, inputs = t[5], t[17], t[20]
    each, apart = outputs * inputs // c, t[9] * c
    for g in range(c // inputs):
        for p in range(0, inputs, 16):
            i = 0
            while i < pixels:
                i += tile(
                    pixels - i, base + 4 * (dy + i * outputs + g * each), outputs, 1, 0,
                    turned + 4 * (g * each * wide + p), wide, 0, each, 1,
                    base + 4 * (dx + i * apart + g * inputs + p), apart, ADD_TO_C, min(16, inputs - p), 0,
                )  # fmt: skip


@exact
def grouped_dx(arena: Any, t: Any, first: int, last: int) -> None:
    """Each row of dy to the rows that it was made of. row: dx view, C; kernel rows and columns, strides, dilations;
    w; top; dy view; O, rows, columns; inputs of a group; add; left; H, W."""
    base, c, outputs, inputs, single = arena.ctypes.data, t[5], t[17], t[20], t[20] == 1 and t[17] == t[5]
    wide = (inputs + 15) // 16 * 16
    count = 16 if single else t[6] * t[7] * outputs * wide
    place = borrow(4 * count)
    if not single:
        _turned(arena, t, floats(place, count), wide)
    for n in range(first, last):
        for h in range(0 if t[21] else t[23]):
            at = t[2] + n * t[3] + h * t[4]
            _clear(arena[at : at + t[24] * c])
        for k in range(t[6] * t[7]):
            shift = k % t[7] * t[11] - t[22]
            a, b = max(0, (t[9] - 1 - shift) // t[9]), min(t[19], (t[24] - 1 - shift) // t[9] + 1)
            for h in range(t[18] if b > a else 0):
                i = h * t[8] + k // t[7] * t[10] - t[13]
                if 0 <= i < t[23]:
                    dy = t[14] + n * t[15] + h * t[16] + a * outputs
                    dx = t[2] + n * t[3] + i * t[4] + (a * t[9] + shift) * c
                    if single:
                        _cell_row(
                            base + 4 * dy, c, base + 4 * (t[12] + k * c), base + 4 * dx, t[9] * c, b - a, c, 0, 0, 0.0
                        )  # fmt: skip
                    else:
                        _spread_group(base, t, dy, dx, place + 4 * k * outputs * wide, wide, b - a)
    give_back(place)


@exact
def _group_weights(base: int, t: Any, x: int, dy: int, part: int) -> None:
    """dw of one image and one kernel cell, group by group; x and dy: places of their first pixels."""
    c, outputs, inputs = t[5], t[17], t[20]
    each = outputs * inputs // c
    for g in range(c // inputs):
        for p in range(0, each, 16):
            i, at = 0, g * each + p
            while i < inputs:
                i += tile(
                    inputs - i, base + 4 * (x + g * inputs + i), 1, t[9] * c, t[8] * t[4], base + 4 * (dy + at),
                    outputs, t[16], t[19], t[18], part + 4 * (i * outputs + at), outputs, ZERO, min(16, each - p), 0,
                )  # fmt: skip


@exact
def grouped_dw(arena: Any, t: Any, first: int, last: int, thread: int) -> None:
    """This thread's dw, each image summed from zero. row: as forward, with dw and its stride in place of w and bias."""
    base, c, cell, place = arena.ctypes.data, t[5], t[20] * t[17], t[12] + thread * t[13]
    borrowed = borrow(4 * t[6] * t[7] * cell)
    part = floats(borrowed, t[6] * t[7] * cell)
    for n in range(first, last):
        _clear(part)
        dy = t[14] + n * t[15]
        for k in range(t[6] * t[7]):
            x = t[2] + n * t[3] + k // t[7] * t[10] * t[4] + k % t[7] * t[11] * c
            sums = borrowed + 4 * k * cell
            if t[20] != 1 or t[17] != c:
                _group_weights(base, t, x, dy, sums)
                continue
            for h in range(t[18]):
                row, given = base + 4 * (x + h * t[8] * t[4]), base + 4 * (dy + h * t[16])
                _cell_sum_row(row, t[9] * c, given, c, sums, t[19], c, 0, 0, 0.0)
        _sum(part, arena[place : place + part.size])
    give_back(borrowed)

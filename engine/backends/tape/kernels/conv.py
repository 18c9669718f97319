"""Two-dimensional convolution by the micro-kernel itself, whatever kernel, stride, padding and dilation: nothing is
unfolded. Images lie as (H, W, C) with zeros around, so a row of pixels is a matrix with a stride, and kernel cells that
lie side by side are one long row of its columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.groups import grouped, grouped_dw, grouped_dx
from engine.backends.tape.kernels.micro import ADD_TO_C, BIAS, FROM_C, RELU, ZERO, tile
from engine.backends.tape.kernels.native import arena_of, borrow, exact, floats, give_back, integers, kernel
from engine.backends.tape.kernels.vectors import sum_row, transpose

f4 = np.float32


@exact
def _direct(base: int, t: Any, first: int, last: int) -> None:
    """y = w * x, a row of pixels at a time. Sums run over far kernel cells, then near ones, then contiguous numbers.

    row: x, sample stride, row step, pixel step; far count and step; near count and step; contiguous count; w, bias or
    -1; y, sample stride, row stride, channels, rows, pixels a row; 1 adds to y, 2 ReLU.
    """
    far, near, inner, channels, rows, width = t[6], t[8], t[10], t[16], t[17], t[18]
    panel = far * near * inner * 16
    for n in range(first, last):
        x, y = base + 4 * (t[2] + n * t[3]), base + 4 * (t[13] + n * t[14])
        for p in range((channels + 15) // 16):
            count = min(16, channels - 16 * p)
            bias = base + 4 * (t[12] + 16 * p)
            for e in range(far):
                w = base + 4 * (t[11] + p * panel + e * near * inner * 16)
                start = (FROM_C if t[19] == 1 else (BIAS if t[12] >= 0 else ZERO)) if e == 0 else FROM_C
                start += RELU if t[19] == 2 and e == far - 1 else 0
                for h in range(rows):
                    a, c, i = x + 4 * (h * t[4] + e * t[7]), y + 4 * (h * t[15] + 16 * p), 0
                    while i < width:
                        i += tile(
                            width - i, a + 4 * i * t[5], t[5], 1, t[9], w, 16, inner * 16, inner, near,
                            c + 4 * i * channels, channels, start, count, bias,
                        )  # fmt: skip


@exact
def _weights(base: int, t: Any, first: int, last: int, thread: int) -> None:
    """This thread's dw += sum over pixels of x dy, some 128 pixels at a time, each part summed from zero.

    row: x, sample stride, row step, pixel step; far count and step; near count and step; contiguous count; dy, sample
    stride, row stride, channels, rows, pixels a row; dw, stride to the next thread's.
    """
    far, near, inner, channels, rows, width = t[6], t[8], t[10], t[14], t[15], t[16]
    strip = max(1, o.SUM_ROWS // width)
    for n in range(first, last):
        x, dy, h = base + 4 * (t[2] + n * t[3]), base + 4 * (t[11] + n * t[12]), 0
        while h < rows:
            some = min(strip, rows - h)
            for p in range((channels + 15) // 16):
                w, count = dy + 4 * (h * t[13] + 16 * p), min(16, channels - 16 * p)
                for cell in range(far * near):
                    a = x + 4 * (h * t[4] + cell // near * t[7] + cell % near * t[9])
                    g = base + 4 * (t[17] + thread * t[18] + (p * far * near + cell) * inner * 16)
                    i = 0
                    while i < inner:
                        i += tile(
                            inner - i, a + 4 * i, 1, t[5], t[4], w, channels, t[13], width, some, g + 64 * i, 16,
                            ADD_TO_C, count, 0,
                        )  # fmt: skip
            h += some


@exact
def _phase_start(at: int, pad: int, stride: int, dilation: int, kernel: int) -> int:
    """The first kernel cell that a pixel reads, ``kernel`` if none."""
    for k in range(kernel):
        if (at + pad - k * dilation) % stride == 0:
            return k
    return kernel


@exact
def _spread(base: int, t: Any, first: int, last: int) -> None:
    """dx of a strided convolution: each pixel gathers from the windows that saw it.

    row: dy, sample stride, row stride, channels; w turned; kernel rows and columns; strides; pads; dilations; dx,
    sample stride, row stride, channels, rows, columns; add. Cells that one pixel reads lie s / gcd(s, d) apart.
    """
    inner, kh, kw, sh, sw, top, left, dh, dw = t[5], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14]
    channels, rows, columns = t[18], t[19], t[20]
    gh, gw = np.gcd(sh, dh), np.gcd(sw, dw)
    cell_h, cell_w, back_w = sh // gh, sw // gw, dw // gw
    for n in range(first, last):
        dy, dx = base + 4 * (t[2] + n * t[3]), base + 4 * (t[15] + n * t[16])
        for p in range((channels + 15) // 16):
            count, panel = min(16, channels - 16 * p), base + 4 * (t[6] + p * kh * kw * inner * 16)
            for h in range(rows):
                for phase in range(min(sw, columns)):
                    x = _phase_start(phase, left, sw, dw, kw)
                    near = (kw - x + cell_w - 1) // cell_w
                    pixels = (columns - phase + sw - 1) // sw
                    c = dx + 4 * (h * t[17] + phase * channels + 16 * p)
                    y, mode = _phase_start(h, top, sh, dh, kh), FROM_C if t[21] else ZERO
                    column = (phase + left - x * dw) // sw
                    while y < kh or mode == ZERO:
                        cells = near if y < kh else 0
                        a = dy + 4 * ((h + top - y * dh) // sh * t[4] + column * inner)
                        w, i = panel + 4 * (min(y, kh - 1) * kw + x) * inner * 16, 0
                        while i < pixels:
                            i += tile(
                                pixels - i, a + 4 * i * inner, inner, 1, -back_w * inner, w, 16, cell_w * inner * 16,
                                inner, cells, c + 4 * i * sw * channels, sw * channels, mode, count, 0,
                            )  # fmt: skip
                        mode = FROM_C
                        y += cell_h


@exact
def _turn(arena: Any, base: int, t: Any, thread: int, threads: int) -> None:
    """Panels over output channels to panels over input channels; cells in reverse order where ``flip``.

    row: from, to, cells, inputs, outputs, flip.
    """
    cells, inputs, outputs = t[4], t[5], t[6]
    panels = (inputs + 15) // 16
    units = panels * cells
    for unit in range(units * thread // threads, units * (thread + 1) // threads):
        p, cell = unit // cells, unit % cells
        filled = min(16, inputs - 16 * p)
        turned = cells - 1 - cell if t[7] else cell
        for block in range((outputs + 15) // 16):
            source = t[2] + ((block * cells + cell) * inputs + 16 * p) * 16
            target = t[3] + ((p * cells + turned) * outputs + 16 * block) * 16
            count = min(16, outputs - 16 * block)
            if filled == 16 and count == 16:
                transpose(base + 4 * source, 16, base + 4 * target, 16)
                continue
            for k in range(count):
                for q in range(filled):
                    arena[target + 16 * k + q] = arena[source + 16 * q + k]


@exact
def _pixel_sum(arena: Any, base: int, t: Any, first: int, last: int, thread: int) -> None:
    """This thread's db += sum over pixels of dy, an image at a time. row: dy view, rows, length, C, db, stride."""
    out = arena[t[8] + thread * t[9] : t[8] + thread * t[9] + t[7]]
    at, pixels = borrow(4 * t[7]), t[6] // t[7]
    part = floats(at, t[7])
    for j in range(t[7]):
        part[j] = f4(0)
    for n in range(first, last):
        for h in range(t[5]):
            sum_row(pixels, t[7], base + 4 * (t[2] + n * t[3] + h * t[4]), at, 0, 0, 0, 0, 0, 0, 0, 0)
        for j in range(t[7]):
            out[j] += part[j]
            part[j] = f4(0)
    give_back(at)


@kernel
def conv(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    base, op = frame[o.ARENA], t[1]
    if op == o.DIRECT:
        _direct(base, t, first, last)
    elif op == o.WEIGHTS:
        _weights(base, t, first, last, thread)
    elif op == o.SPREAD:
        _spread(base, t, first, last)
    elif op == o.TURN:
        _turn(arena_of(frame), base, t, thread, frame[o.THREADS])
    elif op == o.PIXEL_SUM:
        _pixel_sum(arena_of(frame), base, t, first, last, thread)
    elif op == o.GROUPED:
        grouped(arena_of(frame), t, first, last)
    elif op == o.GROUPED_DX:
        grouped_dx(arena_of(frame), t, first, last)
    elif op == o.GROUPED_DW:
        grouped_dw(arena_of(frame), t, first, last, thread)

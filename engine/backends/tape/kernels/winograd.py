"""3x3 convolution of stride 1 and padding 1 by Winograd's algorithm, channels in eights.

V = B^T d B of some tiles, one product for each of the (m + 2)^2 points, y = A^T M A. dw: V^T (A dy A^T) in the
transformed domain, summed over tiles, and G^T . G once at the end. Tiles over an edge go through a scratch tile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.micro import ADD_TO_C, ZERO, product, tile
from engine.backends.tape.kernels.native import exact, floats, integers, kernel, loop
from engine.backends.tape.kernels.tiles import gradient_tile, input_tile, kernel_points, output_tile, points_kernel
from engine.backends.tape.points import GAP

f4 = np.float32


@loop
def _copy(source: int, target: int, count: int) -> None:
    a, b = floats(source, count), floats(target, count)
    for i in range(count):
        b[i] = a[i]


@loop
def _zero(target: int, count: int) -> None:
    b = floats(target, count)
    for i in range(count):
        b[i] = f4(0)


@exact
def _tile_in(
    m: int, image: int, stride: int, c: int, h: int, w: int, y: int, x: int, v: int, vs: int, edge: int, kind: int
) -> None:
    """One tile of x (kind 0: m + 2 wide, with its halo) or of dy (kind 1: m wide) into its points."""
    a = m + 2 if kind == 0 else m
    extra = a - m
    if y + m <= h and x + m <= w:
        at = image + 4 * (y * stride + x * c)
        if kind == 0:
            input_tile(m, at, stride, c, v, (m + 2) * vs, vs, c)
        else:
            gradient_tile(m, at, stride, c, v, (m + 2) * vs, vs, c)
        return
    _zero(edge, a * a * c)
    rows, columns = min(a, h + extra - y), min(a, w + extra - x)
    for i in range(rows):
        _copy(image + 4 * ((y + i) * stride + x * c), edge + 4 * i * a * c, columns * c)
    if kind == 0:
        input_tile(m, edge, a * c, c, v, (m + 2) * vs, vs, c)
    else:
        gradient_tile(m, edge, a * c, c, v, (m + 2) * vs, vs, c)


@exact
def _tile_out(
    m: int, image: int, stride: int, c: int, h: int, w: int, y: int, x: int, v: int, vs: int, edge: int, bias: int,
    ending: int,
) -> None:  # fmt: skip
    at = image + 4 * (y * stride + x * c)
    if y + m <= h and x + m <= w:
        output_tile(m, v, (m + 2) * vs, vs, at, stride, c, c, bias, ending)
        return
    rows, columns = min(m, h - y), min(m, w - x)
    if ending % 2:
        for i in range(rows):
            _copy(at + 4 * i * stride, edge + 4 * i * m * c, columns * c)
    output_tile(m, v, (m + 2) * vs, vs, edge, m * c, c, c, bias, ending)
    for i in range(rows):
        _copy(edge + 4 * i * m * c, at + 4 * i * stride, columns * c)


@exact
def _even(tiles: int, some: int) -> int:
    """Tiles a block, at most ``some``, so that all blocks are about equal."""
    blocks = max((tiles + some - 1) // some, 1)
    return (tiles + blocks - 1) // blocks


@exact
def _forward(frame: Any, t: Any, first: int, last: int, thread: int) -> None:
    """row: x, sample stride, row stride, Ci; U; bias; y, sample stride, row stride, Co; H, W; m, tiles a block;
    scratch, stride to the next thread's; how y ends: 1 adds to it, 2 ReLU."""
    base, inner, channels, h, w, m, some = frame[o.ARENA], t[5], t[11], t[12], t[13], t[14], t[15]
    across, points = (w + m - 1) // m, (m + 2) * (m + 2)
    each = (h + m - 1) // m * across
    vs, ms = some * inner + GAP, some * channels + GAP
    v = base + 4 * (t[16] + thread * t[17])
    p = v + 4 * points * vs
    edge = p + 4 * points * ms
    some = _even((last - first) * each, some)
    at = first * each
    while at < last * each:
        count = min(some, last * each - at)
        for k in range(count):
            n, q = (at + k) // each, (at + k) % each
            image = base + 4 * (t[2] + n * t[3])
            _tile_in(m, image, t[4], inner, h, w, q // across * m, q % across * m, v + 4 * k * inner, vs, edge, 0)
        for point in range(points):
            u = base + 4 * (t[6] + point * channels * inner)
            product(
                count, channels, inner, v + 4 * point * vs, inner, 1, u, 16, 16 * inner, p + 4 * point * ms, channels,
                16, ZERO, 0,
            )  # fmt: skip
        for k in range(count):
            n, q = (at + k) // each, (at + k) % each
            image = base + 4 * (t[8] + n * t[9])
            _tile_out(
                m, image, t[10], channels, h, w, q // across * m, q % across * m, p + 4 * k * channels, ms, edge,
                base + 4 * t[7], t[18],
            )  # fmt: skip
        at += count


@exact
def _weights(frame: Any, t: Any, first: int, last: int, thread: int) -> None:
    """This thread's dU += V^T (A dy A^T), each block summed from zero. row: as forward, but dU and its stride."""
    base, inner, channels, h, w, m, some = frame[o.ARENA], t[5], t[11], t[12], t[13], t[14], t[15]
    across, points = (w + m - 1) // m, (m + 2) * (m + 2)
    each = (h + m - 1) // m * across
    vs, ms = some * inner + GAP, some * channels + GAP
    v = base + 4 * (t[16] + thread * t[17])
    p = v + 4 * points * vs
    edge = p + 4 * points * ms
    total = base + 4 * (t[6] + thread * t[7])
    some = _even((last - first) * each, some)
    at = first * each
    while at < last * each:
        count = min(some, last * each - at)
        for k in range(count):
            n, q = (at + k) // each, (at + k) % each
            y, x = q // across * m, q % across * m
            image, dy = base + 4 * (t[2] + n * t[3]), base + 4 * (t[8] + n * t[9])
            _tile_in(m, image, t[4], inner, h, w, y, x, v + 4 * k * inner, vs, edge, 0)
            _tile_in(m, dy, t[10], channels, h, w, y, x, p + 4 * k * channels, ms, edge, 1)
        for point in range(points):
            for panel in range(channels // 16):
                i = 0
                while i < inner:
                    i += tile(
                        inner - i, v + 4 * (point * vs + i), 1, inner, 0, p + 4 * (point * ms + 16 * panel), channels,
                        0, count, 1, total + 4 * (point * channels * inner + (panel * inner + i) * 16), 16, ADD_TO_C,
                        16, 0,
                    )  # fmt: skip
        at += count


@exact
def _kernels(base: int, t: Any, thread: int, threads: int) -> None:
    """POINTS: U = G w G^T. row: w panels, U, Ci, Co, m. POINTS_BACK: dw = G^T dU G. row: dU, dw panels, Ci, Co, m."""
    inner, channels = t[4], t[5]
    units = channels // 16 * inner
    unit, end = units * thread // threads, units * (thread + 1) // threads
    while unit < end:
        p, first = unit // inner, unit % inner
        last = min(inner, first + end - unit)
        if t[1] == o.POINTS:
            w, u = base + 4 * (t[2] + p * 9 * inner * 16), base + 4 * (t[3] + p * inner * 16)
            kernel_points(t[6], w, u, inner, channels, first, last)
        else:
            u, w = base + 4 * (t[2] + p * inner * 16), base + 4 * (t[3] + p * 9 * inner * 16)
            points_kernel(t[6], u, w, inner, channels, first, last)
        unit += last - first


@kernel
def winograd(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    op, threads = t[1], frame[o.THREADS]
    if op == o.TILES:
        _forward(frame, t, first, last, thread)
    elif op == o.TILES_DW:
        _weights(frame, t, first, last, thread)
    else:
        _kernels(frame[o.ARENA], t, thread, threads)

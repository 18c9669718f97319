"""3x3 convolution of stride 1 and padding 1 by Winograd's algorithm, channels in eights.

V = B^T d B of some tiles, one product for each of the (m + 2)^2 points, y = A^T M A. dw: V^T (A dy A^T) in the
transformed domain, summed over tiles, and G^T . G once at the end. Tiles over an edge go through a scratch tile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import exact, floats, integers, kernel, loop
from engine.backends.tape.kernels.points_product import paired, point_rows, point_weights
from engine.backends.tape.kernels.tiles import (
    LINE,
    gradient_tiles,
    input_tiles,
    kernel_points,
    output_tiles,
    points_kernel,
    touch,
)
from engine.backends.tape.opcodes import PANEL
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
def _edge_in(
    m: int, image: int, stride: int, c: int, h: int, w: int, y: int, x: int, v: int, vs: int, edge: int, kind: int
) -> None:
    """A tile over an edge, by way of the scratch tile (see ``_run_in``)."""
    a = m + 2 if kind == 0 else m
    extra = a - m
    _zero(edge, a * a * c)
    rows, columns = min(a, h + extra - y), min(a, w + extra - x)
    for i in range(rows):
        _copy(image + 4 * ((y + i) * stride + x * c), edge + 4 * i * a * c, columns * c)
    if kind == 0:
        input_tiles(m, edge, a * c, c, v, (m + 2) * vs, vs, c, 1, 0)
    else:
        gradient_tiles(m, edge, a * c, c, v, (m + 2) * vs, vs, c, 1, 0)


@exact
def _edge_out(
    m: int, image: int, stride: int, c: int, h: int, w: int, y: int, x: int, v: int, vs: int, edge: int, bias: int,
    ending: int,
) -> None:  # fmt: skip
    at = image + 4 * (y * stride + x * c)
    rows, columns = min(m, h - y), min(m, w - x)
    if ending % 2:
        for i in range(rows):
            _copy(at + 4 * i * stride, edge + 4 * i * m * c, columns * c)
    output_tiles(m, v, (m + 2) * vs, vs, edge, m * c, c, c, 1, 0, bias, ending)
    for i in range(rows):
        _copy(edge + 4 * i * m * c, at + 4 * i * stride, columns * c)


@exact
def _whole(m: int, h: int, w: int, row: int, column: int, count: int) -> int:
    """How many of ``count`` tiles from this one on lie wholly on the image."""
    return max(min(count, w // m - column), 0) if (row + 1) * m <= h else 0


@exact
def _block_in(
    base: int, m: int, at: int, count: int, each: int, across: int, view: Any, c: int, h: int, w: int, v: int, vs: int,
    edge: int, kind: int,
) -> None:  # fmt: skip
    """Tiles of x (kind 0: m + 2 wide, with its halo) or of dy (kind 1: m wide) into their points, a row at a time."""
    k, stride = 0, view[2]
    while k < count:
        n, q = (at + k) // each, (at + k) % each
        row, column = q // across, q % across
        some, image = min(count - k, across - column), base + 4 * (view[0] + n * view[1])
        whole, y = _whole(m, h, w, row, column, some), row * m
        to, start = v + 4 * k * c, image + 4 * (y * stride + column * m * c)
        if kind == 0:
            input_tiles(m, start, stride, c, to, (m + 2) * vs, vs, c, whole, m * c)
        else:
            gradient_tiles(m, start, stride, c, to, (m + 2) * vs, vs, c, whole, m * c)
        for j in range(whole, some):
            _edge_in(m, image, stride, c, h, w, y, (column + j) * m, to + 4 * j * c, vs, edge, kind)
        k += some


@exact
def _block_out(
    base: int, m: int, at: int, count: int, each: int, across: int, view: Any, c: int, h: int, w: int, v: int, vs: int,
    edge: int, bias: int, ending: int,
) -> None:  # fmt: skip
    k, stride = 0, view[2]
    while k < count:
        n, q = (at + k) // each, (at + k) % each
        row, column = q // across, q % across
        some, image = min(count - k, across - column), base + 4 * (view[0] + n * view[1])
        whole, y = _whole(m, h, w, row, column, some), row * m
        points, start = v + 4 * k * c, image + 4 * (y * stride + column * m * c)
        output_tiles(m, points, (m + 2) * vs, vs, start, stride, c, c, whole, m * c, bias, ending)
        for j in range(whole, some):
            _edge_out(m, image, stride, c, h, w, y, (column + j) * m, points + 4 * j * c, vs, edge, bias, ending)
        k += some


@exact
def _even(tiles: int, some: int) -> int:
    """Tiles a block, at most ``some``, so that all blocks are about equal, in the fours that products take."""
    blocks = max((tiles + some - 1) // some, 1)
    return ((tiles + blocks - 1) // blocks + 3) // 4 * 4


@exact
def _lines(ahead: Any, number: int, many: int) -> int:
    """Cache lines that ``number`` parts have of ``many`` samples."""
    total = 0
    for k in range(number):
        total += ((many - 1) * ahead[3 + 4 * k] + ahead[4 + 4 * k] + 15) // 16
    return total


@exact
def _ask(base: int, ahead: Any, number: int, first: int, last: int, at: int, lines: int) -> None:
    """Ask for the lines from ``at`` on of what is wanted soon: of these samples, or of as many after them.

    ahead: an AHEAD row, which has of each part the start, the sample stride, the floats, and 1 for the samples after.
    """
    for k in range(number):
        start, pitch = ahead[2 + 4 * k], ahead[3 + 4 * k]
        size = ((last - first - 1) * pitch + ahead[4 + 4 * k] + 15) // 16
        if at < size and lines > 0:
            some = min(lines, size - at)
            touch(base + 4 * (start + (first + ahead[5 + 4 * k] * (last - first)) * pitch) + LINE * at, some)
            lines -= some
            at = 0
        else:
            at -= min(at, size)


@exact
def _forward(frame: Any, t: Any, ahead: Any, first: int, last: int, thread: int) -> None:
    """row: x, sample stride, row stride, Ci; U; bias; y, sample stride, row stride, Co; H, W; m, tiles a block;
    scratch, stride to the next thread's; how y ends: 1 adds to it, 2 ReLU; parts of the AHEAD row that follows."""
    base, inner, channels, h, w, m, some = frame[o.ARENA], t[5], t[11], t[12], t[13], t[14], t[15]
    across, points = (w + m - 1) // m, (m + 2) * (m + 2)
    each = (h + m - 1) // m * across
    vs, ms = some * inner + GAP, some * channels + GAP
    v = base + 4 * (t[16] + thread * t[17])
    p = v + 4 * points * vs
    edge = p + 4 * points * ms
    some = _even((last - first) * each, some)
    at, asked, number = first * each, 0, t[19]
    calls = ((last - first) * each + some - 1) // some * points * ((channels + 31) // 32) * ((some + 11) // 12)
    lines = (_lines(ahead, number, last - first) + calls - 1) // calls
    while at < last * each:
        count = min(some, last * each - at)
        _block_in(base, m, at, count, each, across, t[2:5], inner, h, w, v, vs, edge, 0)
        for point in range(points):
            a, c = v + 4 * point * vs, p + 4 * point * ms
            panel = 0
            while panel < channels // PANEL:
                u, i, pairs = base + 4 * (t[6] + (point * channels + PANEL * panel) * inner), 0, paired(channels, panel)
                while i < count:
                    if lines > 0:
                        _ask(base, ahead, number, first, last, asked, lines)
                        asked += lines
                    i += point_rows(
                        count - i, a + 4 * i * inner, inner, u, PANEL * inner, c + 4 * (PANEL * panel + i * channels),
                        channels, pairs,
                    )  # fmt: skip
                panel += 2 if pairs else 1
        _block_out(base, m, at, count, each, across, t[8:11], channels, h, w, p, ms, edge, base + 4 * t[7], t[18])
        at += count


@exact
def _weights(frame: Any, t: Any, ahead: Any, first: int, last: int, thread: int) -> None:
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
    at, asked, number = first * each, 0, t[19]
    calls = ((last - first) * each + some - 1) // some * points * ((channels + 31) // 32) * ((inner + 11) // 12)
    lines = (_lines(ahead, number, last - first) + calls - 1) // calls
    while at < last * each:
        count = min(some, last * each - at)
        _block_in(base, m, at, count, each, across, t[2:5], inner, h, w, v, vs, edge, 0)
        _block_in(base, m, at, count, each, across, t[8:11], channels, h, w, p, ms, edge, 1)
        for point in range(points):
            panel = 0
            while panel < channels // PANEL:
                g, i, pairs = p + 4 * (point * ms + PANEL * panel), 0, paired(channels, panel)
                while i < inner:
                    if lines > 0:
                        _ask(base, ahead, number, first, last, asked, lines)
                        asked += lines
                    i += point_weights(
                        inner - i, v + 4 * (point * vs + i), inner, g, channels, count,
                        total + 4 * ((point * channels + PANEL * panel) * inner + PANEL * i), PANEL * inner, pairs,
                    )  # fmt: skip
                panel += 2 if pairs else 1
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
    if op == o.TILES or op == o.TILES_DW:
        ahead = integers(row_at + 8 * o.WIDTH if t[19] else row_at, o.WIDTH)
        if op == o.TILES:
            _forward(frame, t, ahead, first, last, thread)
        else:
            _weights(frame, t, ahead, first, last, thread)
    elif op != o.AHEAD:
        _kernels(frame[o.ARENA], t, thread, threads)

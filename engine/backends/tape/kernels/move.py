"""Moving numbers: batches in, layouts changed, packed weights, partial sums, running statistics; and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import (
    F32,
    I32,
    I64,
    arena_of,
    constants_of,
    doubles,
    exact,
    floats,
    integers,
    kernel,
    loop,
    own_doubles,
)
from engine.backends.tape.kernels.vectors import transpose

f4 = np.float32


@loop
def _copy(a: Any, c: Any, add: int) -> None:
    if add:
        for i in range(a.size):
            c[i] += a[i]
    else:
        for i in range(a.size):
            c[i] = a[i]


@exact
def _gather(frame: Any, t: Any, arena: Any, first: int, last: int, step: int) -> None:
    """The samples of this step's rows of a field. row: c view, rows, length, field."""
    rows, length, batch = t[5], t[6], frame[o.BATCH]
    chosen = integers(frame[o.ROWS] + 8 * step * batch, batch)
    source, width = frame[o.FIELDS + 2 * t[7]], frame[o.FIELDS + 2 * t[7] + 1]
    for n in range(first, last):
        sample = floats(source + 4 * chosen[n] * width, width)
        for h in range(rows):
            c = t[2] + n * t[3] + h * t[4]
            _copy(sample[h * length : (h + 1) * length], arena[c : c + length], 0)


@exact
def _strided(t: Any, arena: Any, first: int, last: int) -> None:
    """c = a or c += a. row: a and c as (offset, sample, row and place stride), rows, places, length, add."""
    rows, places, length = t[10], t[11], t[12]
    if rows == 1 and places == 1 and t[3] == length and t[7] == length:
        count = (last - first) * length
        a, c = t[2] + first * length, t[6] + first * length
        _copy(arena[a : a + count], arena[c : c + count], t[13])
        return
    for n in range(first, last):
        for h in range(rows):
            for w in range(places):
                a, c = t[2] + n * t[3] + h * t[4] + w * t[5], t[6] + n * t[7] + h * t[8] + w * t[9]
                _copy(arena[a : a + length], arena[c : c + length], t[13])


@exact
def _permute(t: Any, arena: Any, first: int, last: int) -> None:
    """Image view (H, W, C) to plain (C, H, W), or back. row: image view, plain, C, H, W, to_plain, add."""
    channels, height, width = t[6], t[7], t[8]
    for n in range(first, last):
        plain = t[5] + n * channels * height * width
        for h in range(height):
            image = t[2] + n * t[3] + h * t[4]
            for c in range(channels):
                p = plain + (c * height + h) * width
                for w in range(width):
                    i = image + w * channels + c
                    if t[9]:
                        arena[p + w] = arena[i] + (arena[p + w] if t[10] else f4(0))
                    else:
                        arena[i] = arena[p + w] + (arena[i] if t[10] else f4(0))


def _mixed(builder: Any, index: Any, key: Any) -> Any:
    """The random bits of element ``index`` (see primitives.random)."""

    def mixed(v: Any) -> Any:
        """Bits that tell nothing of v."""
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 0)):
            v = builder.xor(v, builder.lshr(v, ir.Constant(I32, shift)))
            if factor:
                v = builder.mul(v, ir.Constant(I32, factor))
        return v

    return mixed(builder.xor(mixed(builder.add(index, ir.Constant(I32, 1))), key))


@intrinsic
def _drawn(_context: Any, index: Any, key: Any) -> Any:
    """The random bits of element ``index``, as a whole number from 0 to 2^32 - 1."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        """LLVM of the draw."""
        index, key = (builder.trunc(a, I32) for a in args)
        return builder.zext(_mixed(builder, index, key), I64)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def _kept(_context: Any, index: Any, key: Any, threshold: Any) -> Any:
    """1.0 where the random bits of element ``index`` reach the threshold, else 0.0 (see primitives.random)."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        """LLVM of the draw."""

        index, key, threshold = (builder.trunc(a, I32) for a in args)
        bits = _mixed(builder, index, key)
        keep = builder.icmp_unsigned(">=", bits, threshold)
        return builder.select(keep, ir.Constant(F32, 1.0), ir.Constant(F32, 0.0))

    return types.float32(types.int64, types.int64, types.int64), generate


@loop
def _drop_run(x: Any, y: Any, start: int, stride: int, key: int, threshold: int, scale: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] * _kept(start + i * stride, key, threshold) * scale


@exact
def _noise_run(x: Any, y: Any, start: int, stride: int, key: int, deviation: float) -> None:
    for i in range(x.size):
        at = 2 * (start + i * stride)
        u = (_drawn(at, key) + 0.5) / 4294967296.0
        v = (_drawn(at + 1, key) + 0.5) / 4294967296.0
        y[i] = x[i] + f4(deviation * (np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)))


@exact
def _noise(frame: Any, t: Any, arena: Any, deviation: float, first: int, last: int, step: int) -> None:
    """y = x + deviation n, n as the reference draws it. row: as dropout's, the deviation in its constant."""
    length, channels, height, width = t[9], t[10], t[11], t[12]
    key = integers(frame[o.KEYS] + 8 * step * frame[o.KEY_COUNT], frame[o.KEY_COUNT])[t[13]]
    cells = height * width
    for n in range(first, last):
        if channels == 0:
            a, c = t[2] + n * t[3], t[5] + n * t[6]
            _noise_run(arena[a : a + length], arena[c : c + length], n * length, 1, key, deviation)
        for h in range(height if channels else 0):
            for w in range(width):
                a, c = t[2] + n * t[3] + h * t[4] + w * channels, t[5] + n * t[6] + h * t[7] + w * channels
                start = n * channels * cells + h * width + w
                _noise_run(arena[a : a + channels], arena[c : c + channels], start, cells, key, deviation)


@exact
def _dropout(frame: Any, t: Any, arena: Any, scale: Any, first: int, last: int, step: int) -> None:
    """y = x m / (1 - rate), also dx from dy. row: a view, c view, rows, length, C, H, W, key, threshold, constant.

    C = 0: the elements are in C order as they lie; else they are (H, W, C) and counted as (C, H, W). After the constant
    the cells that share one draw, 0 if none do: in C order the numbers of a channel, else a map.
    """
    length, channels, height, width = t[9], t[10], t[11], t[12]
    key, threshold = integers(frame[o.KEYS] + 8 * step * frame[o.KEY_COUNT], frame[o.KEY_COUNT])[t[13]], t[14]
    if channels == 0 and t[16] == 0:
        at, count = first * length, (last - first) * length
        a, c = t[2] + at, t[5] + at
        _drop_run(arena[a : a + count], arena[c : c + count], at, 1, key, threshold, scale)
        return
    cells = height * width
    if channels == 0:
        count = length // t[16]
        for n in range(first, last):
            for j in range(count):
                a, c = t[2] + n * t[3] + j * t[16], t[5] + n * t[6] + j * t[16]
                _drop_run(arena[a : a + t[16]], arena[c : c + t[16]], n * count + j, 0, key, threshold, scale)
        return
    for n in range(first, last):
        for h in range(height):
            a, c = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7]
            for w in range(width):
                x, y = arena[a : a + channels], arena[c : c + channels]
                if t[16]:
                    _drop_run(x, y, n * channels, 1, key, threshold, scale)
                else:
                    _drop_run(x, y, n * channels * cells + h * width + w, cells, key, threshold, scale)
                a, c = a + channels, c + channels


@exact
def _pack(t: Any, arena: Any, base: int, thread: int, threads: int) -> None:
    """Panels of a (K, N) matrix to panels of its transpose (N, K). row: from, to, K, N."""
    inner, columns = t[4], t[5]
    panels, blocks = (inner + 15) // 16, (columns + 15) // 16
    for unit in range(panels * blocks * thread // threads, panels * blocks * (thread + 1) // threads):
        p, block = unit // blocks, unit % blocks
        filled, count = min(16, inner - 16 * p), min(16, columns - 16 * block)
        source, target = t[2] + (block * inner + 16 * p) * 16, t[3] + (p * columns + 16 * block) * 16
        if filled == 16 and count == 16:
            transpose(base + 4 * source, 16, base + 4 * target, 16)
            continue
        for n in range(count):
            for q in range(filled):
                arena[target + 16 * n + q] = arena[source + 16 * q + n]


@exact
def _reduce(t: Any, arena: Any, thread: int, threads: int) -> None:
    """g = own part + the other threads'. row: parts, stride, count, g."""
    units = (t[4] + 15) // 16
    first, last = units * thread // threads * 16, min(units * (thread + 1) // threads * 16, t[4])
    if last <= first:
        return
    _copy(arena[t[2] + first : t[2] + last], arena[t[5] + first : t[5] + last], 0)
    for k in range(1, threads):
        at = t[2] + k * t[3]
        _copy(arena[at + first : at + last], arena[t[5] + first : t[5] + last], 1)


@exact
def _sum_up(frame: Any, t: Any, arena: Any) -> None:
    """g = sum over threads of their float64 sums, all in one where count is 1. row: slot, sums, g, count."""
    for i in range(t[5]):
        arena[t[4] + i] = f4(0)
    for i in range(t[3]):
        total = 0.0
        for k in range(frame[o.THREADS]):
            total += doubles(frame[o.DOUBLES] + 8 * (k * frame[o.DOUBLES_EACH] + t[2] + i), 1)[0]
        arena[t[4] + i] = f4(total)


@exact
def _clear(frame: Any, t: Any, arena: Any, thread: int) -> None:
    """Zero the thread's sums and its partial gradients. row: partial gradients, stride, count."""
    own = own_doubles(frame, thread)
    for i in range(own.size):
        own[i] = 0.0
    at = t[2] + thread * t[3]
    for i in range(t[4]):
        arena[at + i] = f4(0)


@kernel
def move(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See the functions of each opcode."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, threads, op = arena_of(frame), frame[o.THREADS], t[1]
    if op == o.GATHER:
        _gather(frame, t, arena, first, last, step)
    elif op == o.COPY:
        _strided(t, arena, first, last)
    elif op == o.PERMUTE:
        _permute(t, arena, first, last)
    elif op == o.DROPOUT:
        _dropout(frame, t, arena, f4(constants_of(frame)[t[15]]), first, last, step)
    elif op == o.NOISE:
        _noise(frame, t, arena, constants_of(frame)[t[15]], first, last, step)
    elif op == o.PACK:
        _pack(t, arena, frame[o.ARENA], thread, threads)
    elif op == o.REDUCE:
        _reduce(t, arena, thread, threads)
    elif op == o.CLEAR:
        _clear(frame, t, arena, thread)
    elif thread == 0 and op == o.COMMIT:
        _copy(arena[t[2] : t[2] + t[4]], arena[t[3] : t[3] + t[4]], 0)
    elif thread == 0 and op == o.SUM_UP:
        _sum_up(frame, t, arena)

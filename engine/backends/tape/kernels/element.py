"""Elementwise functions, forward and backward, over the rows of three views: c = f(a, b)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.gelu import gelu_back_run, gelu_run
from engine.backends.tape.kernels.math32 import expm1_32, sigmoid32, softplus32, tanh32
from engine.backends.tape.kernels.micro import LANES
from engine.backends.tape.kernels.native import arena_of, constants_of, exact, integers, kernel, loop, own_doubles
from engine.backends.tape.kernels.rows import softmax_back_rows, softmax_rows
from engine.backends.tape.kernels.vectors import relu_back_row

f4 = np.float32


@loop
def _forward(op: int, x: Any, y: Any, k: Any) -> None:
    """y = f(x); k holds the function's constants."""
    if op == o.RELU:
        for i in range(x.size):
            y[i] = f4(0) if x[i] <= f4(0) else x[i]
    elif op == o.LEAKY:
        slope = f4(k[0])
        for i in range(x.size):
            y[i] = x[i] if x[i] > f4(0) else x[i] * slope
    elif op == o.SIGMOID:
        for i in range(x.size):
            y[i] = sigmoid32(x[i])
    elif op == o.TANH:
        for i in range(x.size):
            y[i] = tanh32(x[i])
    elif op == o.STEP:
        for i in range(x.size):
            y[i] = f4(1) if x[i] > f4(0) else (f4(0) if x[i] <= f4(0) else x[i])


@loop
def _elu(x: Any, y: Any, k: Any) -> None:
    scale, low = f4(k[1]), f4(k[0] * k[1])
    for i in range(x.size):
        v = x[i]
        y[i] = v * scale if v > f4(0) else expm1_32(v) * low


@loop
def _forward_last(op: int, x: Any, y: Any, k: Any) -> None:
    if op == o.SILU:
        for i in range(x.size):
            y[i] = x[i] * sigmoid32(x[i])
    elif op == o.SOFTPLUS:
        for i in range(x.size):
            y[i] = softplus32(x[i])
    elif op == o.SOFTSIGN:
        for i in range(x.size):
            y[i] = x[i] / (f4(1) + abs(x[i]))
    elif op == o.MISH:
        for i in range(x.size):
            y[i] = x[i] * tanh32(softplus32(x[i]))
    elif op == o.SINE:
        for i in range(x.size):
            y[i] = np.sin(x[i] * f4(k[0]))
    elif op == o.CLIP:
        low, high = f4(k[0]), f4(k[1])
        for i in range(x.size):
            v = x[i] * f4(k[2]) + f4(k[3])
            v = low if v < low else v
            y[i] = high if v > high else v
    elif op == o.GROWING_COSINE:
        for i in range(x.size):
            y[i] = x[i] * np.cos(x[i])


@loop
def _backward_last(op: int, dy: Any, v: Any, dx: Any, k: Any) -> None:
    """v: the output for softplus, softsign and clip, else the input."""
    if op == o.SILU:
        for i in range(dy.size):
            s = sigmoid32(v[i])
            dx[i] = dy[i] * (s * (f4(1) + v[i] * (f4(1) - s)))
    elif op == o.SOFTPLUS:
        for i in range(dy.size):
            dx[i] = dy[i] * -expm1_32(-v[i])
    elif op == o.SOFTSIGN:
        for i in range(dy.size):
            rest = f4(1) - abs(v[i])
            dx[i] = dy[i] * rest * rest
    elif op == o.MISH:
        for i in range(dy.size):
            t = tanh32(softplus32(v[i]))
            dx[i] = dy[i] * (t + v[i] * (f4(1) - t * t) * sigmoid32(v[i]))
    elif op == o.SINE:
        for i in range(dy.size):
            dx[i] = dy[i] * (f4(k[0]) * np.cos(v[i] * f4(k[0])))
    elif op == o.CLIP:
        for i in range(dy.size):
            dx[i] = dy[i] * f4(k[2]) if v[i] > f4(k[0]) and v[i] < f4(k[1]) else f4(0)
    elif op == o.GROWING_COSINE:
        for i in range(dy.size):
            dx[i] = dy[i] * (np.cos(v[i]) - v[i] * np.sin(v[i]))


@loop
def _multiply(a: Any, b: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] = a[i] * b[i]


@loop
def _maximum(a: Any, b: Any, c: Any) -> None:
    """c = max(a, b); what is no number is the largest."""
    for i in range(a.size):
        c[i] = b[i] if b[i] > a[i] or b[i] != b[i] else a[i]


@loop
def _hide(a: Any, b: Any, c: Any, low: Any) -> None:
    """c = a where b is not 0, else low."""
    for i in range(a.size):
        c[i] = low if b[i] == f4(0) else a[i]


@loop
def _second_wins(a: Any, b: Any, c: Any) -> None:
    """c = 1 where b is the maximum and a is not."""
    for i in range(a.size):
        c[i] = f4(1) if b[i] > a[i] or (b[i] != b[i] and a[i] == a[i]) else f4(0)


@loop
def _backward(op: int, dy: Any, v: Any, dx: Any, k: Any) -> None:
    """dx = dy f'(.), v the output y."""
    if op == o.LEAKY:
        slope = f4(k[0])
        for i in range(dy.size):
            dx[i] = dy[i] if v[i] > f4(0) else dy[i] * slope
    elif op == o.SIGMOID:
        for i in range(dy.size):
            dx[i] = dy[i] * v[i] * (f4(1) - v[i])
    elif op == o.TANH:
        for i in range(dy.size):
            dx[i] = dy[i] * (f4(1) - v[i] * v[i])
    elif op == o.STEP:
        for i in range(dy.size):
            dx[i] = f4(0)


@loop
def _elu_back(dy: Any, y: Any, dx: Any, k: Any) -> None:
    scale, low = f4(k[1]), f4(k[0] * k[1])
    for i in range(dy.size):
        dx[i] = dy[i] * (scale if y[i] > f4(0) else y[i] + low)


@exact
def _gelu(op: int, a: Any, b: Any, c: Any, keep: int) -> None:
    """Forward from a to c, the slopes to b where they are kept; backward from dy a and x b to c."""
    first, second, third, count = a.ctypes.data, b.ctypes.data, c.ctypes.data, a.size
    if op >= o.BACK:
        gelu_back_run(first, second, third, count, 0, 0, 0, 0, 0, 0.0)
    else:
        gelu_run(first, third, second if keep else 0, count, 0, 0, 0, 0, 0, 0.0)


@exact
def _relu_back(dy: Any, y: Any, dx: Any) -> None:
    """dx = dy where y > 0; dx may be dy itself."""
    count, left = dy.size // LANES, dy.size % LANES
    a, b, c, done = dy.ctypes.data, y.ctypes.data, dx.ctypes.data, 4 * (dy.size // LANES * LANES)
    relu_back_row(count, LANES, a, b, c, 0, 0, 0, 0, 0, 0, 0)
    if left:
        relu_back_row(1, left, a + done, b + done, c + done, 0, 0, 0, 0, 0, 0, 0)


@loop
def _add(a: Any, b: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] = a[i] + b[i]


@loop
def _add_relu(a: Any, b: Any, c: Any) -> None:
    for i in range(a.size):
        s = a[i] + b[i]
        c[i] = f4(0) if s <= f4(0) else s


@loop
def _affine(x: Any, y: Any, k: Any, count: int, repeat: int, back: bool) -> None:
    """y = (x - center) scale + shift, or dx = dy scale; k: centers, scales, shifts, ``count`` each.

    The constant of element i is number (i // repeat) % count.
    """
    for i in range(x.size):
        j = (i // repeat) % count
        scale = f4(k[count + j])
        y[i] = x[i] * scale if back else (x[i] - f4(k[j])) * scale + f4(k[2 * count + j])


@loop
def _prelu(x: Any, dy: Any, y: Any, alpha: Any, repeat: int) -> None:
    """y = dy where x > 0, else alpha dy: forward with dy = x."""
    for i in range(x.size):
        y[i] = dy[i] if x[i] > f4(0) else dy[i] * alpha[(i // repeat) % alpha.size]


@loop
def _prelu_sums(x: Any, dy: Any, sums: Any, repeat: int) -> None:
    """sums += dy x where x <= 0, by channel."""
    for i in range(x.size):
        if not x[i] > f4(0):
            sums[(i // repeat) % sums.size] += dy[i] * x[i]


@exact
def _apply(op: int, a: Any, b: Any, c: Any, t: Any, arena: Any, k: Any, sums: Any) -> None:
    """One run of a row's elements."""
    constants = k[t[13] :]
    base = op % o.BACK
    if base == o.ADD:
        if t[14]:
            _add_relu(a, b, c)
        else:
            _add(a, b, c)
    elif base == o.AFFINE:
        _affine(a, c, constants, t[14], t[15], op >= o.BACK)
    elif base == o.SOFTMAX:
        if op >= o.BACK:
            rows = a.size // t[14]
            softmax_back_rows(a.ctypes.data, b.ctypes.data, c.ctypes.data, rows, t[14], 0, 0, 0, 0, 1.0)
        else:
            softmax_rows(a.ctypes.data, c.ctypes.data, a.size // t[14], t[14], 0, 0, 0, 0, 0, 1.0)
    elif base == o.PRELU:
        _prelu(a, b, c, arena[t[16] : t[16] + t[14]], t[15])
    elif base == o.PRELU_SUMS:
        _prelu_sums(a, b, sums[t[16] : t[16] + t[14]], t[15])
    elif base == o.MULTIPLY:
        _multiply(a, b, c)
    elif base == o.HIDE:
        _hide(a, b, c, f4(constants[0]))
    elif op == o.MAXIMUM:
        _maximum(a, b, c)
    elif op == o.MAXIMUM + o.BACK:
        _second_wins(a, b, c)
    elif op == o.RELU + o.BACK:
        _relu_back(a, b, c)
    elif base >= o.SILU:
        if op >= o.BACK:
            _backward_last(base, a, b, c, constants)
        else:
            _forward_last(base, a, c, constants)
    elif base == o.GELU:
        _gelu(op, a, b, c, t[14])
    elif base == o.ELU:
        if op >= o.BACK:
            _elu_back(a, b, c, constants)
        else:
            _elu(a, c, constants)
    elif op >= o.BACK:
        _backward(base, a, b, c, constants)
    else:
        _forward(op, a, c, constants)


@kernel
def element(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """row: a, b, c as (offset, sample stride, row stride); rows a sample; row length; constants; more.

    Views without a border are one run over all the samples of the block.
    """
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, k, sums = arena_of(frame), constants_of(frame), own_doubles(frame, thread)
    rows, length = t[11], t[12]
    if rows == 1 and t[3] == length and t[6] == length and t[9] == length:
        at, count = first * length, (last - first) * length
        a, b, c = t[2] + at, t[5] + at, t[8] + at
        _apply(t[1], arena[a : a + count], arena[b : b + count], arena[c : c + count], t, arena, k, sums)
        return
    for n in range(first, last):
        for h in range(rows):
            a, b, c = t[2] + n * t[3] + h * t[4], t[5] + n * t[6] + h * t[7], t[8] + n * t[9] + h * t[10]
            _apply(t[1], arena[a : a + length], arena[b : b + length], arena[c : c + length], t, arena, k, sums)

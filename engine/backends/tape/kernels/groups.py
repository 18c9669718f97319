"""Convolution in groups of channels, down to one channel each: a kernel cell of a pixel at a time, over all channels.

Images lie as (H, W, C) with zeros around, kernels as (kh, kw, inputs of a group, outputs).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape.kernels.native import borrow, exact, floats, give_back, loop

f4 = np.float32


@loop
def _add_cell(x: Any, w: Any, y: Any, inputs: int) -> None:
    """y += w x. x (C), w (inputs, O), y (O)."""
    outputs = y.size * inputs // x.size
    if inputs == 1 and outputs == 1:
        for i in range(y.size):
            y[i] += x[i] * w[i]
        return
    for group in range(y.size // outputs):
        first = group * outputs
        for q in range(inputs):
            v, at = x[group * inputs + q], q * y.size
            for i in range(first, first + outputs):
                y[i] += v * w[at + i]


@loop
def _add_back(dy: Any, w: Any, dx: Any, inputs: int) -> None:
    """dx += w^T dy."""
    outputs = dy.size * inputs // dx.size
    if inputs == 1 and outputs == 1:
        for i in range(dy.size):
            dx[i] += dy[i] * w[i]
        return
    for group in range(dy.size // outputs):
        first = group * outputs
        for q in range(inputs):
            total, at = f4(0), q * dy.size
            for i in range(first, first + outputs):
                total += dy[i] * w[at + i]
            dx[group * inputs + q] += total


@loop
def _add_weights(x: Any, dy: Any, dw: Any, inputs: int) -> None:
    """dw += x dy^T, group by group."""
    outputs = dy.size * inputs // x.size
    if inputs == 1 and outputs == 1:
        for i in range(dy.size):
            dw[i] += x[i] * dy[i]
        return
    for group in range(dy.size // outputs):
        first = group * outputs
        for q in range(inputs):
            v, at = x[group * inputs + q], q * dy.size
            for i in range(first, first + outputs):
                dw[at + i] += v * dy[i]


@loop
def _begin(y: Any, bias: Any) -> None:
    for i in range(y.size):
        y[i] = bias[i] if bias.size else f4(0)


@loop
def _end(y: Any) -> None:
    for i in range(y.size):
        y[i] = f4(0) if y[i] <= f4(0) else y[i]


@loop
def _clear(x: Any) -> None:
    for i in range(x.size):
        x[i] = f4(0)


@loop
def _sum(a: Any, c: Any) -> None:
    for i in range(a.size):
        c[i] += a[i]


@exact
def grouped(arena: Any, t: Any, first: int, last: int) -> None:
    """row: x of the first kernel cell, sample and row stride, C; kernel rows and columns, strides, dilations; w; bias
    or -1; y view; O, rows, columns; inputs of a group; ReLU."""
    c, outputs, inputs, cell = t[5], t[17], t[20], t[20] * t[17]
    bias = arena[t[13] : t[13] + outputs] if t[13] >= 0 else arena[0:0]
    for n in range(first, last):
        for h in range(t[18]):
            for w in range(t[19]):
                at = t[14] + n * t[15] + h * t[16] + w * outputs
                y = arena[at : at + outputs]
                _begin(y, bias)
                for k in range(t[6] * t[7]):
                    i, j = k // t[7], k % t[7]
                    x = t[2] + n * t[3] + (h * t[8] + i * t[10]) * t[4] + (w * t[9] + j * t[11]) * c
                    _add_cell(arena[x : x + c], arena[t[12] + k * cell : t[12] + (k + 1) * cell], y, inputs)
                if t[21]:
                    _end(y)


@exact
def grouped_dx(arena: Any, t: Any, first: int, last: int) -> None:
    """Each pixel of dy to the cells that it was made of. row: dx view, C; kernel rows and columns, strides, dilations;
    w; top; dy view; O, rows, columns; inputs of a group; add; left; H, W."""
    c, outputs, inputs, cell = t[5], t[17], t[20], t[20] * t[17]
    for n in range(first, last):
        for h in range(0 if t[21] else t[23]):
            at = t[2] + n * t[3] + h * t[4]
            _clear(arena[at : at + t[24] * c])
        for h in range(t[18]):
            for w in range(t[19]):
                at = t[14] + n * t[15] + h * t[16] + w * outputs
                for k in range(t[6] * t[7]):
                    i, j = h * t[8] + k // t[7] * t[10] - t[13], w * t[9] + k % t[7] * t[11] - t[22]
                    if 0 <= i < t[23] and 0 <= j < t[24]:
                        x = t[2] + n * t[3] + i * t[4] + j * c
                        kernel = arena[t[12] + k * cell : t[12] + (k + 1) * cell]
                        _add_back(arena[at : at + outputs], kernel, arena[x : x + c], inputs)


@exact
def grouped_dw(arena: Any, t: Any, first: int, last: int, thread: int) -> None:
    """This thread's dw, each image summed from zero. row: as forward, with dw and its stride in place of w and bias."""
    c, outputs, inputs, cell = t[5], t[17], t[20], t[20] * t[17]
    borrowed, place = borrow(4 * t[6] * t[7] * cell), t[12] + thread * t[13]
    part = floats(borrowed, t[6] * t[7] * cell)
    _clear(part)
    for n in range(first, last):
        for h in range(t[18]):
            for w in range(t[19]):
                at = t[14] + n * t[15] + h * t[16] + w * outputs
                dy = arena[at : at + outputs]
                for k in range(t[6] * t[7]):
                    i, j = k // t[7], k % t[7]
                    x = t[2] + n * t[3] + (h * t[8] + i * t[10]) * t[4] + (w * t[9] + j * t[11]) * c
                    _add_weights(arena[x : x + c], dy, part[k * cell : (k + 1) * cell], inputs)
        _sum(part, arena[place : place + part.size])
        _clear(part)
    give_back(borrowed)

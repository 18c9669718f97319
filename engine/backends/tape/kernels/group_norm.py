"""Normalization of each sample over groups of channels, in C order: a group is one row, a channel a part of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape.kernels.native import borrow, exact, floats, give_back, loop

f4 = np.float32


@loop
def _sum(x: Any) -> Any:
    total = f4(0)
    for i in range(x.size):
        total += x[i]
    return total


@loop
def squares(x: Any, mean: Any) -> Any:
    """(sum of squared deviations, sum of deviations), which is what rounding left out of the mean."""
    total, rest = f4(0), f4(0)
    for i in range(x.size):
        d = x[i] - mean
        total += d * d
        rest += d
    return total, rest


@exact
def variance(square: float, left: float) -> float:
    """The mean square without that of what the mean left out; not below 0, and NaN stays."""
    found = square - left * left
    return 0.0 if found < 0.0 else found


@loop
def _channel(x: Any, y: Any, scale: Any, shift: Any, mean: Any, inverse: Any) -> None:
    for i in range(x.size):
        y[i] = (x[i] - mean) * inverse * scale + shift


@loop
def _products(x: Any, dy: Any, mean: Any, inverse: Any) -> Any:
    """(sum of dy, sum of dy xhat)."""
    plain, product = f4(0), f4(0)
    for i in range(x.size):
        plain += dy[i]
        product += dy[i] * ((x[i] - mean) * inverse)
    return plain, product


@loop
def _channel_back(
    x: Any, dy: Any, dx: Any, scale: Any, mean: Any, inverse: Any, plain: Any, product: Any, add: int
) -> None:
    """dx = (scale dy - plain - xhat product) inverse."""
    if add:
        for i in range(x.size):
            dx[i] += (scale * dy[i] - plain - (x[i] - mean) * inverse * product) * inverse
    else:
        for i in range(x.size):
            dx[i] = (scale * dy[i] - plain - (x[i] - mean) * inverse * product) * inverse


@exact
def group_norm(arena: Any, t: Any, eps: float, first: int, last: int) -> None:
    """row: x, gamma, beta, y, groups, channels of a group, constant (eps), means and inverses, cells of a channel."""
    groups, channels, cells = t[6], t[7], t[10]
    width = channels * cells
    for r in range(first * groups, last * groups):
        x, total, spread, left = t[2] + r * width, 0.0, 0.0, 0.0
        for j in range(channels):
            total += _sum(arena[x + j * cells : x + (j + 1) * cells])
        mean = f4(total / width)
        for j in range(channels):
            square, rest = squares(arena[x + j * cells : x + (j + 1) * cells], mean)
            spread += square
            left += rest
        left /= width
        mean, inverse = f4(mean + left), f4(1.0 / np.sqrt(variance(spread / width, left) + eps))
        arena[t[9] + 2 * r], arena[t[9] + 2 * r + 1] = mean, inverse
        for j in range(channels):
            c, a, y = r % groups * channels + j, x + j * cells, t[5] + r * width + j * cells
            _channel(arena[a : a + cells], arena[y : y + cells], arena[t[3] + c], arena[t[4] + c], mean, inverse)


@exact
def group_norm_back(arena: Any, t: Any, first: int, last: int, thread: int) -> None:
    """row: x, gamma, dy, dx or -1, groups, channels of a group, add, means and inverses, dgamma, dbeta or -1, stride to
    the next thread's, cells of a channel."""
    groups, channels, cells = t[6], t[7], t[13]
    width = channels * cells
    place = borrow(8 * channels)
    part = floats(place, 2 * channels)
    for r in range(first * groups, last * groups):
        x, dy, plain, product = t[2] + r * width, t[4] + r * width, 0.0, 0.0
        mean, inverse, c = arena[t[9] + 2 * r], arena[t[9] + 2 * r + 1], r % groups * channels
        for j in range(channels):
            a, b = arena[x + j * cells : x + (j + 1) * cells], arena[dy + j * cells : dy + (j + 1) * cells]
            part[j], part[channels + j] = _products(a, b, mean, inverse)
            plain += arena[t[3] + c + j] * part[j]
            product += arena[t[3] + c + j] * part[channels + j]
        for j in range(channels):
            if t[10] >= 0:
                arena[t[10] + thread * t[12] + c + j] += part[channels + j]
            if t[11] >= 0:
                arena[t[11] + thread * t[12] + c + j] += part[j]
        if t[5] < 0:
            continue
        plain, product = plain / width, product / width
        for j in range(channels):
            a, b = arena[x + j * cells : x + (j + 1) * cells], arena[dy + j * cells : dy + (j + 1) * cells]
            at = t[5] + r * width + j * cells
            _channel_back(
                a, b, arena[at : at + cells], arena[t[3] + c + j], mean, inverse, f4(plain), f4(product), t[8]
            )  # fmt: skip
    give_back(place)

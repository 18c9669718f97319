"""A slow interpreter of tapes in NumPy, one thread, float64 inside each instruction: the judge of the kernels.

It reads the very same rows. Sums are taken in another order, so results agree to rounding, not to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.backends.tape.program import Program
from engine.primitives.erf import erf
from engine.primitives.random import mix

Row = tuple[int, ...]
Wide = NDArray[np.float64]


class Oracle:
    """One program's memory, run by ``step``: a training step or another tape on one batch."""

    def __init__(self, program: Program, arena: NDArray[np.float32], fields: Sequence[NDArray[Any]]) -> None:
        self.program, self.arena, self.fields = program, arena.copy(), fields
        self.sums = np.zeros(program.doubles)
        self.k = program.constants
        self.loss = self.penalty = float("nan")
        self.hits = 0
        self.norms: Wide = np.zeros(0)

    def step(
        self, mode: str, rows: NDArray[np.int64], scalars: Sequence[float], keys: Sequence[int], weights: int
    ) -> None:
        """All rows of the tape once; groups and barriers mean nothing to one thread."""
        self.rows, self.batch, self.scalars, self.keys = rows, len(rows), scalars, keys
        self.norms, families = np.zeros(weights), _families()
        with np.errstate(all="ignore"):
            tape, at = self.program.tapes[mode], 0
            while at < len(tape):
                t = tuple(int(v) for v in tape[at])
                if t[0] != o.CONTROL:
                    families[t[0]](self, t)
                at += 1 + (t[3] if t[:2] == (o.CONTROL, o.SKIP) and not scalars[t[2]] else 0)

    # views ------------------------------------------------------------------------------------------------------

    def flat(self, at: int, count: int) -> NDArray[np.float32]:
        """Floats of the arena."""
        return self.arena[at : at + count]

    def strided(self, at: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> NDArray[np.float32]:
        """Any view of the arena, strides in floats."""
        return as_strided(self.arena[at:], shape, tuple(4 * s for s in strides))

    def view(self, t: Row, at: int, rows: int, length: int) -> NDArray[np.float32]:
        """(B, rows, length) from (offset, sample stride, row stride) at t[at]."""
        return self.strided(t[at], (self.batch, rows, length), (t[at + 1], t[at + 2], 1))

    def panels(self, at: int, inner: int, columns: int) -> Wide:
        """A matrix (inner, columns) out of its panels."""
        count = -(-columns // o.PANEL)
        whole = self.flat(at, count * inner * o.PANEL).reshape(count, inner, o.PANEL)
        return whole.transpose(1, 0, 2).reshape(inner, -1)[:, :columns].astype(np.float64)

    def put_panels(self, at: int, matrix: Any, *, add: bool = False) -> None:
        """A matrix into panels."""
        inner, columns = matrix.shape
        count = -(-columns // o.PANEL)
        padded = np.zeros((inner, count * o.PANEL))
        padded[:, :columns] = matrix
        place = self.flat(at, padded.size).reshape(count, inner, o.PANEL)
        place[...] = padded.reshape(inner, count, o.PANEL).transpose(1, 0, 2) + (place if add else 0)


def _move(m: Oracle, t: Row) -> None:
    if t[1] == o.CLEAR:
        m.sums[:] = 0
        m.flat(t[2], t[4])[:] = 0
    elif t[1] == o.GATHER:
        place = m.view(t, 2, t[5], t[6])
        place[...] = m.fields[t[7]][m.rows].reshape(place.shape)
    elif t[1] == o.COPY:
        shape = (m.batch, t[10], t[11], t[12])
        a = m.strided(t[2], shape, (t[3], t[4], t[5], 1)).copy()
        c = m.strided(t[6], shape, (t[7], t[8], t[9], 1))
        c[...] = a + c if t[13] else a
    elif t[1] == o.PERMUTE:
        image = m.strided(t[2], (m.batch, t[7], t[8], t[6]), (t[3], t[4], t[6], 1)).transpose(0, 3, 1, 2)
        plain = m.flat(t[5], image.size).reshape(image.shape)
        source, target = (image, plain) if t[9] else (plain, image)
        target[...] = source + target if t[10] else source.copy()
    elif t[1] == o.DROPOUT:
        _dropout(m, t)
    elif t[1] == o.NOISE:
        _noise(m, t)
    elif t[1] == o.PACK:
        m.put_panels(t[3], m.panels(t[2], t[4], t[5]).T)
    elif t[1] == o.REDUCE:
        m.flat(t[5], t[4])[:] = m.flat(t[2], t[4])
    elif t[1] == o.COMMIT:
        m.flat(t[3], t[4])[:] = m.flat(t[2], t[4])
    else:
        m.flat(t[4], t[5])[:] = m.sums[t[2] : t[2] + t[3]]


def _noise(m: Oracle, t: Row) -> None:
    channels, height, width = t[10:13] if t[10] else (1, 1, t[9])
    bits = _bits(m.keys[t[13]], (m.batch, channels, height, width, 2))
    u = (bits + 0.5) / 2.0**32
    noise = (np.sqrt(-2 * np.log(u[..., 0])) * np.cos(2 * np.pi * u[..., 1])).transpose(0, 2, 3, 1)
    rows = (height, width * channels)
    x, y = m.view(t, 2, *rows), m.view(t, 5, *rows)
    y[...] = x + (m.k[t[15]] * noise).astype(np.float32).reshape(x.shape)


def _dropout(m: Oracle, t: Row) -> None:
    channels, height, width = t[10:13] if t[10] else (1, 1, 1)
    if t[16] and not t[10]:
        channels, height = t[9] // t[16], t[16]
    shape = (m.batch, channels, height, width) if t[10] or t[16] else (m.batch, 1, 1, t[9])
    if t[16]:
        one = _bits(m.keys[t[13]], (m.batch, channels, 1, 1)) >= t[14]
        keep = np.broadcast_to(one, shape)
    else:
        keep = _bits(m.keys[t[13]], shape) >= t[14]
    rows = (height, width * channels) if t[10] else (1, t[9])
    x, y = m.view(t, 2, *rows), m.view(t, 5, *rows)
    placed = keep.transpose(0, 2, 3, 1) if t[10] else keep
    y[...] = (x.astype(np.float64) * placed.reshape(x.shape)) * m.k[t[15]]


def _bits(key: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """mix(mix(i + 1) ^ key) of every element, in whole numbers that cannot overflow."""
    one = np.array([mix(mix(i + 1) ^ key) for i in range(int(np.prod(shape)))], np.int64)
    return one.reshape(shape)


def _element(m: Oracle, t: Row) -> None:
    a, b, c = (m.view(t, at, t[11], t[12]) for at in (2, 5, 8))
    x, v, op, back = a.astype(np.float64), b.astype(np.float64), t[1] % o.BACK, t[1] >= o.BACK
    k = m.k[t[13] :]
    place = np.arange(x.shape[-1]) // max(t[15], 1) % max(t[14], 1)
    if op == o.ADD:
        c[...] = np.maximum(x + v, 0) if t[14] else x + v
    elif op == o.MULTIPLY:
        c[...] = x * v
    elif op == o.HIDE:
        c[...] = np.where(v == 0, k[0], x)
    elif op == o.MAXIMUM:
        c[...] = (v > x) if back else np.maximum(x, v)
    elif op == o.AFFINE:
        each = k[: 3 * t[14]].reshape(3, -1)[:, place]
        c[...] = x * each[1] if back else (x - each[0]) * each[1] + each[2]
    elif op == o.SOFTMAX:
        _softmax(x, v, c, t[14], back)
    elif op == o.PRELU:
        c[...] = np.where(x > 0, v, v * m.flat(t[16], t[14])[place])
    elif op == o.PRELU_SUMS:
        np.add.at(m.sums[t[16] : t[16] + t[14]], np.broadcast_to(place, x.shape), np.where(x > 0, 0, x * v))
    else:
        c[...] = x * _slope(op, v, k) if back else _function(op, x, k)
        if op == o.GELU and t[14]:
            b[...] = _slope(op, x, k)


def _softmax(x: Wide, y: Wide, c: Any, width: int, back: bool) -> None:
    runs, outputs = x.reshape(-1, width), y.reshape(-1, width)
    if back:
        found = outputs * (runs - (runs * outputs).sum(1, keepdims=True))
    else:
        found = np.exp(runs - runs.max(1, keepdims=True))
        found /= found.sum(1, keepdims=True)
    c[...] = found.reshape(c.shape)


def _function(op: int, x: Wide, k: Wide) -> Any:
    if op == o.RELU:
        return np.maximum(x, 0)
    if op == o.LEAKY:
        return np.where(x > 0, x, x * k[0])
    if op == o.SIGMOID:
        return 1 / (1 + np.exp(-x))
    if op == o.TANH:
        return np.tanh(x)
    if op == o.ELU:
        return np.where(x > 0, x * k[1], np.expm1(np.minimum(x, 0)) * k[0] * k[1])
    if op == o.GELU:
        return x * (1 + erf(np, x / np.sqrt(2))) / 2
    if op == o.STEP:
        return np.heaviside(x, 0)
    return _rarer(op, x, k)


def _rarer(op: int, x: Wide, k: Wide) -> Any:
    soft = np.logaddexp(0, x)
    found: dict[int, Callable[[], Any]] = {
        o.SILU: lambda: x / (1 + np.exp(-x)), o.SOFTPLUS: lambda: soft, o.SOFTSIGN: lambda: x / (1 + np.abs(x)),
        o.MISH: lambda: x * np.tanh(soft), o.SINE: lambda: np.sin(x * k[0]),
        o.CLIP: lambda: np.clip(x * k[2] + k[3], k[0], k[1]), o.GROWING_COSINE: lambda: x * np.cos(x),
    }  # fmt: skip
    return found[op]()


def _rarer_slope(op: int, v: Wide, k: Wide) -> Any:
    """From the output for softplus, softsign and clip, else from the input."""
    s, t = 1 / (1 + np.exp(-v)), np.tanh(np.logaddexp(0, v))
    found: dict[int, Callable[[], Any]] = {
        o.SILU: lambda: s * (1 + v * (1 - s)), o.SOFTPLUS: lambda: -np.expm1(-v),
        o.SOFTSIGN: lambda: (1 - np.abs(v)) ** 2, o.MISH: lambda: t + v * (1 - t * t) * s,
        o.SINE: lambda: k[0] * np.cos(v * k[0]), o.CLIP: lambda: np.where((v > k[0]) & (v < k[1]), k[2], 0.0),
        o.GROWING_COSINE: lambda: np.cos(v) - v * np.sin(v),
    }  # fmt: skip
    return found[op]()


def _slope(op: int, v: Wide, k: Wide) -> Any:
    """From the output, from the input for GELU."""
    if op == o.RELU:
        return np.where(v > 0, 1.0, 0.0)
    if op == o.LEAKY:
        return np.where(v > 0, 1.0, k[0])
    if op == o.SIGMOID:
        return v * (1 - v)
    if op == o.TANH:
        return 1 - v * v
    if op == o.ELU:
        return np.where(v > 0, k[1], v + k[0] * k[1])
    if op == o.GELU:
        return (1 + erf(np, v / np.sqrt(2))) / 2 + v * np.exp(-v * v / 2) / np.sqrt(2 * np.pi)
    return np.zeros_like(v) if op == o.STEP else _rarer_slope(op, v, k)


def _matrix(m: Oracle, t: Row) -> None:
    if t[1] == o.LINEAR:
        rows = m.batch * t[6]
        bias = m.flat(t[4], t[8]) if t[4] >= 0 else 0
        y = m.flat(t[2], rows * t[7]).reshape(rows, -1) @ m.panels(t[3], t[7], t[8]) + bias
        m.flat(t[5], y.size)[:] = (_function(t[9] - 1, y, m.k) if t[9] else y).ravel()
    elif t[1] == o.LINEAR_DX:
        rows = m.batch * t[5]
        dx = (m.flat(t[2], rows * t[6]).reshape(rows, -1) @ m.panels(t[3], t[6], t[7])).ravel()
        place = m.flat(t[4], dx.size)
        slope = _slope(t[9] - 1, m.flat(t[10], dx.size).astype(np.float64), m.k) if t[9] else 1.0
        place[:] = (place + dx if t[8] else dx) * slope
    elif t[1] == o.LINEAR_DW:
        rows = m.batch * t[5]
        x, dy = (m.flat(t[at], rows * t[count]).reshape(rows, -1).astype(np.float64) for at, count in ((2, 6), (3, 7)))
        m.put_panels(t[4], x.T @ dy, add=bool(t[8]))
        m.sums[t[9]] = (m.panels(t[4], t[6], t[7]) ** 2).sum()
    else:
        g = m.flat(t[3], t[5])
        total = m.flat(t[2], m.batch * t[4] * t[5]).reshape(-1, t[5]).sum(0, dtype=np.float64)
        g[:] = g + total if t[6] else total
        m.sums[t[7]] = (g.astype(np.float64) ** 2).sum()


def _norm(m: Oracle, t: Row) -> None:
    if t[1] == o.STATISTICS:
        x, c = m.view(t, 2, t[5], t[6]).reshape(-1, t[7]).astype(np.float64), t[7]
        mean = x.mean(0)
        m.sums[t[8] : t[8] + 1 + 2 * c] = [len(x), *mean, *((x - mean) ** 2).sum(0)]
    elif t[1] == o.FIX:
        _fix(m, t)
    elif t[1] == o.APPLY:
        c, place = t[10], m.view(t, 5, t[8], t[9])
        own = m.flat(t[11], 4 * c).reshape(4, c)
        y = (m.view(t, 2, t[8], t[9]).reshape(-1, c) - own[0]) * own[2] + own[3]
        place[...] = (np.maximum(y, 0) if t[13] else y).reshape(place.shape)
    elif t[1] == o.SUMS:
        x, dy, c = (*(m.view(t, at, t[8], t[9]).reshape(-1, t[10]).astype(np.float64) for at in (2, 5)), t[10])
        own = m.flat(t[12], 2 * c).reshape(2, c)
        m.sums[t[11] : t[11] + 2 * c] += np.concatenate([dy.sum(0), (dy * (x - own[0]) * own[1]).sum(0)])
    elif t[1] == o.FIX_BACK:
        c, count = t[3], m.batch * t[4]
        plain, product = m.sums[t[2] : t[2] + 2 * c].reshape(2, c)
        for at, value in ((t[5], product), (t[6], plain)):
            if at >= 0:
                m.flat(at, c)[:] = value + (m.flat(at, c) if t[10] else 0)
        own = m.flat(t[7], 6 * c).reshape(6, c)
        own[4], own[5] = (-product / count * own[1], -plain / count) if t[9] else (0, 0)
    else:
        c, place = t[13], m.view(t, 8, t[11], t[12])
        own = m.flat(t[14], 6 * c).reshape(6, c)
        seen, given = (m.view(t, at, t[11], t[12]).reshape(-1, c) for at in (2, 5))
        place[...] = ((given + (seen - own[0]) * own[4] + own[5]) * own[2]).reshape(place.shape)


def _fix(m: Oracle, t: Row) -> None:
    c = t[3]
    count, (mean, square) = m.sums[t[2]], m.sums[t[2] + 1 : t[2] + 1 + 2 * c].reshape(2, c)
    gamma, beta, running_mean, running_var = (m.flat(t[at], c) for at in (4, 5, 6, 7))
    momentum, eps = m.k[t[12] : t[12] + 2]
    if t[13]:
        var = square / count
        if t[8] >= 0:
            m.flat(t[8], c)[:] = running_mean * (1 - momentum) + momentum * mean
            m.flat(t[9], c)[:] = running_var * (1 - momentum) + momentum * var * count / max(count - 1, 1)
    else:
        mean, var = running_mean.astype(np.float64), running_var.astype(np.float64)
    own = m.flat(t[10], 4 * c).reshape(4, c)
    own[0], own[1], own[3] = mean, 1 / np.sqrt(var + eps), beta
    own[2] = own[1] * gamma


def _families() -> dict[int, Callable[[Oracle, Row], None]]:
    from engine.backends.tape import oracle_ends as ends
    from engine.backends.tape import oracle_images as images
    from engine.backends.tape import oracle_tokens as sequences

    return {
        o.MOVE: _move, o.ELEMENT: _element, o.MATRIX: _matrix, o.NORM: _norm, o.LOSS: ends.loss, o.UPDATE: ends.update,
        o.CONV: images.conv, o.POOL: images.pool, o.WINOGRAD: images.winograd, o.ATTENTION: sequences.attention,
        o.TOKENS: sequences.tokens,
    }  # fmt: skip

"""The oracle's losses, figures and optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape import oracle_more as more

if TYPE_CHECKING:
    from engine.backends.tape.oracle import Oracle, Row, Wide


def loss(m: Oracle, t: Row) -> None:
    """Of each sample, with the gradient of the batch's weighted mean; or the figures of the step."""
    if t[1] == o.FINISH:
        weights = len(m.norms)
        m.loss = float(m.k[t[3] : t[3] + t[2]] @ m.sums[t[4] : t[4] + t[2]] / m.batch)
        m.hits = int(m.sums[t[5]]) if t[5] >= 0 else 0
        m.norms = np.sqrt(m.sums[t[6] : t[6] + weights])
        m.penalty = float(m.sums[t[7] : t[7] + weights].sum())
        return
    z = m.flat(t[2], m.batch * t[6]).reshape(m.batch, -1).astype(np.float64)
    y = m.fields[t[5]][m.rows]
    weight, extra = m.k[t[7] : t[7] + 2]
    if t[10] > 0:
        wide = z.reshape(m.batch, -1, t[10]).transpose(0, 2, 1)
        values, slope, hits = _classes(t[1], wide.reshape(-1, wide.shape[2]), y.ravel(), m.k[t[7] + 1 :])
        values = values.reshape(m.batch, -1).mean(1)
        slope = slope.reshape(wide.shape).transpose(0, 2, 1) / t[10]
    elif t[1] >= o.HINGE:
        values, slope = more.values(t, z, y, m.k[t[7] + 1 :])
        hits = int(((z > 0) == (y > 0.5)).all(1).sum())
    else:
        values, slope, hits = _numbers(t[1], z, y, extra)
    m.flat(t[4], m.batch)[:] = values
    m.sums[t[8]] += values.sum()
    if t[9] >= 0:
        m.sums[t[9]] += hits
    if t[3] >= 0:
        m.flat(t[3], slope.size)[:] = (slope * weight / m.batch).ravel()


def _classes(op: int, z: Wide, y: Any, k: Wide) -> tuple[Wide, Wide, int]:
    if op != o.CROSS_ENTROPY:
        return *more.classes(op, z, y, k), int((z.argmax(1) == y).sum())
    smoothing = k[0]
    shifted = z - z.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    q = np.full_like(z, smoothing / z.shape[1])
    q[np.arange(len(z)), y] += 1 - smoothing
    return -(q * log_p).sum(1), np.exp(log_p) - q, int((z.argmax(1) == y).sum())


def _numbers(op: int, z: Wide, y: Any, extra: float) -> tuple[Wide, Wide, int]:
    e, count = z - y, z.shape[1]
    hits = int(((z > 0) == (y > 0.5)).all(1).sum())
    if op == o.BINARY:
        q = y * (1 - extra) + extra / 2
        values = np.logaddexp(0, z) - q * z
        return values.mean(1), (1 / (1 + np.exp(-z)) - q) / count, hits
    if op == o.SQUARED:
        return (e * e).mean(1), 2 * e / count, hits
    if op == o.HALF_SQUARED:
        return (e * e).sum(1) / 2, e, hits
    if op == o.ABSOLUTE:
        return np.abs(e).mean(1), np.sign(e) / count, hits
    near = np.minimum(np.abs(e), extra)
    return (near * (np.abs(e) - near / 2)).mean(1), np.clip(e, -extra, extra) / count, hits


def update(m: Oracle, t: Row) -> None:
    """Norms, penalties, and one step of an optimizer over a run."""
    if t[1] == o.SQUARES:
        m.sums[t[3]] = (m.flat(t[2], t[5]).astype(np.float64) ** 2).sum()
    elif t[1] == o.PENALTY:
        w, g = (m.flat(at, t[5]).astype(np.float64) for at in t[2:4])
        l1, l2, pull = m.k[t[6] : t[6] + 3]
        m.flat(t[4], t[5])[:] = g + pull * np.sign(w) + l2 * w
        m.sums[t[7]] = l1 * np.abs(w).sum() + l2 / 2 * (w * w).sum()
    elif t[1] >= o.COLLECT:
        _around(m, t)
    else:
        _step(m, t)


def _around(m: Oracle, t: Row) -> None:
    first, second = m.flat(t[2], t[5]), m.flat(t[3], t[5])
    if t[1] == o.COLLECT:
        second += m.batch * first
        if m.scalars[t[6]]:
            m.flat(t[4], t[5])[:] = second / m.scalars[t[6]]
            second[:] = 0
    elif t[1] == o.LIMIT:
        second[:] = np.clip(first, -m.k[t[6]], m.k[t[6]])
        if t[7] >= 0:
            m.sums[t[7]] += (second.astype(np.float64) ** 2).sum()
    elif t[1] == o.SCALE:
        first *= min(1.0, m.k[t[6]] / (np.sqrt(m.sums[t[7]]) + 1e-6))
    else:
        second += m.scalars[t[6]] * (first - second)


def _step(m: Oracle, t: Row) -> None:
    count, k, scalars = t[5], m.k[t[9] :], m.scalars[t[11] :]
    w, g = (m.flat(at, count).astype(np.float64) for at in t[2:4])
    m.flat(t[4], count)[:] = w
    g = g + k[0] * w
    if t[10] >= 0:
        m.flat(t[10], count)[:] = g
    w *= 1 - scalars[0] * k[1]
    s: list[Any] = [m.flat(at, count) if at >= 0 else None for at in t[6:9]]
    w -= _move(t[1], g, s, k[3:], scalars)
    m.flat(t[2], count)[:] = w - np.clip(w, -scalars[0] * k[2], scalars[0] * k[2])


def _move(op: int, g: Wide, s: list[Any], k: Wide, scalars: Any) -> Wide:
    """What is taken off the weights; moves the tensors ``s`` in place."""
    pace = scalars[1]
    if op == o.SGD:
        return pace * g
    if op in (o.MOMENTUM, o.NESTEROV):
        s[0][:] = k[0] * s[0] + g
        return pace * (g + k[0] * s[0] if op == o.NESTEROV else s[0].astype(np.float64))
    if op == o.ADAM:
        s[0][:] = k[0] * s[0] + (1 - k[0]) * g
        s[1][:] = k[1] * s[1] + (1 - k[1]) * g * g
        if s[2] is not None:
            s[2][:] = np.maximum(s[2], s[1])
        square = s[1] if s[2] is None else s[2]
        return pace * s[0] / (np.sqrt(square.astype(np.float64)) / scalars[2] + k[2])
    if op == o.ADAGRAD:
        s[0][:] = s[0] + g * g
        return pace * g / (np.sqrt(s[0].astype(np.float64)) + k[0])
    if op >= o.ADAMAX:
        return _rarer(op, g, s, k, scalars)
    s[0][:] = k[0] * s[0] + (1 - k[0]) * g * g
    spread = s[0].astype(np.float64)
    if s[1] is not None:
        s[1][:] = k[0] * s[1] + (1 - k[0]) * g
        spread = np.maximum(spread - s[1].astype(np.float64) ** 2, 0)
    d = g / (np.sqrt(spread) + k[1])
    if s[2] is None:
        return pace * d
    s[2][:] = k[2] * s[2] + d
    return pace * s[2].astype(np.float64)


def _rarer(op: int, g: Wide, s: list[Any], k: Wide, scalars: Any) -> Wide:
    pace, old = scalars[1], s[0].astype(np.float64)
    if op == o.LION:
        s[0][:] = k[1] * old + (1 - k[1]) * g
        return pace * np.sign(k[0] * old + (1 - k[0]) * g)
    s[0][:] = k[0] * old + (1 - k[0]) * g
    mean = s[0].astype(np.float64)
    if op == o.ADAMAX:
        s[1][:] = np.maximum(k[1] * s[1], np.abs(g) + k[2])
        return pace * mean / s[1]
    apart = g - mean if op == o.ADABELIEF else g
    s[1][:] = k[1] * s[1] + (1 - k[1]) * apart * apart + (k[2] if op == o.ADABELIEF else 0)
    root = np.sqrt(s[1].astype(np.float64))
    if op == o.ADABELIEF:
        return pace * mean / (root / scalars[2] + k[2])
    if op == o.NADAM:
        return (pace * g + scalars[2] * mean) / (root / scalars[3] + k[2])
    if op == o.RADAM:
        return pace * scalars[2] * mean / (root + k[2]) if scalars[2] else pace * mean
    return np.clip(pace / (root + k[2]), scalars[2], scalars[3]) * mean

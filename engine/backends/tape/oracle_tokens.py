"""The oracle's attention, layer normalization, tables and added rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.oracle_more import group_norm

if TYPE_CHECKING:
    from engine.backends.tape.oracle import Oracle, Row, Wide


def _head(m: Oracle, t: Row, at: int, count: int) -> Any:
    """(B, H, count, D / H) at a place."""
    width, heads = t[7:9]
    return m.strided(at, (m.batch, heads, count, width // heads), (count * width, width // heads, width, 1))


def _maps(m: Oracle, t: Row, at: int) -> Any:
    places, others, _, heads = t[5:9]
    return m.flat(at, m.batch * heads * places * others).reshape(m.batch, heads, places, others)


def _future(t: Row) -> Any:
    return np.triu(np.ones((t[5], t[6]), bool), 1) if t[9] else np.zeros((t[5], t[6]), bool)


def attention(m: Oracle, t: Row) -> None:
    """All heads at once: q and y (B, H, T, D / H), k and v (B, H, U, D / H), maps (B, H, T, U)."""
    if t[1] % o.BACK == o.ATTEND:
        (_attend_back if t[1] >= o.BACK else _attend)(m, t)
        return
    scores = t[1] % o.BACK == o.SCORES
    first = _head(m, t, t[2], t[5]) if scores else _maps(m, t, t[2])
    a, b = first.astype(np.float64), _head(m, t, t[3], t[6]).astype(np.float64)
    if t[1] == o.SCORES:
        _maps(m, t, t[4])[...] = np.where(_future(t), -1e30, a @ b.swapaxes(2, 3) * m.k[t[10]])
    elif t[1] == o.MIX:
        _head(m, t, t[4], t[5])[...] = a @ b
    else:
        last = (_maps(m, t, t[4]) if scores else _head(m, t, t[4], t[5])).astype(np.float64)
        if scores:
            last = np.where(_future(t), 0, last * m.k[t[10]])
            found = (last @ b, last.swapaxes(2, 3) @ a)
        else:
            found = (last @ b.swapaxes(2, 3), a.swapaxes(2, 3) @ last)
        for at, add, value, whole in zip(t[13:15], t[15:17], found, (scores, True), strict=True):
            if at >= 0:
                place = _head(m, t, at, value.shape[2]) if whole else _maps(m, t, at)
                place[...] = place + value if add else value


def _attend(m: Oracle, t: Row) -> None:
    q, k, v = (_head(m, t, at, count).astype(np.float64) for at, count in ((t[2], t[5]), (t[3], t[6]), (t[13], t[6])))
    s = np.where(_future(t), -1e30, q @ k.swapaxes(2, 3) * m.k[t[10]])
    p = np.exp(s - s.max(3, keepdims=True))
    p /= p.sum(3, keepdims=True)
    _maps(m, t, t[4])[...] = p
    _head(m, t, t[14], t[5])[...] = p @ v


def _attend_back(m: Oracle, t: Row) -> None:
    given = ((t[2], t[5]), (t[3], t[6]), (t[13], t[6]), (t[14], t[5]))
    q, k, v, dy = (_head(m, t, at, count).astype(np.float64) for at, count in given)
    p = _maps(m, t, t[4]).astype(np.float64)
    dp = dy @ v.swapaxes(2, 3)
    ds = np.where(_future(t), 0, p * (dp - (dp * p).sum(3, keepdims=True)) * m.k[t[10]])
    found = (ds @ k, ds.swapaxes(2, 3) @ q, p.swapaxes(2, 3) @ dy)
    for at, add, value in zip(t[15:18], t[18:21], found, strict=True):
        if at >= 0:
            place = _head(m, t, at, value.shape[2])
            place[...] = place + value if add else value


def tokens(m: Oracle, t: Row) -> None:
    """Rows of all samples at once."""
    if t[1] % o.BACK == o.LAYER_NORM:
        _layer_norm(m, t)
    elif t[1] % o.BACK == o.GROUP_NORM:
        group_norm(m, t)
    elif t[1] == o.ADD_ROW:
        whole = m.flat(t[2], m.batch * t[5]).reshape(m.batch, -1) + m.flat(t[3], t[5])
        m.flat(t[4], whole.size)[:] = whole.ravel()
    else:
        ids = m.flat(t[2], m.batch * t[5]).astype(np.int64)
        table, rows = m.flat(t[3], t[6] * t[7]).reshape(t[7], t[6]), m.flat(t[4], ids.size * t[6]).reshape(-1, t[6])
        if t[1] == o.EMBED:
            rows[...] = table[ids]
        else:
            total = table.astype(np.float64) if t[8] else np.zeros(table.shape)
            np.add.at(total, ids, rows)
            table[...] = total


def _layer_norm(m: Oracle, t: Row) -> None:
    count, width = m.batch * t[6], t[7]
    x: Wide = m.flat(t[2], count * width).reshape(count, width).astype(np.float64)
    gamma, own = m.flat(t[3], width).astype(np.float64), m.flat(t[9], 2 * count).reshape(count, 2)
    if t[1] == o.LAYER_NORM:
        mean = x.mean(1)
        own[:, 0], own[:, 1] = mean, 1 / np.sqrt(x.var(1) + m.k[t[8]])
        y = (x - mean[:, None]) * own[:, 1:] * gamma + m.flat(t[4], width)
        m.flat(t[5], y.size)[:] = y.ravel()
        return
    dy = m.flat(t[4], count * width).reshape(count, width).astype(np.float64)
    xhat, g = (x - own[:, :1]) * own[:, 1:], dy * gamma
    dx = (g - g.mean(1, keepdims=True) - xhat * (g * xhat).mean(1, keepdims=True)) * own[:, 1:]
    if t[5] >= 0:
        place = m.flat(t[5], dx.size)
        place[:] = place + dx.ravel() if t[8] else dx.ravel()
    for at, total in ((t[10], (dy * xhat).sum(0)), (t[11], dy.sum(0))):
        if at >= 0:
            m.flat(at, width)[:] += total

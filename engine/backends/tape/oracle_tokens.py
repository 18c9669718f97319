"""The oracle's attention, layer normalization, tables and added rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.oracle_more import group_norm

if TYPE_CHECKING:
    from engine.backends.tape.oracle import Oracle, Row, Wide


def attention(m: Oracle, t: Row) -> None:
    """All heads at once: q and y (B, H, T, D / H), k and v (B, H, U, D / H), maps (B, H, T, U)."""
    places, others, width, heads = t[5:9]
    part, scale = width // heads, m.k[t[10]]

    def split(at: int, count: int) -> Any:
        strides = (count * width, part, width, 1)
        return m.strided(at, (m.batch, heads, count, part), strides)

    def maps(at: int) -> Any:
        return m.flat(at, m.batch * heads * places * others).reshape(m.batch, heads, places, others)

    future = np.triu(np.ones((places, others), bool), 1) if t[9] else np.zeros((places, others), bool)
    scores = t[1] % o.BACK == o.SCORES
    first = split(t[2], places) if scores else maps(t[2])
    a, b = first.astype(np.float64), split(t[3], others).astype(np.float64)
    if t[1] == o.SCORES:
        maps(t[4])[...] = np.where(future, -1e30, a @ b.swapaxes(2, 3) * scale)
    elif t[1] == o.MIX:
        split(t[4], places)[...] = a @ b
    else:
        last = (maps(t[4]) if scores else split(t[4], places)).astype(np.float64)
        if scores:
            last = np.where(future, 0, last * scale)
            found = (last @ b, last.swapaxes(2, 3) @ a)
        else:
            found = (last @ b.swapaxes(2, 3), a.swapaxes(2, 3) @ last)
        for at, add, value, whole in zip(t[13:15], t[15:17], found, (scores, True), strict=True):
            if at >= 0:
                place = split(at, value.shape[2]) if whole else maps(at)
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

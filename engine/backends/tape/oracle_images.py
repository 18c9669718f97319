"""The oracle's convolutions and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.oracle_more import grouped
from engine.backends.tape.points import input_matrix, kernel_matrix, output_matrix

if TYPE_CHECKING:
    from engine.backends.tape.oracle import Oracle, Row, Wide


def conv(m: Oracle, t: Row) -> None:
    """Windows as an array with strides, then one product."""
    if t[1] == o.DIRECT:
        cells, channels, rows, width = t[6] * t[8] * t[10], *t[16:19]
        x = _windows(m, t, rows, width).reshape(-1, cells)
        y = (x @ m.panels(t[11], cells, channels)).reshape(m.batch, rows, width, channels)
        if t[12] >= 0:
            y = y + m.flat(t[12], channels)
        place = m.strided(t[13], y.shape, (t[14], t[15], channels, 1))
        place[...] = _ended(place, y, t[19])
    elif t[1] == o.WEIGHTS:
        cells, channels, rows, width = t[6] * t[8] * t[10], *t[14:17]
        x = _windows(m, t, rows, width).reshape(-1, cells)
        dy = m.strided(t[11], (m.batch, rows, width, channels), (t[12], t[13], channels, 1)).reshape(-1, channels)
        m.put_panels(t[17], x.T @ dy.astype(np.float64), add=True)
    elif t[1] == o.SPREAD:
        _spread(m, t)
    elif t[1] == o.TURN:
        cells, inputs, outputs = t[4:7]
        w = m.panels(t[2], cells * inputs, outputs).reshape(cells, inputs, outputs)
        turned = (w[::-1] if t[7] else w).transpose(0, 2, 1)
        m.put_panels(t[3], turned.reshape(cells * outputs, inputs))
    elif t[1] >= o.GROUPED:
        grouped(m, t)
    else:
        dy = m.view(t, 2, t[5], t[6]).reshape(-1, t[7])
        m.flat(t[8], t[7])[:] += dy.sum(0, dtype=np.float64)


def _ended(place: Any, y: Wide, ending: int) -> Any:
    """1 adds to what is there, 2 ReLU."""
    return place + y if ending == 1 else np.maximum(y, 0) if ending == 2 else y


def _windows(m: Oracle, t: Row, rows: int, width: int) -> Wide:
    """What each place of the kernel sees: (B, rows, width, far, near, inner)."""
    shape = (m.batch, rows, width, t[6], t[8], t[10])
    return m.strided(t[2], shape, (t[3], t[4], t[5], t[7], t[9], 1)).astype(np.float64)


def _spread(m: Oracle, t: Row) -> None:
    """dx[h, w] = sum over cells (i, j) of dy[(h + top - i dh) / sh, (w + left - j dw) / sw] w[i, j], where whole."""
    inner, kh, kw, sh, sw, top, left, dh, dw, channels, rows, columns = t[5], *t[7:15], *t[18:21]
    w = m.panels(t[6], kh * kw * inner, channels).reshape(kh, kw, inner, channels)
    dx = np.zeros((m.batch, rows, columns, channels))
    n = np.arange(m.batch)[:, None, None, None] * t[3]
    for i in range(kh):
        for j in range(kw):
            h = [r for r in range(rows) if (r + top - i * dh) % sh == 0]
            v = [c for c in range(columns) if (c + left - j * dw) % sw == 0]
            y = (np.array(h, int) + top - i * dh) // sh
            x = (np.array(v, int) + left - j * dw) // sw
            index = t[2] + n + y[:, None, None] * t[4] + x[:, None] * inner + np.arange(inner)
            dx[:, np.ix_(h, v)[0], np.ix_(h, v)[1]] += m.arena[index].astype(np.float64) @ w[i, j]
    place = m.strided(t[15], dx.shape, (t[16], t[17], channels, 1))
    place[...] = place + dx if t[21] else dx


def pool(m: Oracle, t: Row) -> None:
    """One window after the other."""
    c, height, width = t[8:11]
    x: Any = m.strided(t[2], (m.batch, height, width, c), (t[3], t[4], c, 1))
    op, back = t[1] % o.BACK, t[1] >= o.BACK
    if op == o.GLOBAL_POOL:
        y = m.strided(t[5], (m.batch, c), (t[6], 1))
        if back:
            x[...] = y[:, None, None, :] / (height * width)
        else:
            y[...] = x.mean((1, 2), dtype=np.float64)
        return
    rows, columns, kh, kw, sh, sw, top, left = t[11:19]
    y = m.strided(t[5], (m.batch, rows, columns, c), (t[6], t[7], c, 1))
    won = m.flat(t[19], m.batch * rows * columns * c).reshape(m.batch, rows, columns, c) if op == o.MAX_POOL else None
    if back:
        x[...] = 0
        if t[20]:
            y = y * (m.strided(t[21], y.shape, (t[22], t[23], c, 1)) > 0)
    for i in range(rows):
        for k in range(columns):
            h0, v0 = i * sh - top, k * sw - left
            h, v = slice(max(h0, 0), min(h0 + kh, height)), slice(max(v0, 0), min(v0 + kw, width))
            number = (np.arange(h.start, h.stop)[:, None] - h0) * kw + (np.arange(v.start, v.stop) - v0)
            _window(x[:, h, v], y[:, i, k], None if won is None else won[:, i, k], number.reshape(-1), back)


def _window(x: Any, y: Any, won: Any, number: Any, back: bool) -> None:
    """One window (B, kh, kw, C) and its place in the output (B, C). ``number``: that of each cell in a whole window."""
    if won is None:
        if back:
            x += y[:, None, None, :] / number.size
        else:
            y[...] = x.mean((1, 2), dtype=np.float64)
    elif back:
        hit = won[:, None, :] == number[:, None]
        x += np.where(hit, y[:, None, :], 0).reshape(x.shape)
    else:
        flat = x.reshape(len(x), -1, x.shape[-1])
        best = flat.argmax(1)
        y[...] = np.take_along_axis(flat, best[:, None], 1)[:, 0]
        won[...] = number[best]


def winograd(m: Oracle, t: Row) -> None:
    """Tile by tile, in matrices."""
    if t[1] == o.AHEAD:
        return
    if t[1] in (o.POINTS, o.POINTS_BACK):
        inner, channels, g = t[4], t[5], kernel_matrix(t[6])
        if t[1] == o.POINTS:
            w = m.panels(t[2], 9 * inner, channels).reshape(3, 3, inner, channels)
            u = np.einsum("ia,jb,abcd->ijcd", g, g, w)
            for k, matrix in enumerate(u.reshape(-1, inner, channels)):
                m.put_panels(t[3] + k * inner * channels, matrix)
        else:
            du = _points(m, t[2], t[6], inner, channels)
            dw = np.einsum("ia,jb,ijcd->abcd", g, g, du)
            m.put_panels(t[3], dw.reshape(9 * inner, channels))
        return
    inner, channels, height, width, f = t[5], *t[11:15]
    down, right = -(-height // f), -(-width // f)
    x = np.zeros((m.batch, down * f + 2, right * f + 2, inner))
    x[:, : height + 2, : width + 2] = m.strided(
        t[2], (m.batch, height + 2, width + 2, inner), (t[3], t[4], inner, 1)
    )  # fmt: skip
    b, a = input_matrix(f), output_matrix(f)
    place = m.strided(t[8], (m.batch, height, width, channels), (t[9], t[10], channels, 1))
    y = np.zeros((m.batch, down * f, right * f, channels))
    y[:, :height, :width] = place
    u = _points(m, t[6], f, inner, channels)
    total = np.zeros_like(u)
    for i in range(0, down * f, f):
        for j in range(0, right * f, f):
            v = np.einsum("pa,qb,nabc->npqc", b, b, x[:, i : i + f + 2, j : j + f + 2])
            if t[1] == o.TILES:
                y[:, i : i + f, j : j + f] = np.einsum("ap,bq,npqc,pqcd->nabd", a, a, v, u)
            else:
                dy = np.einsum("ap,bq,nabd->npqd", a, a, y[:, i : i + f, j : j + f])
                total += np.einsum("npqc,npqd->pqcd", v, dy)
    if t[1] == o.TILES_DW:
        for k, matrix in enumerate(total.reshape(-1, inner, channels)):
            m.put_panels(t[6] + k * inner * channels, matrix, add=True)
    else:
        place[...] = _ended(place, y[:, :height, :width] + m.flat(t[7], channels), t[18])


def _points(m: Oracle, at: int, f: int, inner: int, channels: int) -> Wide:
    """(points, points, inner, channels) out of panels."""
    count = (f + 2) ** 2
    each = [m.panels(at + k * inner * channels, inner, channels) for k in range(count)]
    return np.stack(each).reshape(f + 2, f + 2, inner, channels)

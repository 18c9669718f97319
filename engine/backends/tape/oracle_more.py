"""The oracle's convolutions in groups, group normalization, and the losses that are drawn less often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.backends.tape import opcodes as o

if TYPE_CHECKING:
    from engine.backends.tape.oracle import Oracle, Row, Wide


def grouped(m: Oracle, t: Row) -> None:
    """Cell by cell over whole images, channels as (groups, each)."""
    c, (kh, kw, sh, sw, dh, dw), (outputs, rows, columns, inputs) = t[5], t[6:12], t[17:21]
    groups = c // inputs
    y = m.strided(t[14], (m.batch, rows, columns, outputs), (t[15], t[16], outputs, 1))
    each = y.astype(np.float64).reshape(m.batch, rows, columns, groups, -1)
    w = m.flat(t[12], kh * kw * inputs * outputs).reshape(kh, kw, inputs, groups, -1)
    total = np.zeros(each.shape)
    if t[1] == o.GROUPED_DX:
        _grouped_dx(m, t, each, w.astype(np.float64))
        return
    for i in range(kh):
        for j in range(kw):
            at = t[2] + i * dh * t[4] + j * dw * c
            x = m.strided(at, (m.batch, rows, columns, groups, inputs), (t[3], sh * t[4], sw * c, inputs, 1))
            if t[1] == o.GROUPED:
                total += np.einsum("nhwgi,igo->nhwgo", x.astype(np.float64), w[i, j].astype(np.float64))
            else:
                w[i, j] += np.einsum("nhwgi,nhwgo->igo", x.astype(np.float64), each).astype(np.float32)
    if t[1] == o.GROUPED:
        found = total.reshape(y.shape) + (m.flat(t[13], outputs) if t[13] >= 0 else 0)
        y[...] = np.maximum(found, 0) if t[21] else found


def _grouped_dx(m: Oracle, t: Row, dy: Wide, w: Wide) -> None:
    c, (kh, kw, sh, sw, dh, dw), (_, rows, columns, inputs), top = t[5], t[6:12], t[17:21], t[13]
    left, height, width = t[22:25]
    place = m.strided(t[2], (m.batch, height, width, c), (t[3], t[4], c, 1))
    dx = np.zeros((m.batch, height, width, c // inputs, inputs))
    for i in range(kh):
        for j in range(kw):
            part = np.einsum("nhwgo,igo->nhwgi", dy, w[i, j])
            for h in range(rows):
                for v in range(columns):
                    a, b = h * sh + i * dh - top, v * sw + j * dw - left
                    if 0 <= a < height and 0 <= b < width:
                        dx[:, a, b] += part[:, h, v]
    place[...] = dx.reshape(place.shape) + (place if t[21] else 0)


def group_norm(m: Oracle, t: Row) -> None:
    """Rows of (groups), columns of (channels of one, cells)."""
    back = t[1] >= o.BACK
    groups, channels, cells = t[6], t[7], t[13] if back else t[10]
    shape, count = (m.batch, groups, channels, cells), m.batch * groups * channels * cells
    x: Wide = m.flat(t[2], count).reshape(shape).astype(np.float64)
    gamma = m.flat(t[3], groups * channels).reshape(groups, channels, 1).astype(np.float64)
    own = m.flat(t[9], 2 * m.batch * groups).reshape(m.batch, groups, 1, 1, 2)
    if not back:
        own[..., 0], own[..., 1] = x.mean((2, 3), keepdims=True), 1 / np.sqrt(x.var((2, 3), keepdims=True) + m.k[t[8]])
        y = (x - own[..., 0]) * own[..., 1] * gamma + m.flat(t[4], groups * channels).reshape(gamma.shape)
        m.flat(t[5], count)[:] = y.ravel()
        return
    dy: Wide = m.flat(t[4], count).reshape(shape).astype(np.float64)
    xhat, g = (x - own[..., 0]) * own[..., 1], dy * gamma
    dx = (g - g.mean((2, 3), keepdims=True) - xhat * (g * xhat).mean((2, 3), keepdims=True)) * own[..., 1]
    if t[5] >= 0:
        place = m.flat(t[5], count)
        place[:] = dx.ravel() + (place if t[8] else 0)
    for at, total in ((t[10], (dy * xhat).sum((0, 3))), (t[11], dy.sum((0, 3)))):
        if at >= 0:
            m.flat(at, total.size)[:] += total.ravel()


def classes(op: int, z: Wide, y: Any, k: Wide) -> tuple[Wide, Wide]:
    """(value, slope) of each row of logits; k: the loss's own numbers."""
    count, at = z.shape[1], (np.arange(len(z)), y)
    if op == o.MARGINS:
        missing = np.maximum(k[0] - z[at][:, None] + z, 0)
        missing[at] = 0
        slope = (missing > 0) / count
        slope[at] = -slope.sum(1)
        return missing.sum(1) / count, slope
    log_p = _log_softmax(z)
    p, right = np.exp(log_p), np.zeros(z.shape)
    right[at] = 1
    if op == o.FOCAL:
        own, g = p[at][:, None], k[0]
        slope = (1 - own) ** g * (g * own * np.log(own) / (1 - own) - 1) * (right - p)
        return -((1 - own) ** g * np.log(own))[:, 0], slope
    q = ((1 - k[0]) * right + k[0] / count) * k[1 : 1 + count]
    return -(q * log_p).sum(1), p * q.sum(1, keepdims=True) - q


def _log_softmax(z: Wide) -> Wide:
    shifted = z - z.max(1, keepdims=True)
    found: Wide = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return found


def values(t: Row, z: Wide, y: Any, k: Wide) -> tuple[Wide, Wide]:
    """(value, slope) of each sample's numbers."""
    count = z.shape[1]
    if t[1] == o.HINGE:
        side = np.where(y > 0, 1, -1)
        return np.maximum(k[0] - side * z, 0).mean(1), -side * (k[0] - side * z > 0) / count
    if t[1] == o.COSINE:
        a, b = z / np.linalg.norm(z, axis=1, keepdims=True), y / np.linalg.norm(y, axis=1, keepdims=True)
        cos = (a * b).sum(1, keepdims=True)
        return 1 - cos[:, 0], (cos * a - b) / np.linalg.norm(z, axis=1, keepdims=True)
    if t[1] == o.KL:
        wide, p = (v.reshape(len(z), -1, t[11]) for v in (z, y.astype(np.float64)))
        log_q = _log_softmax(wide)
        each = (p * (np.log(np.where(p == 0, 1, p)) - log_q)).sum(1).mean(1)
        return each, ((np.exp(log_q) * p.sum(1, keepdims=True) - p) / t[11]).reshape(z.shape)
    g, alpha = k[0], k[1]
    p = 1 / (1 + np.exp(-z))
    one, zero = alpha * y * (1 - p) ** g, (1 - alpha) * (1 - y) * p**g
    slope = one * (g * p * np.log(p) - (1 - p)) - zero * (g * (1 - p) * np.log(1 - p) - p)
    return -(one * np.log(p) + zero * np.log(1 - p)).mean(1), slope / count

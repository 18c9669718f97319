"""Losses that are drawn less often, of one sample: the value, and in ``d``, if any, the slope times ``share``."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import exact

f4 = np.float32
SMALLEST = 1e-8


@exact
def _log_sigmoid(x: float) -> float:
    """min(x, 0) - log(1 + exp(-|x|))."""
    return (x if x <= 0.0 or x != x else 0.0) - np.log1p(np.exp(-abs(x)))


@exact
def _binary_focal(z: float, t: float, gamma: float, alpha: float) -> Any:
    """(value, slope) of one output."""
    log_p, log_q = _log_sigmoid(z), _log_sigmoid(-z)
    p, q = np.exp(log_p), np.exp(log_q)
    one, zero = alpha * t * np.exp(gamma * log_q), (1.0 - alpha) * (1.0 - t) * np.exp(gamma * log_p)
    return -one * log_p - zero * log_q, one * (gamma * p * log_p - q) - zero * (gamma * q * log_q - p)


@exact
def each(op: int, z: Any, y: Any, d: Any, k: Any, share: Any) -> Any:
    """Sum over outputs of the hinge or the binary focal loss. k[1:]: margin; or gamma and alpha."""
    loss = 0.0
    for j in range(z.size):
        a, t = float(z[j]), float(y[j])
        if op == o.HINGE:
            side = 1.0 if t > 0.0 else -1.0
            missing = k[1] - side * a
            value, slope = (0.0, 0.0) if missing <= 0.0 else (missing, -side)
        else:
            value, slope = _binary_focal(a, t, k[1], k[2])
        loss += value
        if d.size:
            d[j] = f4(slope) * share
    return f4(loss)


@exact
def _log_sum(z: Any, place: int, places: int) -> Any:
    """(largest, log of the sum of exp(z - largest)) of one place."""
    top, total, count = float(z[place]), 0.0, z.size // places
    for j in range(count):
        v = z[j * places + place]
        top = top if v <= top else float(v)
    for j in range(count):
        total += np.exp(float(z[j * places + place]) - top)
    return top, np.log(total)


@exact
def divergence(z: Any, y: Any, d: Any, places: int, share: Any) -> Any:
    """sum y (log y - log softmax(z)), mean over places, of (C, P); 0 log 0 = 0."""
    loss, count = 0.0, z.size // places
    for p in range(places):
        top, log_total = _log_sum(z, p, places)
        whole = 0.0
        for j in range(count):
            t, log_p = float(y[j * places + p]), float(z[j * places + p]) - top - log_total
            loss += t * (np.log(1.0 if t == 0.0 else t) - log_p)
            whole += t
        for j in range(count if d.size else 0):
            i = j * places + p
            d[i] = f4((np.exp(float(z[i]) - top - log_total) * whole - float(y[i])) / places) * share
    return f4(loss / places)


@exact
def margins(z: Any, d: Any, target: int, margin: Any, share: Any) -> Any:
    """Mean over classes of what the others lack to the margin."""
    loss, inside = f4(0), 0
    for j in range(z.size):
        missing = margin - z[target] + z[j]
        missing = f4(0) if j == target or missing <= f4(0) else missing
        loss += missing
        inside += 1 if missing > f4(0) else 0
        if d.size:
            d[j] = share / f4(z.size) * (f4(1) if missing > f4(0) else missing)
    if d.size:
        d[target] = -share / f4(z.size) * f4(inside)
    return loss / f4(z.size)


@exact
def focal(z: Any, d: Any, target: int, gamma: float, share: Any) -> Any:
    """-(1 - p)^g log p; its slope by way of log p / (1 - p), which is -1 at p = 1."""
    top, log_total = _log_sum(z, 0, 1)
    log_p = float(z[target]) - top - log_total
    rest = -np.expm1(log_p)
    power = rest**gamma
    if d.size:
        ratio = log_p / rest if rest > 0.0 else -1.0
        slope = power * (gamma * np.exp(log_p) * ratio - 1.0)
        for j in range(z.size):
            p = np.exp(float(z[j]) - top - log_total)
            d[j] = f4(slope * ((1.0 if j == target else 0.0) - p)) * share
    return f4(-power * log_p)


@exact
def weighted(z: Any, d: Any, target: int, k: Any, share: Any) -> Any:
    """-sum q w log p. k[1]: smoothing; k[2:]: the classes' weights."""
    top, log_total = _log_sum(z, 0, 1)
    count, smoothing = z.size, k[1]
    loss, total = 0.0, 0.0
    for j in range(count):
        q = (smoothing / count + (1.0 - smoothing if j == target else 0.0)) * k[2 + j]
        loss -= q * (float(z[j]) - top - log_total) if q != 0.0 else 0.0
        total += q
    for j in range(d.size):
        q = (smoothing / count + (1.0 - smoothing if j == target else 0.0)) * k[2 + j]
        d[j] = f4(np.exp(float(z[j]) - top - log_total) * total - q) * share
    return f4(loss)


@exact
def cosine(z: Any, y: Any, d: Any, share: Any) -> Any:
    """1 - cos(z, y)."""
    along, mine, other = 0.0, 0.0, 0.0
    for j in range(z.size):
        along += float(z[j]) * float(y[j])
        mine += float(z[j]) * float(z[j])
        other += float(y[j]) * float(y[j])
    length, floor = np.sqrt(mine), max(np.sqrt(mine), SMALLEST)
    other = max(np.sqrt(other), SMALLEST)
    cos = along / floor / other
    for j in range(d.size):
        part = 0.0 if length < SMALLEST else cos * float(z[j]) / floor
        d[j] = f4((part - float(y[j]) / other) / floor) * share
    return f4(1.0 - cos)

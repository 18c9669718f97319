"""Losses with their gradients, sample by sample, and the end of a forward and backward pass: figures and verdict."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.loss_more import cosine, divergence, each, focal, margins, weighted
from engine.backends.tape.kernels.math32 import exp32, sigmoid32
from engine.backends.tape.kernels.native import (
    arena_of,
    borrow,
    constants_of,
    doubles,
    exact,
    floats,
    give_back,
    integers,
    kernel,
    loop,
    own_doubles,
)

f4 = np.float32


@loop
def _cross_entropy(z: Any, d: Any, target: int, smoothing: Any, share: Any) -> Any:
    """-sum q log softmax(z); d (if any) = share (p - q). Row of C logits."""
    count = z.size
    top, total, spread = z[0], f4(0), f4(0)
    for j in range(count):
        top = top if z[j] <= top else z[j]
    for j in range(count):
        total += exp32(z[j] - top)
    log_total = np.log(total)
    loss = log_total + (top - z[target])
    if smoothing > f4(0):
        for j in range(count):
            spread += (z[j] - top) - log_total
        loss = (f4(1) - smoothing) * loss - smoothing * (spread / f4(count))
    if d.size:
        even = smoothing / f4(count)
        for j in range(count):
            d[j] = (exp32(z[j] - top) / total - even) * share
        if z[target] < top:
            d[target] -= (f4(1) - smoothing) * share
        else:
            # p - 1 has no digits left where p is near 1: minus the sum of the others has
            others = f4(0)
            d[target] = f4(0)
            for j in range(count):
                others += d[j]
            d[target] = -others
    return loss


@exact
def _best(z: Any) -> int:
    """The first largest."""
    best = 0
    for j in range(1, z.size):
        if z[j] > z[best]:
            best = j
    return best


@exact
def _classes(op: int, z: Any, d: Any, target: int, k: Any, share: Any) -> Any:
    """Of one place. k: the head's weight, the loss's own number, class weights if it has any."""
    if op == o.CROSS_ENTROPY:
        return _cross_entropy(z, d, target, f4(k[1]), share)
    if op == o.MARGINS:
        return margins(z, d, target, f4(k[1]), share)
    if op == o.FOCAL:
        return focal(z, d, target, k[1], share)
    return weighted(z, d, target, k, share)


@exact
def _places(op: int, z: Any, d: Any, classes: Any, k: Any, share: Any) -> Any:
    """(mean over places, how many are right) of logits (C, P), a place after the other."""
    places = classes.size
    count, total, hits = z.size // places, f4(0), 0
    place = borrow(8 * count)
    one, slope = floats(place, count), floats(place + 4 * count, count if d.size else 0)
    for p in range(places):
        for j in range(count):
            one[j] = z[j * places + p]
        total += _classes(op, one, slope, classes[p], k, share / f4(places))
        hits += 1 if _best(one) == classes[p] else 0
        for j in range(slope.size):
            d[j * places + p] = slope[j]
    give_back(place)
    return total / f4(places), hits


@loop
def _binary(z: Any, y: Any, d: Any, smoothing: Any, share: Any) -> Any:
    loss = f4(0)
    for j in range(z.size):
        q = y[j] * (f4(1) - smoothing) + smoothing * f4(0.5)
        above = f4(0) if z[j] <= f4(0) else z[j]
        loss += above - q * z[j] + np.log1p(exp32(-abs(z[j])))
    if d.size:
        for j in range(z.size):
            d[j] = (sigmoid32(z[j]) - (y[j] * (f4(1) - smoothing) + smoothing * f4(0.5))) * share
    return loss


@loop
def _values(op: int, z: Any, y: Any, d: Any, delta: Any, share: Any) -> Any:
    """Sum over outputs of the squared, absolute or Huber's distance; d = share times its slope."""
    loss = f4(0)
    if op == o.SQUARED or op == o.HALF_SQUARED:
        for j in range(z.size):
            e = z[j] - y[j]
            loss += e * e
        double = f4(2) * share if op == o.SQUARED else share
        for j in range(d.size):
            d[j] = (z[j] - y[j]) * double
    elif op == o.ABSOLUTE:
        for j in range(z.size):
            loss += abs(z[j] - y[j])
        for j in range(d.size):
            e = z[j] - y[j]
            d[j] = share if e > f4(0) else (-share if e < f4(0) else e)
    else:
        for j in range(z.size):
            e = abs(z[j] - y[j])
            near = delta if e > delta else e
            loss += near * (e - near * f4(0.5))
        for j in range(d.size):
            e = z[j] - y[j]
            e = delta if e > delta else e
            d[j] = (-delta if e < -delta else e) * share
    return loss


@exact
def _hit(z: Any, y: Any) -> int:
    """1 if every output is on its target's side."""
    for j in range(z.size):
        if (z[j] > 0) != (y[j] > 0.5):
            return 0
    return 1


@exact
def _head(frame: Any, t: Any, thread: int, first: int, last: int, step: int) -> None:
    """row: z, dz or -1, losses, field, K, constants (weight, the loss's own), loss slot, hits slot or -1, places.

    Places: the targets a sample of a loss over classes, 0 for others; then the places of a divergence.
    """
    arena, sums, k, op = arena_of(frame), own_doubles(frame, thread), constants_of(frame), t[1]
    batch, width = frame[o.BATCH], t[6]
    chosen = integers(frame[o.ROWS] + 8 * step * batch, batch)
    source, per = frame[o.FIELDS + 2 * t[5]], frame[o.FIELDS + 2 * t[5] + 1]
    own, extra = k[t[7] :], f4(k[t[7] + 1])
    mean = 1.0 if t[10] > 0 or op == o.HALF_SQUARED or op == o.KL or op == o.COSINE else 1.0 / width
    share = f4(k[t[7]] * mean / batch)
    total, hits = 0.0, 0
    for n in range(first, last):
        z = arena[t[2] + n * width : t[2] + (n + 1) * width]
        d = arena[t[3] + n * width : t[3] + (n + 1) * width] if t[3] >= 0 else arena[0:0]
        if t[10] > 1:
            classes = integers(source + 8 * chosen[n] * per, t[10])
            loss, right = _places(op, z, d, classes, own, share)
            hits += right if t[9] >= 0 else 0
        elif t[10] == 1:
            target = integers(source + 8 * chosen[n] * per, 1)[0]
            loss = _classes(op, z, d, target, own, share)
            hits += 1 if t[9] >= 0 and _best(z) == target else 0
        else:
            y = floats(source + 4 * chosen[n] * per, per)
            if op == o.BINARY:
                loss = _binary(z, y, d, extra, share)
            elif op == o.COSINE:
                loss = cosine(z, y, d, share)
            elif op == o.KL:
                loss = divergence(z, y, d, t[11], share)
            elif op >= o.HINGE:
                loss = each(op, z, y, d, own, share)
            else:
                loss = _values(op, z, y, d, extra, share)
            loss *= f4(0.5 if op == o.HALF_SQUARED else mean)
            hits += _hit(z, y) if t[9] >= 0 else 0
        arena[t[4] + n] = loss
        total += loss
    sums[t[8]] += total
    if t[9] >= 0:
        sums[t[9]] += hits


@exact
def _over_threads(frame: Any, slot: int) -> float:
    total = 0.0
    for k in range(frame[o.THREADS]):
        total += doubles(frame[o.DOUBLES] + 8 * (k * frame[o.DOUBLES_EACH] + slot), 1)[0]
    return total


@exact
def _finish(frame: Any, t: Any, thread: int, step: int) -> None:
    """Every thread comes to the same verdict; the first writes the figures.

    row: heads, their weights (constants), first loss slot, hits slot or -1, first norm slot, first penalty slot.
    """
    k, weights = constants_of(frame), frame[o.WEIGHT_COUNT]
    loss, penalty, verdict = 0.0, 0.0, 0.0
    for h in range(t[2]):
        loss += k[t[3] + h] * (_over_threads(frame, t[4] + h) / frame[o.BATCH])
    verdict = loss
    norms = doubles(frame[o.NORMS] + 8 * step * weights, weights)
    for w in range(weights):
        norm = np.sqrt(_over_threads(frame, t[6] + w))
        penalty += _over_threads(frame, t[7] + w)
        verdict += norm
        if thread == 0:
            norms[w] = norm
    if thread == 0:
        doubles(frame[o.LOSSES] + 8 * step, 1)[0] = loss
        doubles(frame[o.PENALTIES] + 8 * step, 1)[0] = penalty
        integers(frame[o.HITS] + 8 * step, 1)[0] = int(_over_threads(frame, t[5])) if t[5] >= 0 else 0
    if not np.isfinite(verdict):
        frame[o.STOPS + thread] = 1


@kernel
def loss(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """See ``_head`` and ``_finish``."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    if t[1] == o.FINISH:
        _finish(frame, t, thread, step)
    else:
        _head(frame, t, thread, first, last, step)

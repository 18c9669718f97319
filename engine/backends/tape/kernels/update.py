"""Optimizers over flat runs of weights, the norms of gradients, and penalties. Each thread takes its share of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.around import around, shrink, soft, squares
from engine.backends.tape.kernels.descent import adam, sgd
from engine.backends.tape.kernels.native import (
    arena_of,
    constants_of,
    doubles,
    exact,
    integers,
    kernel,
    loop,
    own_doubles,
)

f4 = np.float32
LARGEST = np.float32(3.4028234e38)
#: weights that an optimizer takes at a time: what it does to them stays in the nearest cache
PIECE = 512


@loop
def _keep(w: Any, before: Any) -> None:
    for i in range(w.size):
        before[i] = w[i]


@loop
def _spoiled(w: Any) -> int:
    """How many weights are not finite."""
    bad = 0
    for i in range(w.size):
        bad += 0 if abs(w[i]) <= LARGEST else 1
    return bad


@loop
def _decayed(w: Any, g: Any, out: Any, decay: Any) -> None:
    for i in range(w.size):
        out[i] = g[i] + decay * w[i]


@loop
def _momentum(w: Any, g: Any, v: Any, rate: Any, mu: Any) -> None:
    for i in range(w.size):
        v[i] = mu * v[i] + g[i]
    for i in range(w.size):
        w[i] -= rate * v[i]


@loop
def _nesterov(w: Any, g: Any, v: Any, rate: Any, mu: Any) -> None:
    for i in range(w.size):
        v[i] = mu * v[i] + g[i]
    for i in range(w.size):
        w[i] -= rate * (g[i] + mu * v[i])


@loop
def _adam_largest(w: Any, g: Any, m: Any, v: Any, u: Any, k: Any, pace: Any, root: Any) -> None:
    """AMSGrad."""
    b1, b2, eps, r1, r2 = f4(k[0]), f4(k[1]), f4(k[2]), f4(1.0 - k[0]), f4(1.0 - k[1])
    inverse = f4(1) / root
    for i in range(w.size):
        m[i] = b1 * m[i] + r1 * g[i]
        v[i] = b2 * v[i] + r2 * (g[i] * g[i])
        u[i] = u[i] if v[i] <= u[i] else v[i]
    for i in range(w.size):
        w[i] -= pace * (m[i] / (np.sqrt(u[i]) * inverse + eps))


@loop
def _rmsprop(w: Any, g: Any, s: Any, mean: Any, u: Any, k: Any, rate: Any) -> None:
    """k: alpha, epsilon, momentum. ``mean`` and ``u`` are empty if it is not centred, has no momentum."""
    alpha, eps, mu, rest = f4(k[0]), f4(k[1]), f4(k[2]), f4(1.0 - k[0])
    for i in range(w.size):
        s[i] = alpha * s[i] + rest * (g[i] * g[i])
    for i in range(mean.size):
        mean[i] = alpha * mean[i] + rest * g[i]
    if mean.size and u.size:
        for i in range(w.size):
            spread = s[i] - mean[i] * mean[i]
            u[i] = mu * u[i] + g[i] / (np.sqrt(f4(0) if spread < f4(0) else spread) + eps)
    elif mean.size:
        for i in range(w.size):
            spread = s[i] - mean[i] * mean[i]
            w[i] -= rate * (g[i] / (np.sqrt(f4(0) if spread < f4(0) else spread) + eps))
    elif u.size:
        for i in range(w.size):
            u[i] = mu * u[i] + g[i] / (np.sqrt(s[i]) + eps)
    else:
        for i in range(w.size):
            w[i] -= rate * (g[i] / (np.sqrt(s[i]) + eps))
    for i in range(u.size):
        w[i] -= rate * u[i]


@loop
def _adagrad(w: Any, g: Any, s: Any, eps: Any, pace: Any) -> None:
    for i in range(w.size):
        s[i] += g[i] * g[i]
        w[i] -= pace * (g[i] / (np.sqrt(s[i]) + eps))


@loop
def _mean(g: Any, m: Any, b: Any, rest: Any) -> None:
    for i in range(g.size):
        m[i] = b * m[i] + rest * g[i]


@loop
def _adamax(w: Any, g: Any, m: Any, u: Any, b2: Any, eps: Any, pace: Any) -> None:
    for i in range(w.size):
        size, old = abs(g[i]) + eps, u[i] * b2
        u[i] = old if size <= old else size
    for i in range(w.size):
        w[i] -= pace * (m[i] / u[i])


@loop
def _nadam(w: Any, g: Any, m: Any, v: Any, eps: Any, now: Any, ahead: Any, root: Any) -> None:
    for i in range(w.size):
        w[i] -= (now * g[i] + ahead * m[i]) / (np.sqrt(v[i]) / root + eps)


@loop
def _radam(w: Any, m: Any, v: Any, eps: Any, pace: Any, rectified: Any) -> None:
    if rectified > f4(0):
        for i in range(w.size):
            w[i] -= pace * rectified * (m[i] / (np.sqrt(v[i]) + eps))
    else:
        for i in range(w.size):
            w[i] -= pace * m[i]


@loop
def _adabelief(w: Any, g: Any, m: Any, v: Any, k: Any, pace: Any, root: Any) -> None:
    b2, rest, eps = f4(k[1]), f4(1.0 - k[1]), f4(k[2])
    for i in range(w.size):
        d = g[i] - m[i]
        v[i] = b2 * v[i] + rest * (d * d) + eps
    for i in range(w.size):
        w[i] -= pace * (m[i] / (np.sqrt(v[i]) / root + eps))


@loop
def _adabound(w: Any, m: Any, v: Any, eps: Any, pace: Any, low: Any, high: Any) -> None:
    for i in range(w.size):
        rate = pace / (np.sqrt(v[i]) + eps)
        rate = low if rate < low else rate
        w[i] -= (high if rate > high else rate) * m[i]


@loop
def _squared(g: Any, v: Any, b: Any, rest: Any) -> None:
    for i in range(g.size):
        v[i] = b * v[i] + rest * (g[i] * g[i])


@loop
def _lion(w: Any, g: Any, m: Any, b1: Any, rest: Any, pace: Any) -> None:
    for i in range(w.size):
        c = b1 * m[i] + rest * g[i]
        w[i] -= pace * (f4(1) if c > f4(0) else (f4(-1) if c < f4(0) else c))


@exact
def _rarer(op: int, w: Any, g: Any, m: Any, v: Any, k: Any, s: Any) -> None:
    """Optimizers that are drawn less often. k: beta1, beta2, epsilon if it has one; s: the rate, then its scalars."""
    b1, b2, r1, r2 = f4(k[0]), f4(k[1]), f4(1.0 - k[0]), f4(1.0 - k[1])
    if op == o.LION:
        _lion(w, g, m, b1, r1, f4(s[1]))
        _mean(g, m, b2, r2)
        return
    _mean(g, m, b1, r1)
    if op == o.ADAMAX:
        _adamax(w, g, m, v, b2, f4(k[2]), f4(s[1]))
    elif op == o.ADABELIEF:
        _adabelief(w, g, m, v, k, f4(s[1]), f4(s[2]))
    else:
        _squared(g, v, b2, r2)
        if op == o.NADAM:
            _nadam(w, g, m, v, f4(k[2]), f4(s[1]), f4(s[2]), f4(s[3]))
        elif op == o.RADAM:
            _radam(w, m, v, f4(k[2]), f4(s[1]), f4(s[2]))
        else:
            _adabound(w, m, v, f4(k[2]), f4(s[1]), f4(s[2]), f4(s[3]))


@exact
def _in_one_pass(op: int, base: int, t: Any, g: int, k: Any, s: Any, a: int, count: int) -> int:
    """SGD and Adam, the gradient at ``g``; whether a weight was spoiled."""
    w, before, left = base + 4 * (t[2] + a), base + 4 * (t[4] + a), f4(1)
    if k[1] > 0.0:
        left = f4(1.0 - s[0] * k[1])
    if op == o.SGD:
        return sgd(count, w, g, before, left, f4(s[1]))
    return adam(
        count, w, g, base + 4 * (t[6] + a), base + 4 * (t[7] + a), before, left, f4(s[1]), f4(k[3]), f4(1.0 - k[3]),
        f4(k[4]), f4(1.0 - k[4]), f4(k[5]), f4(1) / f4(s[2]),
    )  # fmt: skip


@exact
def _in_passes(op: int, arena: Any, t: Any, w: Any, g: Any, k: Any, s: Any, a: int, b: int) -> int:
    """The other optimizers, loop after loop; whether a weight was spoiled."""
    _keep(w, arena[t[4] + a : t[4] + b])
    if k[1] > 0.0:
        shrink(w, f4(1.0 - s[0] * k[1]))
    none = arena[0:0]
    first = arena[t[6] + a : t[6] + b] if t[6] >= 0 else none
    second = arena[t[7] + a : t[7] + b] if t[7] >= 0 else none
    third = arena[t[8] + a : t[8] + b] if t[8] >= 0 else none
    own = k[3:]
    if op == o.MOMENTUM:
        _momentum(w, g, first, f4(s[1]), f4(own[0]))
    elif op == o.NESTEROV:
        _nesterov(w, g, first, f4(s[1]), f4(own[0]))
    elif op == o.ADAM:
        _adam_largest(w, g, first, second, third, own, f4(s[1]), f4(s[2]))
    elif op == o.RMSPROP:
        _rmsprop(w, g, first, second, third, own, f4(s[1]))
    elif op == o.ADAGRAD:
        _adagrad(w, g, first, f4(own[0]), f4(s[1]))
    elif op >= o.ADAMAX:
        _rarer(op, w, g, first, second, own, s)
    return _spoiled(w)


@exact
def _step(op: int, base: int, arena: Any, t: Any, k: Any, s: Any, a: int, b: int) -> int:
    """One share of a run; whether a weight was spoiled.

    row: w, g, before, count, slots 0 to 2 or -1, constants, decay scratch or -1, first scalar.
    Constants: coupled decay, decoupled decay, L1 of the proximal step, then the optimizer's own. s: the rate, then the
    step's scalars.
    """
    w, g = arena[t[2] + a : t[2] + b], arena[t[3] + a : t[3] + b]
    if t[10] >= 0:
        scratch = arena[t[10] + a : t[10] + b]
        _decayed(w, g, scratch, f4(k[0]))
        g = scratch
    if op == o.SGD or (op == o.ADAM and t[8] < 0):
        bad = _in_one_pass(op, base, t, g.ctypes.data, k, s, a, b - a)
    else:
        bad = _in_passes(op, arena, t, w, g, k, s, a, b)
    if k[2] > 0.0:
        soft(w, f4(s[0] * k[2]))
    return bad


@loop
def _pulled(w: Any, g: Any, out: Any, l1: Any, l2: Any) -> None:
    """out = g + l1 sgn(w) + l2 w."""
    for i in range(w.size):
        sign = f4(1) if w[i] > f4(0) else (f4(-1) if w[i] < f4(0) else w[i])
        out[i] = g[i] + l1 * sign + l2 * w[i]


@loop
def _absolute(w: Any) -> Any:
    total = f4(0)
    for i in range(w.size):
        total += abs(w[i])
    return total


@exact
def _penalty(arena: Any, t: Any, k: Any, a: int, b: int) -> float:
    """g2 = g + l1 sgn(w) + l2 w; returns l1 sum |w| + l2 / 2 sum w^2. row: w, g, g2, count, constants, slot.

    Constants: l1, l2, and the l1 that the gradient has: 0 where it acts after the step.
    """
    total, l1, l2 = 0.0, f4(k[t[6] + 2]), f4(k[t[6] + 1])
    while a < b:  # what fits a core's nearest cache, and sums in float32 are exact enough
        end = min(a + 512, b)
        w = arena[t[2] + a : t[2] + end]
        _pulled(w, arena[t[3] + a : t[3] + end], arena[t[4] + a : t[4] + end], l1, l2)
        if k[t[6]] > 0.0:
            total += k[t[6]] * _absolute(w)
        if k[t[6] + 1] > 0.0:
            total += 0.5 * k[t[6] + 1] * squares(w)
        a = end
    return total


@kernel
def update(frame_at: int, row_at: int, first: int, last: int, thread: int, step: int) -> None:
    """SQUARES: g, slot, -, count. See ``_step``, ``around`` and ``_penalty``."""
    frame, t = integers(frame_at, o.FRAME), integers(row_at, o.WIDTH)
    arena, k, own = arena_of(frame), constants_of(frame), own_doubles(frame, thread)
    threads, op = frame[o.THREADS], t[1]
    units = (t[5] + 15) // 16
    a, b = units * thread // threads * 16, min(units * (thread + 1) // threads * 16, t[5])
    if b <= a:
        return
    if op == o.SQUARES:
        own[t[3]] = squares(arena[t[2] + a : t[2] + b])
    elif op == o.PENALTY:
        own[t[7]] = _penalty(arena, t, k, a, b)
    elif op >= o.COLLECT:
        scalars = doubles(frame[o.SCALARS] + 8 * step * frame[o.SCALAR_COUNT], frame[o.SCALAR_COUNT])
        around(frame, t, arena, k, scalars, own, a, b)
    else:
        scalars = doubles(frame[o.SCALARS] + 8 * step * frame[o.SCALAR_COUNT], frame[o.SCALAR_COUNT])
        while a < b:
            end = min(a + PIECE, b)
            own[o.BAD] += _step(op, frame[o.ARENA], arena, t, k[t[9] :], scalars[t[11] :], a, end)
            a = end

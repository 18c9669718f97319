"""What is done around an optimizer's step: gradients gathered, cut, scaled; the weights' mean; soft thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import doubles, exact, loop

f4 = np.float32


@loop
def shrink(w: Any, factor: Any) -> None:
    for i in range(w.size):
        w[i] *= factor


@loop
def _square_part(g: Any) -> Any:
    total = f4(0)
    for i in range(g.size):
        total += g[i] * g[i]
    return total


@exact
def squares(g: Any) -> float:
    """Sum of squares: 512 at a time, the parts in float64, and all in float64 where float32 overflows."""
    total, i = 0.0, 0
    while i < g.size:
        total += _square_part(g[i : i + 512])
        i += 512
    if np.isinf(total):
        total = 0.0
        for j in range(g.size):
            total += float(g[j]) * float(g[j])
    return total


@loop
def soft(w: Any, amount: Any) -> None:
    """w <- sgn(w) max(|w| - amount, 0)."""
    for i in range(w.size):
        low = -amount if w[i] < -amount else w[i]
        w[i] -= amount if low > amount else low


@loop
def _collect(g: Any, sums: Any, wanted: Any, samples: Any, held: Any) -> None:
    """sums += samples g; where a group ends with ``held`` samples, their mean, and sums from zero again."""
    for i in range(g.size):
        sums[i] += samples * g[i]
    if held > f4(0):
        for i in range(g.size):
            wanted[i] = sums[i] / held
            sums[i] = f4(0)


@loop
def _limit(g: Any, wanted: Any, limit: Any) -> None:
    for i in range(g.size):
        v = -limit if g[i] < -limit else g[i]
        wanted[i] = limit if v > limit else v


@loop
def _average(w: Any, mean: Any, share: Any) -> None:
    if share == f4(1):
        for i in range(w.size):
            mean[i] = w[i]
    else:
        for i in range(w.size):
            mean[i] += share * (w[i] - mean[i])


@exact
def _scale(frame: Any, g: Any, limit: float, slot: int) -> None:
    """g <- g min(1, limit / (norm + 1e-6)); a norm that is no number makes all of them none."""
    total = 0.0
    for k in range(frame[o.THREADS]):
        total += doubles(frame[o.DOUBLES] + 8 * (k * frame[o.DOUBLES_EACH] + slot), 1)[0]
    norm = np.sqrt(total)
    share = limit / (norm + 1e-6)
    if not share >= 1.0:
        shrink(g, f4(share))


@exact
def around(frame: Any, t: Any, arena: Any, k: Any, s: Any, own: Any, a: int, b: int) -> None:
    """What is done around an optimizer, on one share of a run. s: the step's scalars. row, all with a count at 5:

    COLLECT: g, sums, wanted, count, scalar (samples of the group that ends, or 0). LIMIT: g, wanted, -, count, constant
    (of each number), slot of the squares or -1. SCALE: wanted, -, -, count, constant (of the norm), slot. AVERAGE: w,
    mean, -, count, scalar (share of the new weights).
    """
    op, first, second = t[1], arena[t[2] + a : t[2] + b], arena[t[3] + a : t[3] + b]
    if op == o.COLLECT:
        _collect(first, second, arena[t[4] + a : t[4] + b], f4(frame[o.BATCH]), f4(s[t[6]]))
    elif op == o.LIMIT:
        _limit(first, second, f4(k[t[6]]))
        if t[7] >= 0:
            own[t[7]] += squares(second)
    elif op == o.SCALE:
        _scale(frame, first, k[t[6]], t[7])
    else:
        _average(first, second, f4(s[t[6]]))

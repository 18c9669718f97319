"""Whether what we computed is what PyTorch computed, to the last digit that rounding leaves certain.

float64 against PyTorch's float64: 1e-10, whatever the network. float32 against PyTorch's float64: 1e-5, or three times
as far as PyTorch's own float32 (DESIGN section 5), or, where a network magnifies rounding, so far as rounding at random
leads it, see dag_rounding. Where rounding alone settles a decision, or leads even float64 beyond its bound, the case is
undecided, which is said and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Executable
from engine.backends.numpy import NumpyExecutable
from tests.torch.dag_rounding import Rounding, rounding
from tests.torch.dag_run import Arrays, Case, ours, theirs

BOUNDS = {"float64": 1e-10, "float32": 1e-5}
#: an operation rounds more often inside than it reads: so many times what rounding its operands leads to
INSIDE = 8.0
#: runs rounded at random, and runs of PyTorch with the last bit of each given number changed
ROUNDED, JITTERED = 8, 8


@dataclass
class Verdict:
    """``wrong``: what is farther apart than allowed. ``undecided``: the same where ties were met. ``away``: the network
    itself leaves the range of numbers, so nothing was compared."""

    wrong: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    away: bool = False


Make = Callable[..., Executable]


def judge(case: Case, make: Make | None = None) -> Verdict:
    """Of the reference in both precisions, or of the float32 executables that ``make`` makes."""
    exact = theirs(case, "float64")
    sizes = [float(np.abs(v).max(initial=0.0)) for v in exact.values()]
    if not np.isfinite(sizes).all() or max(sizes) > 1e4:
        return Verdict(away=True)
    verdict = Verdict()
    if make is None:
        _compare(verdict, case, exact, ours(case, "float64"), "float64")
    _compare(verdict, case, exact, ours(case, "float32", make or NumpyExecutable), "float32")
    return verdict


def _compare(verdict: Verdict, case: Case, exact: Arrays, mine: Arrays, dtype: str) -> None:
    scales = _scales(case, exact, dtype)
    judged = [k for k in exact if scales[k] > 0]
    verdict.wrong += [f"{k}: we have none" for k in judged if k not in mine]
    far = {k: _distance(mine[k], exact[k], scales[k]) for k in judged if k in mine}
    suspects = [k for k, d in far.items() if not d <= BOUNDS[dtype]]
    if not suspects:
        return
    chance = rounding(partial(ours, case, "float64"), ROUNDED, dtype)
    rounded = {k: max(BOUNDS[dtype], INSIDE * _led_astray(chance, k, scales[k])) for k in suspects}
    for j in range(JITTERED):
        suspects = [k for k in suspects if not far[k] <= rounded[k]]
        if not suspects:
            break
        run = theirs(case, dtype, np.array([7, j]))
        rounded |= {k: max(rounded[k], 3 * _distance(run[k], exact[k], scales[k])) for k in suspects}
    for k in [k for k, d in far.items() if not d <= BOUNDS[dtype]]:
        within = far[k] <= rounded[k]
        if dtype == "float32" and within:
            continue
        text = f"{k}: {far[k]:.1e} off in {dtype}, rounding leads to {rounded[k]:.1e}"
        (verdict.undecided if within or chance.ties else verdict.wrong).append(text)


def _led_astray(chance: Rounding, key: str, scale: float) -> float:
    """The farthest that rounding at random led this tensor."""
    first, *others = chance.results
    return max(_distance(o[key], first[key], scale) for o in others)


def _scales(case: Case, exact: Arrays, dtype: str) -> dict[str, float]:
    """What each tensor's error is measured by: its own size, its update's, the largest gradient; 0 for not at all."""
    grads = {k: float(np.linalg.norm(v)) for k, v in exact.items() if k.startswith("d ")}
    largest = max(grads.values(), default=0.0)
    if largest < 1e-12:  # rounding alone: the heads say the same whatever the weights are
        grads, largest = dict.fromkeys(grads, 0.0), 0.0
    idle = {k[2:] for k, g in grads.items() if g <= 1e-12 * largest}
    scales: dict[str, float] = {}
    for k, v in exact.items():
        key = tuple(k.split("/"))
        if k.startswith("d "):
            scales[k] = 0.0 if k[2:] in idle and dtype == "float32" else largest
        elif key in case.start:
            moved = float(np.linalg.norm(v - case.start[key]))  # type: ignore[index]
            scales[k] = 0.0 if k in idle else max(float(np.linalg.norm(v)), moved)
        else:
            scales[k] = float(np.linalg.norm(v))
    return scales


def _distance(a: NDArray[Any], b: NDArray[Any], scale: float) -> float:
    return float(np.linalg.norm(a.astype(np.float64) - b)) / scale

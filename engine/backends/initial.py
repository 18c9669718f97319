"""The initial weights of a plan: a pure function of the seed, the same for every backend and dtype."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Key
from engine.initializers import INITIALIZERS
from engine.plan import Plan


def initial_weights(plan: Plan, seed: int) -> dict[Key, NDArray[np.float64]]:
    """Every weight and state at the start, in float64.

    The k-th weight that draws at random gets the generator (seed, k), counted in topological order: changing an
    activation or adding a constant weight leaves all the others as they were.
    """
    drawn: dict[Key, NDArray[np.float64]] = {}
    stream = 0
    for w in plan.weights:
        initializer = INITIALIZERS.make(w.init)
        rng = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), stream]))
        stream += int(initializer.random)
        drawn[w.node, w.name] = np.ascontiguousarray(initializer.draw(w.shape, w.fan_in, w.fan_out, rng), np.float64)
    for s in plan.states:
        drawn[s.node, s.name] = np.full(s.shape, s.fill)
    return drawn


def carry_over(
    old: Mapping[Key, NDArray[np.floating]], fresh: Mapping[Key, NDArray[np.floating]]
) -> tuple[dict[Key, NDArray[np.floating]], tuple[Key, ...]]:
    """Old weights where name and shape still fit, fresh ones elsewhere; and the keys that had to be fresh."""
    merged = {k: old[k] if k in old and old[k].shape == v.shape else v for k, v in fresh.items()}
    return merged, tuple(k for k, v in fresh.items() if merged[k] is v)

"""Counter-based randomness: the same key gives the same numbers on every machine and in every NumPy version.

Built on the raw 64-bit output of Philox 4x64 (Salmon et al., 2011), whose stream NumPy guarantees; the distributions
of numpy.random.Generator may change between versions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1


class Draw:
    """A stream of random numbers keyed by ``(seed, stream)``; both may be any integer."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        key = np.array([seed & _MASK, stream & _MASK], dtype=np.uint64)
        self._bits = np.random.Philox(key=key)

    def uniform(self, low: float, high: float, n: int) -> NDArray[np.float64]:
        """``n`` numbers in [low, high), 53 bits each."""
        unit = (self._raw(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return low + unit * (high - low)

    def normal(self, mean: float, deviation: float, n: int) -> NDArray[np.float64]:
        """``n`` normal numbers: sqrt(-2 ln u) cos(2 pi v) (Box and Muller, 1958)."""
        u, v = 1.0 - self.uniform(0.0, 1.0, n), self.uniform(0.0, 1.0, n)
        return mean + deviation * np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)

    def order(self, n: int) -> NDArray[np.int64]:
        """A random permutation of 0 .. n-1: the order that sorts ``n`` random 64-bit keys."""
        return np.argsort(self._raw(n), kind="stable").astype(np.int64)

    def _raw(self, n: int) -> NDArray[np.uint64]:
        return np.asarray(self._bits.random_raw(n), dtype=np.uint64).reshape(n)

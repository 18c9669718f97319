"""Weights in one piece of memory: kept, put back and checked by one operation, however many layers there are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.primitives import Array

#: numbers between two starts of arrays, so that each begins where a vector of the processor may
ALIGNED = 16


class Together:
    """``parts``: the arrays by key, now views of one, ``whole``; ``kept``: how they were at the last ``keep``.

    ``starts``: where in it each begins.
    """

    def __init__(self, xp: Any, arrays: Mapping[int, Array], dtype: Any) -> None:
        starts: dict[int, int] = {}
        end = 0
        for key, array in arrays.items():
            starts[key] = end
            end += -(-array.size // ALIGNED) * ALIGNED
        self._xp, self.starts = xp, starts
        self.whole, self._before = xp.zeros(end, dtype), xp.zeros(end, dtype)

        def views(of: Array) -> dict[int, Array]:
            return {k: of[at : at + arrays[k].size].reshape(arrays[k].shape) for k, at in starts.items()}

        self.parts, self.kept = views(self.whole), views(self._before)
        for key, array in arrays.items():
            self.parts[key][...] = array

    def keep(self) -> None:
        """Remember how they are now."""
        self._before[...] = self.whole

    def restore(self) -> None:
        """As they were when they were kept."""
        self.whole[...] = self._before

    def may_be_bad(self) -> bool:
        """False if all are finite: their squares add up to a number. True also where that sum alone overflows."""
        return not math.isfinite(float(self._xp.dot(self.whole, self.whole)))

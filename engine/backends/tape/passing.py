"""Values that live and die within one block of samples: they need one place a lane, not one for each sample.

Such a place stays in the core's own cache, where a batch of them would go through memory. Found on the finished lines,
by the places that they name: a value is passing if all lines that touch it are neighbours in one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.backends.tape.layout import Store
from engine.backends.tape.program import Line


class Places:
    """One place for each store, side by side, and the same again for each lane."""

    def __init__(self, stores: Iterable[Store]) -> None:
        self._stores = {s.base: s for s in stores if s.image is not None}
        self._offsets: dict[int, int] = {}
        self.each = 0  # floats a lane
        for base, store in self._stores.items():
            self._offsets[base] = self.each
            self.each += -(-store.extent // 16) * 16

    def moved(self, base: int, start: int, lane: int) -> int:
        """The place of the store at ``base``."""
        return start + lane * self.each + self._offsets[base]

    def passing(self, lines: Sequence[Line | None], capacity: int) -> frozenset[int]:
        """Bases of the stores that only neighbours touch, all by sample and in small blocks."""
        if not self._stores:
            return frozenset()
        bases = np.array(sorted(self._stores))
        ends = np.array([b + self._stores[b].extent * capacity for b in bases])
        width = max((len(line.row) for line in lines if line), default=0)
        rows = np.full((len(lines), width), -1)
        for k, line in enumerate(lines):
            if line is not None:
                rows[k, 2 : len(line.row)] = line.row[2:]
        at = np.searchsorted(bases, rows, "right") - 1
        inside = (at >= 0) & (rows < ends[at])
        where = np.nonzero(inside)[0]
        found = at[inside]
        bars = np.array([line is None or not line.by_sample or not line.floats for line in lines])
        apart = np.cumsum(bars)
        kept = set()
        for k, base in enumerate(bases):
            used = where[found == k]
            if used.size and not bars[used[0]] and apart[used[0]] == apart[used[-1]]:
                kept.add(int(base))
        return frozenset(kept)

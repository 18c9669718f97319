"""What looking may cost: a share of the run's time, held by how long a look rests after it."""

from __future__ import annotations

import time
from collections import deque

#: looks whose costs are remembered, and seconds that the rest after the very first may last: it warms up, and one that
#: another program held up says nothing of the next
REMEMBERED, FIRST_WITHIN = 5, 1.0


class Budget:
    """``share`` of the time, 0 to 1: after looks that usually cost c seconds comes a rest of c (1 - share) / share.

    The usual cost is the lower median of the last few, so that one look beside another program stills no picture,
    while looks that are dear every time become rare. ``least``: seconds between two in any case.
    """

    def __init__(self, share: float, least: float) -> None:
        self.share, self.least = share, least
        self.forget()

    def forget(self) -> None:
        """The next look may be at once; what looks cost is as unknown as in the beginning."""
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._next = 0.0

    def due(self) -> bool:
        """Whether a look keeps within the share now."""
        return time.perf_counter() >= self._next

    def spent(self, cost: float) -> None:
        """A look has just ended and took so many seconds."""
        self._costs.append(cost)
        usual = sorted(self._costs)[(len(self._costs) - 1) // 2]
        rest = usual * (1 - self.share) / self.share
        if len(self._costs) == 1:
            rest = min(rest, FIRST_WITHIN)
        self._next = time.perf_counter() + max(self.least, rest)

    def free(self) -> None:
        """The next look may be at once."""
        self._next = 0.0

"""A thinned history of every layer's figures and histograms, kept while training whether or not anybody looks."""

from __future__ import annotations

import math
import time

from engine.probes import ProbeRequest, Snapshot, capture
from engine.training.trainer import Trainer

#: enough values for a picture of 48 bins; all of a convolution's would cost so much that few moments were kept
REQUEST = ProbeRequest(frozenset({"layers", "histograms"}), sketch=16384)
#: moments that are kept, and the bytes that their histograms may hold
MOST, BUDGET = 48, 16 << 20
#: seconds between two at least, and how many times its own cost one waits, that of keeping the step included: a per
#: cent of the training at most. The cheapest one's cost: a first one warms up, and a busy machine holds one up, which
#: says nothing of the next
REST, TIMES = 0.25, 100.0


class Moments:
    """Belongs to the worker; ``kept`` is replaced as a whole. When full, every second one goes and the distance
    doubles, so that few remain of long ago."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: the run was reset or replaced."""
        self.kept: tuple[Snapshot, ...] = ()
        self._next, self._rest, self._cost = 0.0, REST, math.inf

    def due(self) -> bool:
        """Whether the step to come should be looked into."""
        return time.perf_counter() >= self._next

    def note(self, trainer: Trainer) -> None:
        """Keep what the last step left behind."""
        last = trainer.executable.last()
        if last is None or (self.kept and trainer.step <= self.kept[-1].step):
            return
        made = capture(trainer.executable, REQUEST, last, trainer.step, trainer.epoch)
        if len(self.kept) >= self._most(made):
            self.kept, self._rest = self.kept[::2], 2 * self._rest
        self.kept = (*self.kept, made)
        known = self._cost < math.inf
        self._cost = min(self._cost, made.cost + trainer.keeping)
        self._next = time.perf_counter() + max(self._rest, TIMES * self._cost if known else 0.0)

    @staticmethod
    def _most(made: Snapshot) -> int:
        one = sum(h.counts.nbytes + 64 for layer in made.layers for h in layer.histograms.values())
        return max(min(MOST, BUDGET // max(one, 1)), 8)

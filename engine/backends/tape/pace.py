"""How many workers run the lanes of a tape: as many as there are, or one where others want the processor."""

from __future__ import annotations

from dataclasses import dataclass, field

#: runs after which the slower choice is tried again
PATIENCE = 24
#: how much of a new measurement goes into the running mean
SHARE = 0.3


@dataclass
class Pace:
    """Seconds a step by (tape, samples, workers), as running means; only time depends on it, never a number.

    On a machine with cores to spare all workers win at once. Where other programs keep the cores busy, a worker that
    is sent away holds up all the others at every barrier, and one worker may be the faster.
    """

    seconds: dict[tuple[str, int, int], float] = field(default_factory=dict)
    runs: int = 0

    def choose(self, mode: str, batch: int, lanes: int) -> int:
        """Workers for the next run."""
        if lanes == 1:
            return 1
        self.runs += 1
        known = {w: self.seconds.get((mode, batch, w)) for w in (lanes, 1)}
        for workers, seconds in known.items():
            if seconds is None:
                return workers
        best = min(known, key=lambda w: known[w] or 0.0)
        return best if self.runs % PATIENCE else lanes + 1 - best

    def learn(self, mode: str, batch: int, workers: int, seconds: float) -> None:
        """A run took so many seconds a step."""
        key = (mode, batch, workers)
        self.seconds[key] = self.seconds.get(key, seconds) * (1 - SHARE) + SHARE * seconds

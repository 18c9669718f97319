"""How many workers run the lanes of a tape: as many as there are, or one where others want the processor."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

#: runs of each number of workers that a verdict looks at: the newest, in the middle of them
NEWEST = 5
#: runs of each before the first verdict
ENOUGH = 2
#: part of the time that trying the other again may cost
COST = 0.03
#: runs between two tries: no more often than this, and no less
OFTEN, SELDOM = 6, 40


@dataclass
class _Sight:
    """What is known of one tape with one batch."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    since: int = 0  # runs since the other was tried

    def middle(self, workers: int) -> float:
        """Of the newest runs, the lower of two in the middle."""
        found = sorted(self.seconds[workers])
        return found[(len(found) - 1) // 2]


@dataclass
class Pace:
    """Seconds a step by (tape, samples) and workers; only time depends on it, never a number.

    On a machine with cores to spare all workers win at once. Where other programs keep the cores busy, a worker that
    is sent away holds up all the others, and one worker may be the faster. No single run decides: the first
    one meets memory that nobody has touched. A choice holds until its rival's newest runs are the faster; the rival is
    tried again from time to time, and one run in which it wins makes it forget what it was like before.
    """

    taken: Counter[int] = field(default_factory=Counter)
    _sights: dict[tuple[str, int], _Sight] = field(default_factory=dict)

    def choose(self, mode: str, batch: int, lanes: int) -> int:
        """Workers for the next run."""
        if lanes == 1:
            return 1
        sight = self._sights.setdefault((mode, batch), _Sight())
        runs = {w: len(sight.seconds.get(w, ())) for w in (lanes, 1)}
        if min(runs.values()) < ENOUGH:
            return min(runs, key=lambda w: runs[w])
        best = min(runs, key=sight.middle)
        other = lanes + 1 - best
        lost = sight.middle(other) / max(sight.middle(best), 1e-9) - 1
        due = min(max(lost / COST, OFTEN), SELDOM)
        return other if sight.since >= due else best

    def learn(self, mode: str, batch: int, workers: int, seconds: float) -> None:
        """A run took so many seconds a step."""
        self.taken[workers] += 1
        sight = self._sights.get((mode, batch))
        if sight is None:
            return
        own = sight.seconds.setdefault(workers, [])
        rivals = [sight.middle(w) for w in sight.seconds if w != workers and sight.seconds[w]]
        beaten = len(own) >= ENOUGH and rivals and min(rivals) < sight.middle(workers)
        if beaten and seconds < min(rivals):
            own.clear()
        own.append(seconds)
        del own[:-NEWEST]
        sight.since = 0 if beaten else sight.since + 1

"""kill -9 of an editing program at 100 random moments: the journal's graph is whole and at most 2 s old, 100 of 100."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from engine.files.journal import orphans
from tests.engine.files.test_journal import edited_and_killed, recovered

FULL = 100
OLDEST_SECONDS = 2.0


def run(seed: int, count: int | None) -> bool:
    """The age is counted from the child's last finished edit to the state that is found."""
    total, draw = count or FULL, random.Random(seed)
    good, oldest = 0, 0.0
    for _ in range(total):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "recovery"
            last, when = edited_and_killed(folder, draw.uniform(0.0, 0.5))
            killed = time.time()
            found, _broken = orphans(folder)
            age = max(when - found[0].written, 0.0) if found else float("inf")
            oldest = max(oldest, age)
            good += recovered(folder, last) and age <= OLDEST_SECONDS and killed >= when
    print(
        f"{good} of {total} recovered whole; the oldest was {1000 * oldest:.1f} ms behind the last edit (asked <= 2 s)"
    )
    return good == total

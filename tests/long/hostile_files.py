"""20,000 mutated project files in a child with 2 GB: read or refused, no signal, no other exception, each < 250 ms."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

FULL = 20_000
WORST_SECONDS = 0.25
GIGABYTES = 2


def run(seed: int, count: int | None) -> bool:
    """A child does the work, so that a crash is seen as one."""
    total = count or FULL
    done = subprocess.run([sys.executable, "-m", "tests.long.hostile_files", str(seed), str(total)], text=True)
    held = done.returncode == 0
    print(f"child's exit code {done.returncode} (0 wanted: no signal, no foreign exception, none slower)")
    return held


def _child(seed: int, total: int) -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    from tests.engine.files.hostile import mutated, survives
    from tests.engine.files.test_hostile import seeds

    draw, good = random.Random(seed), seeds()
    for data in good:
        assert survives(data)
    outcomes: Counter[str] = Counter()
    worst, slowest = 0.0, b""
    for k in range(total):
        data = mutated(draw.choice(good), draw)
        started = time.process_time()
        try:
            outcomes["read" if survives(data) else "refused"] += 1
        except Exception as e:
            outcomes["FOREIGN EXCEPTION"] += 1
            print(f"mutation {k}: {type(e).__name__}: {e}")
            Path(f"hostile-{seed}-{k}.bin").write_bytes(data) if outcomes["FOREIGN EXCEPTION"] <= 5 else None
        taken = time.process_time() - started
        if taken > worst:
            worst, slowest = taken, data
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{total:,} mutations: {dict(outcomes)}; worst {1000 * worst:.0f} ms (asked < 250), peak {peak:.0f} MB")
    if worst >= WORST_SECONDS:
        print(f"slowest: {len(slowest):,} bytes, begins {slowest[:60]!r}")
    return 0 if not outcomes["FOREIGN EXCEPTION"] and worst < WORST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(_child(int(sys.argv[1]), int(sys.argv[2])))

"""SIGKILL at random moments during 200 saves: the file is always the old one or the new one, whole."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from tests.engine.files.test_atomic import is_whole, killed_save

FULL = 200


def run(seed: int, count: int | None) -> bool:
    """Each round starts a child that saves without end and kills it."""
    total, draw = count or FULL, random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.gradloom"
        path.write_bytes(b"@" * 200_000)
        whole = 0
        for _ in range(total):
            killed_save(path, draw.uniform(0.0, 0.05))
            whole += is_whole(path)
    print(f"{whole} of {total} killed saves left a whole file (all wanted)")
    return whole == total

"""Asking for memory ahead of time: products of tiles leave it idle, and the passes between them wait for nothing else.

In a group of rows that run on a block of samples, what a row touches first is not in any near cache yet. The last row
of products before it, which may be that of the block before, is told to ask for it line by line between its products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.backends.tape import opcodes as o
from engine.backends.tape.program import Line
from engine.backends.tape.validate import Bounds, parts

#: a part of fewer floats comes fast enough by itself
SMALL = 512
_HOSTS = (o.TILES, o.TILES_DW)


def _fresh(lines: Sequence[Line]) -> list[tuple[int, tuple[int, int, int]]]:
    """(row, (start, sample stride, floats)) of what each row is the first to touch."""
    one, two = (Bounds(samples, 1, 0, 0, 0) for samples in (1, 2))
    seen: list[tuple[int, int]] = []
    found = []
    for k, line in enumerate(lines):
        for (first, end), (_, later) in zip(parts(one, line.row), parts(two, line.row), strict=True):
            if later > end and end - first >= SMALL and not any(a < end and first < b for a, b in seen):
                seen.append((first, end))
                found.append((k, (first, later - end, end - first)))
    return found


def asking(lines: Sequence[Line]) -> list[Line]:
    """The group with what its rows of products ask for, each in a row that follows it."""
    hosts = [k for k, line in enumerate(lines) if line.row[0] == o.WINOGRAD and line.row[1] in _HOSTS]
    if not hosts:
        return list(lines)
    asked: dict[int, list[int]] = {k: [] for k in hosts}
    for k, part in _fresh(lines):
        before = [h for h in hosts if h < k]
        place = asked[before[-1] if before else hosts[-1]]
        if len(place) < 4 * o.PARTS:
            place += [*part, int(not before)]
    found = []
    for k, line in enumerate(lines):
        wanted = asked.get(k)
        if not wanted:
            found.append(line)
            continue
        found.append(replace(line, row=(*line.row, len(wanted) // 4)))
        found.append(replace(line, row=(o.WINOGRAD, o.AHEAD, *wanted)))
    return found

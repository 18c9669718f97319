"""A tape being written: rows by kind, groups of samples, barriers; and the tape when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o

#: what one block of images may take of a core's cache
BLOCK_BYTES = 384 * 1024
#: from so many floats on, a sample is a block by itself, and what only passes through it keeps one place
SINGLE = 12 * 1024


@dataclass(frozen=True)
class Line:
    """One instruction. ``floats``: numbers a sample that it touches; 0 where blocks of few samples would be waste."""

    row: tuple[int, ...]
    by_sample: bool
    floats: int = 0


@dataclass
class Draft:
    """Lines in order. ``sync`` puts a barrier before what comes next; rows by sample join into groups."""

    lines: list[Line | None] = field(default_factory=list)

    def sample(self, family: int, op: int, *operands: int, floats: int = 0) -> None:
        """An instruction on a range of samples."""
        self.lines.append(Line((family, op, *operands), True, floats))

    def all(self, family: int, op: int, *operands: int) -> None:
        """An instruction that every thread runs once, on its own share or copy."""
        self.lines.append(Line((family, op, *operands), False))

    def sync(self) -> None:
        """All threads wait for each other here."""
        if self.lines and self.lines[-1] is not None:
            self.lines.append(None)

    def where(self, scalar: int, body: Draft) -> None:
        """The body's lines, passed over in steps whose scalar of that number is 0; none of them is by sample."""
        self.all(o.CONTROL, o.SKIP, scalar, len(body.lines))
        self.extend(body)

    def extend(self, other: Draft) -> None:
        """The other's lines after these."""
        self.lines.extend(other.lines)

    def tape(self, block: int = 1, shaped: Callable[[list[Line]], list[Line]] = list) -> NDArray[np.int64]:
        """The finished tape (rows, WIDTH), images in blocks of so many samples; ``shaped``: what is made of a group."""
        rows: list[tuple[int, ...]] = []
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if line is None:
                rows.append((o.CONTROL, o.BARRIER))
                at += 1
            elif not line.by_sample:
                rows.append(line.row)
                at += 1
            else:
                group = self._group(at)
                at += len(group)
                group = shaped(group) if group[0].floats else group
                rows.append((o.CONTROL, o.GROUP, len(group), block if group[0].floats else 0))
                rows.extend(g.row for g in group)
        tape = np.zeros((len(rows), o.WIDTH), np.int64)
        for k, row in enumerate(rows):
            tape[k, : len(row)] = row
        return tape

    def _group(self, at: int) -> list[Line]:
        """Neighbours by sample that all want small blocks, or none of them."""
        group: list[Line] = []
        for line in self.lines[at:]:
            if line is None or not line.by_sample or (group and (line.floats == 0) != (group[0].floats == 0)):
                break
            group.append(line)
        return group


def block_of(floats: int) -> int:
    """Samples a block where a sample of all images takes so many floats. One number for all tapes of a plan: a block is
    also the unit of some sums, so their bits depend on it."""
    return max(1, BLOCK_BYTES // (8 * max(floats, 1))) if floats < SINGLE else 1


@dataclass(frozen=True)
class Program:
    """All tapes of an executable over one arena.

    Tapes are those of the first lane; that of lane k is the same plus k times its drift, where it has one.
    """

    tapes: dict[str, NDArray[np.int64]]
    drifts: dict[str, NDArray[np.int64]]
    arena: int
    doubles: int
    constants: NDArray[np.float64]
    fills: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    starts: tuple[int, ...] = (0,)  # of all places of the arena

    def lane(self, mode: str, lane: int) -> NDArray[np.int64]:
        """The tape of one lane."""
        drift = self.drifts.get(mode)
        return self.tapes[mode] if drift is None else self.tapes[mode] + lane * drift

    @property
    def families(self) -> frozenset[int]:
        """The families whose kernels the tapes call."""
        return frozenset(f for tape in self.tapes.values() for f in tape[:, 0].tolist()) - {o.CONTROL}

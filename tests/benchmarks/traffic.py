"""Bytes that the instructions of a step move, counted from the finished tape, and whether two tapes are the same.

Each operand of each instruction counts once, read or written, as large as it is: 4 bytes a number; what a thread has
for itself, once a thread; a batch that is gathered, at both its ends. So it is what would pass if nothing stayed in a
cache from one instruction to the next and everything within one: no figure of a memory bus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.program import Program
from engine.backends.tape.validate import _RULES, Bounds, Part, Row
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from tests.benchmarks.nets import Net

ITEM = 4
#: convolutions that say themselves how far they reach in a sample's image: the first of their parts
_REACHING = (o.DIRECT, o.WEIGHTS, o.SPREAD, o.GROUPED, o.GROUPED_DX, o.GROUPED_DW)


@dataclass(frozen=True)
class Sizes(Bounds):
    """Parts as long as what is in them: samples that share a place count each, gaps between them do not."""

    def view(self, t: Row, at: int, rows: int, length: int) -> Part:
        """All samples' rows."""
        return 0, self.samples * rows * length

    def run(self, offset: int, each: int) -> Part:
        """So many for each sample."""
        return 0, self.samples * each

    def by_thread(self, offset: int, stride: int, count: int) -> Part:
        """So many for each thread."""
        return 0, self.threads * count


def compiled(net: Net, threads: int, winograd: int) -> Program:
    """The tapes that the net runs at its batch, without their memory."""
    plan, optimizer = build_plan(net.graph), OPTIMIZERS.make(net.optimizer)
    return Compiler(plan, optimizer, net.batch, threads, winograd, StepRules()).program()


def _row_bytes(t: Row, sizes: Sizes) -> int:
    parts = [max(last - first, 0) for first, last in _RULES[t[0]](sizes, t)]
    if t[0] == o.CONV and t[1] in _REACHING:
        one = Sizes(1, sizes.threads, sizes.arena, sizes.doubles, sizes.constants)
        first, last = next(iter(_RULES[t[0]](one, t)))
        parts[0] = sizes.samples * (last - first)
    if t[0] == o.MOVE and t[1] == o.GATHER:
        parts *= 2
    return ITEM * sum(parts)


def moved(net: Net, threads: int, winograd: int = 2) -> int:
    """Bytes of one step, or of one inference."""
    program = compiled(net, threads, winograd)
    tape = program.tapes["shown" if net.inference else "train"]
    sizes = Sizes(net.batch, threads, program.arena, program.doubles, len(program.constants))
    rows = (tuple(int(v) for v in row) for row in tape)
    return sum(_row_bytes(t, sizes) for t in rows if t[0] != o.CONTROL)


def same_code(net: Net, threads: int) -> bool:
    """Whether the exact and the fast mode run the same tape over the same places."""
    exact, fast = (compiled(net, threads, winograd) for winograd in (2, 4))
    return exact.arena == fast.arena and all(
        np.array_equal(exact.lane(m, k), fast.lane(m, k)) for m in exact.tapes for k in (0, threads - 1)
    )

"""The loop over the tape: one call runs many steps on one thread, without Python and without its lock."""

from __future__ import annotations

import os
from typing import Any

from numba import types

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import (
    atomic_add,
    atomic_load,
    atomic_store,
    atomic_swap,
    call,
    doubles,
    entry,
    exact,
    integers,
    relax,
)

#: bytes of a row, and of a cache line
ROW, LINE = 8 * o.WIDTH, 64
#: looks at a lane that nobody has taken before it is taken from whom it is meant for; at one that is, before yielding
SOON, LATE = 150, 600
_yield = types.ExternalFunction("SwitchToThread" if os.name == "nt" else "sched_yield", types.int32())


@exact
def _group(start: int, frame: Any, table: Any, lane: int, step: int) -> None:
    """The rows of a group on this lane's samples, block by block, so that a block stays in cache."""
    head = integers(start, o.WIDTH)
    count, block = head[2], head[3]
    batch, lanes = frame[o.BATCH], frame[o.THREADS]
    first, last = batch * lane // lanes, batch * (lane + 1) // lanes
    size = block if block > 0 else last - first
    at = first
    while at < last:
        stop = min(at + size, last)
        for k in range(1, count + 1):
            row = start + k * ROW
            call(table[integers(row, 1)[0]], frame.ctypes.data, row, at, stop, lane, step)
        at = stop


@exact
def _spoiled(frame: Any) -> bool:
    """Whether any lane's update gave a weight that is not finite. A call of a kernel would cost a small net more."""
    total = 0.0
    for lane in range(frame[o.THREADS]):
        total += doubles(frame[o.DOUBLES] + 8 * (lane * frame[o.DOUBLES_EACH] + o.BAD), 1)[0]
    return total > 0.0


@exact
def _section(tape: int, pc: int, rows: int, frame: Any, table: Any, lane: int, step: int) -> int:
    """One lane's rows from ``pc`` to the next barrier or the end: the row behind it. Lane -1 does nothing on the way.

    A CHECK where a kernel asked to stop ends it, and the tape: the sync's third line then holds the step plus 1.
    """
    own = tape + max(lane, 0) * rows * ROW
    while pc < rows:
        at = own + pc * ROW
        row = integers(at, o.WIDTH)
        family, op = row[0], row[1]
        if family != o.CONTROL:
            if lane >= 0:
                call(table[family], frame.ctypes.data, at, 0, 0, lane, step)
        elif op == o.GROUP:
            if lane >= 0:
                _group(at, frame, table, lane, step)
            pc += row[2]
        elif op == o.BARRIER:
            return pc + 1
        elif op == o.SKIP:
            place = step * frame[o.SCALAR_COUNT] + row[2]
            if doubles(frame[o.SCALARS] + 8 * place, 1)[0] == 0.0:
                pc += row[3]
        elif lane >= 0:
            if row[2] != 0 and _spoiled(frame):
                frame[o.STOPS + lane] = 2
            if frame[o.STOPS + lane] != 0:
                atomic_store(frame[o.SYNC] + 2 * LINE, step + 1)
                return rows
        pc += 1
    return rows


@entry(types.int64(*[types.int64] * 6))
def run(tape: int, rows: int, frame_at: int, table_at: int, worker: int, steps: int) -> int:
    """Run ``steps`` steps as one of the frame's workers; the number of steps done until a CHECK said stop.

    The tapes of the lanes follow each other, ``rows`` rows each. The work is cut into lanes, the threads of the frame:
    they decide the bits of all sums. Between two barriers each lane is taken by one worker: every WORKERS-th by that
    which it is meant for, whose cache knows it, or, where that one has been sent away by the system, by one that waits.
    Whoever comes back late finds nothing to do and hurries after the others: nobody waits for it.

    sync: the lanes done so far, of all sections; the step that stopped plus 1, two lines on; each lane's last section
    that was taken, from the fourth line on.
    """
    frame, table = integers(frame_at, o.FRAME), integers(table_at, len(o.FAMILIES))
    lanes, workers, sync = frame[o.THREADS], frame[o.WORKERS], frame[o.SYNC]
    section = 0
    for step in range(steps):
        pc = 0
        while pc < rows:
            after = -1
            if workers == 1:
                for lane in range(lanes):
                    after = _section(tape, pc, rows, frame, table, lane, step)
            else:
                for lane in range(worker, lanes, workers):
                    if atomic_swap(sync + (3 + lane) * LINE, section, section + 1):
                        after = _section(tape, pc, rows, frame, table, lane, step)
                        atomic_add(sync, 1)
                section += 1
                looks = 0
                while atomic_load(sync) < lanes * section:
                    looks += 1
                    if looks % SOON == 0:
                        for lane in range(lanes):
                            if atomic_swap(sync + (3 + lane) * LINE, section - 1, section):
                                after = _section(tape, pc, rows, frame, table, lane, step)
                                atomic_add(sync, 1)
                    if looks > LATE:
                        _yield()
                    else:
                        relax()
            stopped = atomic_load(sync + 2 * LINE)
            if stopped > 0:
                return stopped - 1
            pc = after if after >= 0 else _section(tape, pc, rows, frame, table, -1, step)
    return steps

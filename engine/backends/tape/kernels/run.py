"""The loop over the tape: one call runs many steps on one thread, without Python and without its lock."""

from __future__ import annotations

from typing import Any

from numba import types

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import barrier, call, doubles, entry, exact, integers

#: bytes of a row
ROW = 8 * o.WIDTH


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


@entry(types.int64(*[types.int64] * 6))
def run(tape: int, rows: int, frame_at: int, table_at: int, worker: int, steps: int) -> int:
    """Run ``steps`` steps as one of the frame's workers; the number of steps done until a CHECK said stop.

    The tapes of the lanes follow each other, ``rows`` rows each. The work is cut into lanes, the threads of the frame:
    they decide the bits of all sums. A worker takes every WORKERS-th lane, row by row, so the same lanes give the same
    bits on any number of workers.
    """
    frame, table = integers(frame_at, o.FRAME), integers(table_at, len(o.FAMILIES))
    lanes, workers = frame[o.THREADS], frame[o.WORKERS]
    for step in range(steps):
        pc = 0
        while pc < rows:
            row = integers(tape + pc * ROW, o.WIDTH)
            family, op = row[0], row[1]
            if family != o.CONTROL:
                for lane in range(worker, lanes, workers):
                    call(table[family], frame_at, tape + (lane * rows + pc) * ROW, 0, 0, lane, step)
            elif op == o.GROUP:
                for lane in range(worker, lanes, workers):
                    _group(tape + (lane * rows + pc) * ROW, frame, table, lane, step)
                pc += row[2]
            elif op == o.BARRIER:
                barrier(frame[o.SYNC], workers)
            elif op == o.SKIP:
                at = step * frame[o.SCALAR_COUNT] + row[2]
                if doubles(frame[o.SCALARS] + 8 * at, 1)[0] == 0.0:
                    pc += row[3]
            else:
                if row[2] != 0 and _spoiled(frame):
                    frame[o.STOPS + worker] = 2
                if frame[o.STOPS + worker] != 0:
                    return step
            pc += 1
    return steps

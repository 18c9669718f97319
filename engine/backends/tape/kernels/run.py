"""The loop over the tape: one call runs many steps on one thread, without Python and without its lock."""

from __future__ import annotations

from typing import Any

from numba import njit, types

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import barrier, call, doubles, exact

_TAPES, _LINE = types.int64[:, :, ::1], types.int64[::1]


@exact
def _group(tape: Any, pc: int, frame: Any, table: Any, lane: int, step: int) -> None:
    """The rows of a group on this lane's samples, block by block, so that a block stays in cache."""
    count, block = tape[lane, pc, 2], tape[lane, pc, 3]
    batch, lanes = frame[o.BATCH], frame[o.THREADS]
    first, last = batch * lane // lanes, batch * (lane + 1) // lanes
    start = tape.ctypes.data + 8 * o.WIDTH * (lane * tape.shape[1] + pc + 1)
    size = block if block > 0 else last - first
    at = first
    while at < last:
        stop = min(at + size, last)
        for k in range(count):
            call(table[tape[lane, pc + 1 + k, 0]], frame.ctypes.data, start + 8 * k * o.WIDTH, at, stop, lane, step)
        at = stop


@njit(
    types.int64(_TAPES, _LINE, _LINE, types.int64, types.int64), nogil=True, cache=True, error_model="numpy"
)  # fmt: skip
def run(tape: Any, frame: Any, table: Any, worker: int, steps: int) -> int:
    """Run ``steps`` steps as one of the frame's workers; the number of steps done until a CHECK said stop.

    The work is cut into lanes, the threads of the frame: they decide the bits of all sums. A worker takes every
    WORKERS-th lane, row by row, so the same lanes give the same bits on any number of workers.
    """
    lanes, workers, rows = frame[o.THREADS], frame[o.WORKERS], tape.shape[1]
    for step in range(steps):
        pc = 0
        while pc < rows:
            family, op = tape[0, pc, 0], tape[0, pc, 1]
            if family != o.CONTROL:
                for lane in range(worker, lanes, workers):
                    row = tape.ctypes.data + 8 * o.WIDTH * (lane * rows + pc)
                    call(table[family], frame.ctypes.data, row, 0, 0, lane, step)
            elif op == o.GROUP:
                for lane in range(worker, lanes, workers):
                    _group(tape, pc, frame, table, lane, step)
                pc += tape[0, pc, 2]
            elif op == o.BARRIER:
                barrier(frame[o.SYNC], workers)
            elif op == o.SKIP:
                at = step * frame[o.SCALAR_COUNT] + tape[0, pc, 2]
                if doubles(frame[o.SCALARS] + 8 * at, 1)[0] == 0.0:
                    pc += tape[0, pc, 3]
            elif frame[o.STOPS + worker] != 0:
                return step
            pc += 1
    return steps

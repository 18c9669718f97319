"""The loop over the tape: one call runs many steps on one thread, without Python and without its lock."""

from __future__ import annotations

from typing import Any

from numba import njit, types

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.native import barrier, call, exact

_TAPE, _LINE = types.int64[:, ::1], types.int64[::1]


@exact
def _group(tape: Any, pc: int, frame: Any, table: Any, thread: int, step: int) -> int:
    """The rows of a group on this thread's samples, block by block, so that a block stays in cache. Rows done."""
    count, block = tape[pc, 2], tape[pc, 3]
    batch, threads = frame[o.BATCH], frame[o.THREADS]
    first, last = batch * thread // threads, batch * (thread + 1) // threads
    size = block if block > 0 else last - first
    at = first
    while at < last:
        stop = min(at + size, last)
        for k in range(pc + 1, pc + 1 + count):
            call(table[tape[k, 0]], frame.ctypes.data, tape.ctypes.data + 8 * k * o.WIDTH, at, stop, thread, step)
        at = stop
    return count


@njit(
    types.int64(_TAPE, _LINE, _LINE, types.int64, types.int64), nogil=True, cache=True, error_model="numpy"
)  # fmt: skip
def run(tape: Any, frame: Any, table: Any, thread: int, steps: int) -> int:
    """Run ``steps`` steps as one of the frame's threads; the number of steps done until a CHECK said stop."""
    for step in range(steps):
        pc = 0
        while pc < tape.shape[0]:
            family, op = tape[pc, 0], tape[pc, 1]
            if family != o.CONTROL:
                call(table[family], frame.ctypes.data, tape.ctypes.data + 8 * pc * o.WIDTH, 0, 0, thread, step)
            elif op == o.GROUP:
                pc += _group(tape, pc, frame, table, thread, step)
            elif op == o.BARRIER:
                barrier(frame[o.SYNC], frame[o.THREADS])
            elif frame[o.STOPS + thread] != 0:
                return step
            pc += 1
    return steps

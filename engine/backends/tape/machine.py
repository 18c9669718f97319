"""Arrays and frame of a program: the arena, each thread's sums, the data, and the call into machine code."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import library
from engine.backends.tape import opcodes as o
from engine.backends.tape.crew import Crew
from engine.backends.tape.pace import Pace
from engine.backends.tape.program import Program


@dataclass(frozen=True)
class Fields:
    """Fields of the data in the order in which the tape counts them: rows of float32 or int64."""

    arrays: tuple[NDArray[Any], ...]

    @cached_property
    def count(self) -> int:
        """Samples."""
        return min((len(a) for a in self.arrays), default=0)


#: scalars and keys of each step
_Held = tuple[NDArray[np.float64], NDArray[np.int64]]
#: the frame's slots of what a run is told and tells
_TOLD = np.array([o.SCALARS, o.KEYS, o.LOSSES, o.PENALTIES, o.HITS, o.NORMS])


@dataclass(frozen=True)
class Figures:
    """What each step of a run left. ``done`` steps are through; ``stop`` 1: not finite, 2: a bad update."""

    loss: NDArray[np.float64]
    penalty: NDArray[np.float64]
    hits: NDArray[np.int64]
    norms: NDArray[np.float64]
    done: int
    stop: int

    def followed(self, later: Figures) -> Figures:
        """These steps, all of them done, and then those."""
        a, b = ((f.loss, f.penalty, f.hits, f.norms) for f in (self, later))
        loss, penalty, hits, norms = (np.concatenate(p) for p in zip(a, b, strict=True))
        return Figures(loss, penalty, hits, norms, self.done + later.done, later.stop)


def aligned(count: int) -> NDArray[np.float32]:
    """Zeros that start on a cache line."""
    whole = np.zeros(count + 16, np.float32)
    skip = (-whole.ctypes.data // 4) % 16
    return whole[skip : skip + count]


class Machine:
    """One program's memory. ``run`` runs a tape over chosen rows of data."""

    def __init__(self, program: Program, threads: int, weights: int, capacity: int) -> None:
        self.program, self.threads, self.weights, self.capacity = program, threads, weights, capacity
        self.arena = aligned(program.arena)
        for at, numbers in program.fills.items():
            self.arena[at : at + numbers.size] = numbers
        each = -(-program.doubles // 8) * 8 + 8
        self._doubles = np.zeros(each * threads)
        self._sync = aligned(16 * (4 + threads)).view(np.int64)  # see kernels.run
        self._kernels, self._table = library.load(program.families)
        self._crew, self.pace = Crew(), Pace()
        self._tapes = {mode: np.stack([program.lane(mode, k) for k in range(threads)]) for mode in program.tapes}
        self._frame = np.zeros(o.FRAME, np.int64)
        around = self._frame.ctypes.data, self._table.ctypes.data
        self._at = {mode: (t.ctypes.data, t.shape[1], *around) for mode, t in self._tapes.items()}
        #: of a run that trains nothing, whose figures nobody reads: one image must not wait for their making
        self._single = self._told(1, None, None)
        place: tuple[NDArray[Any], ...] = (self.arena, self._doubles, program.constants, self._sync)
        for slot, array in zip((o.ARENA, o.DOUBLES, o.CONSTANTS, o.SYNC), place, strict=True):
            self._frame[slot] = array.ctypes.data
        self._frame[o.DOUBLES_EACH], self._frame[o.WEIGHT_COUNT] = each, weights
        self._frame[o.ARENA_SIZE], self._frame[o.CONSTANT_COUNT] = program.arena, len(program.constants)

    def run(
        self,
        mode: str,
        fields: Fields,
        rows: NDArray[np.int64],
        threads: int,
        scalars: NDArray[np.float64] | None = None,
        keys: NDArray[np.int64] | None = None,
    ) -> Figures:
        """Run the tape of ``mode`` once for each line of ``rows`` (S, B). IndexError if a row is not in the data."""
        steps, batch = rows.shape
        if rows.size:
            low, high = (rows.item(),) * 2 if rows.size == 1 else (rows.min(), rows.max())
            if batch > self.capacity or not 0 <= low <= high < fields.count:
                raise IndexError(f"rows {low} to {high} of a data set of {fields.count}")
        alone = steps == 1 and scalars is None and keys is None
        figures, held, places = self._single if alone else self._told(steps, scalars, keys)
        frame, rows = self._frame, np.ascontiguousarray(rows, np.int64)
        frame[_TOLD] = places
        frame[o.ROWS], frame[o.SCALAR_COUNT], frame[o.KEY_COUNT] = rows.ctypes.data, held[0].shape[1], held[1].shape[1]
        workers = self.pace.choose(mode, batch, threads)
        frame[o.BATCH], frame[o.THREADS], frame[o.WORKERS] = batch, threads, workers
        frame[o.STOPS : o.STOPS + o.MAX_THREADS] = 0
        for k, array in enumerate(fields.arrays):
            frame[o.FIELDS + 2 * k], frame[o.FIELDS + 2 * k + 1] = array.ctypes.data, array.shape[1]
        self._sync[:] = 0
        run, at, started = self._kernels, self._at[mode], time.perf_counter()
        done = self._crew.run(lambda worker: run(*at, worker, steps), workers)
        if steps:
            self.pace.learn(mode, batch, workers, (time.perf_counter() - started) / steps)
        return Figures(figures.loss, figures.penalty, figures.hits, figures.norms, done, int(frame[o.STOPS]))

    def _told(
        self, steps: int, scalars: NDArray[np.float64] | None, keys: NDArray[np.int64] | None
    ) -> tuple[Figures, _Held, NDArray[np.int64]]:
        """Figures to be filled, (scalars, keys) as kernels read them, and where they all are, as in _TOLD."""
        figures = Figures(
            np.zeros(steps), np.zeros(steps), np.zeros(steps, np.int64), np.zeros((steps, max(self.weights, 1))), 0, 0
        )
        held = (
            np.zeros((steps, 1)) if scalars is None else np.ascontiguousarray(scalars),
            np.zeros((steps, 1), np.int64) if keys is None else np.ascontiguousarray(keys),
        )
        arrays = (*held, figures.loss, figures.penalty, figures.hits, figures.norms)
        return figures, held, np.array([a.ctypes.data for a in arrays], np.int64)

    def close(self) -> None:
        """Send the helpers home."""
        self._crew.close()


def fields_of(arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> tuple[NDArray[Any], ...]:
    """The named arrays in order; KeyError names what is missing."""
    missing = [n for n in names if n not in arrays]
    if missing:
        raise KeyError(f"the plan wants the field {missing[0]!r}; the data has {sorted(arrays)}")
    return tuple(arrays[n] for n in names)

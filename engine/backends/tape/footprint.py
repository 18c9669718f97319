"""What tapes take of memory, read from their finished rows before the arena is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.layout import Image
from engine.backends.tape.program import Program
from engine.plan import Plan
from engine.plan.memory import MemoryEstimate
from engine.primitives import size

#: bytes a number
ITEM = 4
#: what a training runs, and what it runs where somebody looks at its steps
RUN, LOOKED = ("prepare", "train", "evaluate"), ("prepare", "train", "kept", "evaluate")


#: bytes of Python's own objects for a row of a tape, measured
OBJECTS = 160
#: what the system hands out: NumPy asks for huge pages where an array is large
PAGE, HUGE, LARGE = 4 << 10, 2 << 20, 4 << 20


def touched(program: Program, parameters: int, modes: tuple[str, ...]) -> int:
    """Bytes of the pages with a place that these tapes name, or with one of the first ``parameters`` numbers.

    The whole arena is asked for, but a page to which nobody writes never comes.
    """
    starts = np.array(program.starts)
    sizes = np.diff([*program.starts, program.arena])
    named: set[int] = set()
    for mode in modes:
        tape = program.tapes[mode]
        rows = tape[tape[:, 0] != o.CONTROL, 2:].ravel()
        inside = rows[(rows >= 0) & (rows < program.arena)]
        named.update((np.searchsorted(starts, np.unique(inside), "right") - 1).tolist())
    page = (HUGE if ITEM * program.arena >= LARGE else PAGE) // ITEM
    pages = np.zeros(program.arena // page + 2, bool)
    pages[: parameters // page + 1] = True
    for k in named:
        pages[starts[k] // page : (starts[k] + sizes[k] - 1) // page + 1] = True
    return ITEM * min(page * int(pages.sum()), program.arena)


def needed(compiler: Compiler, program: Program, *, looked_at: bool) -> int:
    """Bytes of a training at the compiler's capacity: places, sums and tapes of each thread, and a look's copies."""
    threads, tapes = compiler.threads, sum(t.nbytes for t in program.tapes.values())
    kept = ITEM * _looked(compiler) if looked_at else 0
    sums = 8 * program.doubles * threads
    places = touched(program, compiler.partials, LOOKED if looked_at else RUN)
    objects = OBJECTS * sum(len(t) for t in program.tapes.values())
    return places + sums + tapes * (2 + threads) + objects + kept


def _looked(c: Compiler) -> int:
    """Numbers that a look copies: every value and gradient, weights, and what they moved by."""
    plan, trained = c.plan, {w.value for w in c.parameters.trained}
    values = [s.value for s in plan.inputs] + [plan.steps[k].output for k in plan.loss_steps]
    seen = [*values, *(v for v in c.reached if v not in trained)]
    weights = sum(size(w.shape) for w in plan.weights) + sum(size(s.shape) for s in plan.states)
    moved = 3 * sum(size(plan.values[v].shape) for v in trained)  # gradients, updates, and one turned on the way
    return c.capacity * sum(size(plan.values[v].shape) for v in seen) + weights + moved


def estimated(batch: int, sizes: Mapping[int, int], per_sample: int, data: int) -> MemoryEstimate:
    """From the needs at one or two capacities; where it is one, ``per_sample`` is what the reference says."""
    low, high = min(sizes), max(sizes)
    each = (sizes[high] - sizes[low]) // (high - low) if high > low else per_sample
    return MemoryEstimate(sizes[high] - each * high, each, data, batch)


def copied(plan: Plan, orders: Mapping[int, Image | None], x: Mapping[str, NDArray[Any]]) -> int:
    """Bytes of the copies that binding makes: of what is no float32 yet, and of images of several channels."""
    total = 0
    for slot in plan.inputs:
        a, image = x[slot.field], orders[slot.value]
        if a.dtype != np.float32 or not a.flags.c_contiguous or (image is not None and image[0] > 1):
            total += ITEM * a.size
    return total

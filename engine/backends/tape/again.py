"""A step that met a bad value in fast tiles is made again by direct convolutions before anything is reported.

F(4x4) multiplies its input by up to twenty before it adds: large numbers overflow that a direct sum holds, and one bad
pixel reaches 5 x 5 others. Weights and optimizer are those of before the step, so only the step itself is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import DivergedError, StepRecords

if TYPE_CHECKING:
    from engine.backends.tape.executable import TapeExecutable

#: tiles that are fast rather than exact
FAST = 4


def direct(made: TapeExecutable) -> TapeExecutable:
    """The same plan by direct convolutions, made when it is first needed."""
    if made._direct is None:
        rules = made._standing.rules
        made._direct = type(made)(made.plan, made.optimizer, "float32", made.seed, made.threads, 0, rules)
    return made._direct


def hand_over(source: TapeExecutable, target: TapeExecutable) -> None:
    """Weights, optimizer and running statistics, which lie at the same places however images are convolved."""
    end = source._compiler.parameters.end
    target._machine.arena[:end] = source._machine.arena[:end]
    target._standing.held, target._standing.begun = source._standing.held, source._standing.begun
    target._data, target._stale = source._data, True


def go_on(
    made: TapeExecutable, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, done: StepRecords,
    keep: bool,
) -> StepRecords:  # fmt: skip
    """The steps behind those that are ``done``: the first of them directly, the others as before."""
    at, twin = len(done.loss), direct(made)
    hand_over(made, twin)
    last = at + 1 == len(rows)
    done = _with(done, lambda: twin.train(rows[at : at + 1], rates[at : at + 1], first_step + at, keep=keep and last))
    hand_over(twin, made)
    if last:
        made._last = twin.last() if keep else made._last
        return done
    return _with(done, lambda: made.train(rows[at + 1 :], rates[at + 1 :], first_step + at + 1, keep=keep))


def _with(done: StepRecords, more: Callable[[], StepRecords]) -> StepRecords:
    """Both; a divergence tells of both, too."""
    try:
        return _joined(done, more())
    except DivergedError as error:
        error.done = done if error.done is None else _joined(done, error.done)
        raise


def _joined(a: StepRecords, b: StepRecords) -> StepRecords:
    names = ("loss", "penalty", "hits", "samples", "grad_norm")
    return StepRecords(**{n: np.concatenate([getattr(a, n), getattr(b, n)]) for n in names})

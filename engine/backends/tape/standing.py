"""Where a training stands between two steps, besides what lies in the arena; and what that makes of the next ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape.memory import Run
from engine.backends.tape.rules.optimizers import HELD, SHARE, step_scalars
from engine.optimizers import Optimizer, StepRules


@dataclass
class Standing:
    """``held``: samples gathered since the last update; ``begun``: whether there is a mean of the weights."""

    rules: StepRules
    held: int = 0
    begun: bool = False

    def scalars(
        self, optimizer: Optimizer, runs: list[Run], rates: NDArray[np.float64], first_step: int, batch: int
    ) -> NDArray[np.float64]:
        """What each of the next steps reads; nothing moves on."""
        steps = range(first_step, first_step + len(rates))
        updates = steps if self.rules.gather == 1 else [self.rules.update_of(k) for k in steps]
        found = step_scalars(optimizer, rates, updates, runs)
        decay = self.rules.mean_decay
        if self.rules.gather > 1 or decay is not None:
            for k, (held, begun) in enumerate(self._ahead(first_step, len(rates), batch)):
                found[k, HELD] = held if self.rules.applies(first_step + k) else 0
                found[k, SHARE] = 1 - decay if begun and decay is not None else 1
        return found

    def passed(self, first_step: int, steps: int, batch: int) -> None:
        """So many steps are done."""
        if self.rules.gather > 1 or self.rules.mean_decay is not None:
            for k, (held, _) in enumerate(list(self._ahead(first_step, steps, batch))):
                applies = self.rules.applies(first_step + k)
                self.held = 0 if applies else held
                self.begun = self.begun or (applies and self.rules.mean_decay is not None)

    def _ahead(self, first_step: int, steps: int, batch: int) -> Iterator[tuple[int, bool]]:
        """(samples gathered at its end, whether the mean was there before) of each of the next steps."""
        held, begun = self.held, self.begun
        for step in range(first_step, first_step + steps):
            held += batch if self.rules.gather > 1 else 0
            yield held, begun
            if self.rules.applies(step):
                held, begun = 0, True

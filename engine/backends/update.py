"""From gradients to new weights, with all that stands around an optimizer: plain array code for any namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.backends.base import Carried
from engine.layers import WeightInfo
from engine.optimizers import Optimizer, StepRules, clip_by_norm, clip_by_value
from engine.primitives import Array
from engine.regularizers import add_gradient, soft_threshold


@dataclass
class Updater:
    """Moves the ``trained`` weights: arrays by value id, changed in place. StepRules says in which order.

    ``slots``: the optimizer's tensors by value id. ``sums``: gradients gathered so far, each times its samples, of
    ``held`` samples. ``mean``: the running mean of the weights; empty before the first update.
    """

    xp: Any
    optimizer: Optimizer
    rules: StepRules
    trained: Sequence[WeightInfo]
    slots: dict[int, dict[str, Array]]
    sums: dict[int, Array] = field(default_factory=dict)
    held: int = 0
    mean: dict[int, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bare = {**self.optimizer.changed(), "weight_decay": 0.0}
        self._undecayed = self.optimizer if self.rules.decay_biases else type(self.optimizer)(**bare)

    def gathered(self, grads: Mapping[int, Array], samples: int, step: int) -> dict[int, Array] | None:
        """The gradients to step by at the end of this step, or None where its group goes on."""
        reached = {w.value: grads[w.value] for w in self.trained if w.value in grads}
        if self.rules.gather == 1:
            return reached
        for value, g in reached.items():
            self.sums[value] = self.sums[value] + samples * g if value in self.sums else samples * g
        self.held += samples
        if not self.rules.applies(step):
            return None
        means = {value: total / self.held for value, total in self.sums.items()}
        self.sums, self.held = {}, 0
        return means

    def update(self, weights: Mapping[int, Array], grads: Mapping[int, Array], rate: float, step: int) -> None:
        """Penalties, clipping, the optimizer, the proximal step."""
        moved = [w for w in self.trained if w.value in grads]
        wanted = [self._penalised(w, weights[w.value], grads[w.value]) for w in moved]
        self._clip(wanted)
        count = self.rules.update_of(step) + 1
        for w, g in zip(moved, wanted, strict=True):
            weight, own = weights[w.value], rate * w.rate_factor
            optimizer = self.optimizer if len(w.shape) > 1 else self._undecayed
            optimizer.update(self.xp, weight, g, self.slots[w.value], own, count)
            if self.rules.proximal and w.l1:
                soft_threshold(self.xp, weight, own * w.l1)

    def average(self, weights: Mapping[int, Array]) -> None:
        """Take the updated weights into their running mean."""
        decay = self.rules.mean_decay
        if decay is None:
            return
        for w in self.trained:
            now = weights[w.value]
            if w.value in self.mean:
                self.mean[w.value] += (1 - decay) * (now - self.mean[w.value])
            else:
                self.mean[w.value] = now.copy()

    def _penalised(self, w: WeightInfo, weight: Array, g: Array) -> Array:
        """A gradient of its own where penalties or clipping change it."""
        clipped = self.rules.clip_value is not None or self.rules.clip_norm is not None
        l1 = 0.0 if self.rules.proximal else w.l1
        if clipped or l1 or w.l2:
            g = g.copy()
            add_gradient(self.xp, g, weight, l1, w.l2)
        return g

    def _clip(self, grads: Sequence[Array]) -> None:
        if self.rules.clip_value is not None:
            clip_by_value(self.xp, grads, self.rules.clip_value)
        if self.rules.clip_norm is not None:
            clip_by_norm(self.xp, grads, self.rules.clip_norm)

    def carried(self) -> Carried:
        """Copies of what it takes from step to step."""
        named = {w.value: (w.node, w.name) for w in self.trained}
        sums = {named[v]: a.copy() for v, a in self.sums.items()}
        return Carried(sums, self.held, {named[v]: a.copy() for v, a in self.mean.items()})

    def load_carried(self, carried: Carried, like: Mapping[int, Array]) -> None:
        """Go on from there; each array becomes one as the weight is."""
        named = {(w.node, w.name): w.value for w in self.trained}

        def placed(arrays: Mapping[tuple[str, str], Any]) -> dict[int, Array]:
            found: dict[int, Array] = {}
            for key, value in named.items():
                if key in arrays:
                    found[value] = self.xp.empty_like(like[value])
                    found[value][...] = arrays[key]
            return found

        self.sums, self.held = placed(carried.sums), carried.held
        self.mean = placed(carried.mean) if self.rules.mean_decay is not None else {}

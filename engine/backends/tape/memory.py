"""The arena's plan: parameters first, at places that no batch size changes; then what grows with the batch."""

from __future__ import annotations

from dataclasses import replace

from engine.backends.tape.layout import Slot
from engine.layers import WeightInfo
from engine.optimizers import Optimizer
from engine.plan import Plan

ALIGN = 16


class Arena:
    """Hands out places in floats, each on a cache line of its own."""

    def __init__(self) -> None:
        self.size = ALIGN

    def take(self, floats: int) -> int:
        """A place for so many floats."""
        at = self.size
        self.size += -(-floats // ALIGN) * ALIGN
        return at


class Parameters:
    """Weights, gradients, the copy from before the step, penalised gradients, optimizer tensors and running statistics.

    All weights of one kind (trained without penalty, trained with, frozen) lie side by side, in the same order in every
    region: an optimizer then walks over one run.
    """

    def __init__(self, plan: Plan, optimizer: Optimizer, matrices: dict[int, Slot], arena: Arena) -> None:
        reached = plan.needs_gradient
        used = {i for k in plan.loss_steps for i in plan.steps[k].inputs}
        self.trained = [w for w in plan.weights if w.trainable and reached[w.value] and w.value in used]
        plain = [w for w in self.trained if not (w.l1 or w.l2)]
        self.penalised = [w for w in self.trained if w.l1 or w.l2]
        rest = [w for w in plan.weights if w not in self.trained]
        self.slots: dict[int, Slot] = {}
        self.start = arena.size
        self.runs = [r for r in (self._run(plain, matrices, arena), self._run(self.penalised, matrices, arena)) if r[1]]
        self.count = arena.size - self.start  # floats of all trained weights
        self._run(rest, matrices, arena)
        self._states = [(s.value, Slot(s.shape)) for s in plan.states]
        for value, slot in self._states:
            self.slots[value] = replace(slot, offset=arena.take(slot.count))
        self.optimizer_slots = {name: arena.take(self.count) - self.start for name in optimizer.slots}
        self.end = arena.size  # what outlives a change of capacity
        self.gradient = arena.take(self.count) - self.start
        self.before = arena.take(self.count) - self.start
        self.penalty = arena.take(self.count) - self.start if self.penalised else 0
        self.decay = arena.take(self.count) - self.start
        self.pending = {value: arena.take(slot.count) for value, slot in self._states}

    def _run(self, weights: list[WeightInfo], matrices: dict[int, Slot], arena: Arena) -> tuple[int, int]:
        start = arena.size
        for w in weights:
            slot = matrices.get(w.value, Slot(w.shape))
            self.slots[w.value] = replace(slot, offset=arena.take(slot.count))
        return start, arena.size - start

    def gradient_of(self, value: int) -> int:
        """Place of a trained weight's gradient; -1 for the others."""
        return self.slots[value].offset + self.gradient if any(w.value == value for w in self.trained) else -1

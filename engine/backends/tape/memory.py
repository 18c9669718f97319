"""The arena's plan: parameters first, at places that no batch size changes; then what grows with the batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.backends.tape.layout import Slot
from engine.layers import WeightInfo
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan

ALIGN = 16


class Arena:
    """Hands out places in floats, each on a cache line of its own."""

    def __init__(self) -> None:
        self.size = ALIGN
        self.starts = [0]

    def take(self, floats: int) -> int:
        """A place for so many floats."""
        at = self.size
        self.starts.append(at)
        self.size += -(-floats // ALIGN) * ALIGN
        return at


@dataclass(frozen=True)
class Kind:
    """What an optimizer's one row can tell of weights: all of a run share it. ``l1``: of the proximal step."""

    penalised: bool
    factor: float
    decays: bool
    l1: float

    @classmethod
    def of(cls, w: WeightInfo, rules: StepRules) -> Kind:
        """That of a trained weight."""
        decays = rules.decay_biases or len(w.shape) > 1
        return cls(bool(w.l1 or w.l2), w.rate_factor, decays, w.l1 if rules.proximal else 0.0)


@dataclass(frozen=True)
class Run:
    """Weights of one kind, side by side."""

    kind: Kind
    start: int
    count: int


class Parameters:
    """Weights, gradients, the copy from before the step, gradients as the optimizer wants them, its tensors, what else
    goes from step to step, and running statistics.

    All trained weights of one kind lie side by side, and so do the others, in the same order in every region: an
    optimizer then walks over one run.
    """

    def __init__(
        self, plan: Plan, optimizer: Optimizer, matrices: dict[int, Slot], arena: Arena, rules: StepRules
    ) -> None:
        reached = plan.needs_gradient
        used = {i for k in plan.loss_steps for i in plan.steps[k].inputs}
        self.trained = [w for w in plan.weights if w.trainable and reached[w.value] and w.value in used]
        kinds = sorted(dict.fromkeys(Kind.of(w, rules) for w in self.trained), key=lambda k: k.penalised)
        self.penalised = [w for w in self.trained if w.l1 or w.l2]
        rest = [w for w in plan.weights if w not in self.trained]
        self.slots: dict[int, Slot] = {}
        self.start = arena.size
        self.runs = [
            Run(kind, *self._run([w for w in self.trained if Kind.of(w, rules) == kind], matrices, arena))
            for kind in kinds
        ]
        self.count = arena.size - self.start  # floats of all trained weights
        self._run(rest, matrices, arena)
        self._states = [(s.value, Slot(s.shape)) for s in plan.states]
        for value, slot in self._states:
            self.slots[value] = replace(slot, offset=arena.take(slot.count))
        self.optimizer_slots = {name: arena.take(self.count) - self.start for name in optimizer.slots}
        self.sums = arena.take(self.count) - self.start if rules.gather > 1 else 0
        self.mean = arena.take(self.count) - self.start if rules.mean_decay is not None else 0
        self.end = arena.size  # what outlives a change of capacity
        self.gradient = arena.take(self.count) - self.start
        self.before = arena.take(self.count) - self.start
        limited = rules.clip_value is not None or rules.clip_norm is not None
        self.apart = limited or rules.gather > 1  # whether no optimizer reads a gradient as it came
        self.wanted = arena.take(self.count) - self.start if self.penalised or self.apart else 0
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

"""From a plan to tapes: places for all values, then instructions, each primitive's by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Slot, Store, common
from engine.backends.tape.memory import Arena, Parameters
from engine.backends.tape.program import Draft, Program
from engine.backends.tape.rules import RULES, Rule
from engine.backends.tape.rules.losses import emit_losses
from engine.backends.tape.rules.optimizers import emit_finish, emit_update
from engine.layers import Step
from engine.optimizers import Optimizer
from engine.plan import Plan
from engine.primitives import size

MODES = ("train", "gradients", "gradients_running", "evaluate", "forward")


class Compiler:
    """Writes all tapes of one plan for one capacity (samples) and number of threads. What rules need stands here."""

    def __init__(self, plan: Plan, optimizer: Optimizer, capacity: int, threads: int, winograd: int = 2) -> None:
        self.plan, self.optimizer, self.capacity, self.threads = plan, optimizer, capacity, threads
        self.winograd, self.tile_scratch = winograd, 0
        self.consumers = _consumers(plan)
        self.orders: dict[int, Image | None] = {}
        self.halos: dict[int, int] = {}
        self.gradient_halos: dict[int, int] = {}
        self.matrices: dict[int, Slot] = {}
        self._decide()
        self.arena = Arena()
        self.parameters = Parameters(plan, optimizer, self.matrices, self.arena)
        self._constants: list[float] = []
        self._constant_places: dict[tuple[float, ...], int] = {}
        heads, weights = len(plan.heads), len(plan.weights)
        self.loss_slot, self.hits_slot = o.BAD + 1, o.BAD + 1 + heads
        self.norm_slot = self.hits_slot + 1
        self.penalty_slot = self.norm_slot + weights
        self.doubles = self.penalty_slot + weights
        self._doubles: dict[object, int] = {}
        self._buffers: dict[object, int] = {}
        self._stores: dict[int, Store] = {}
        self._gradients: dict[int, Store] = {}
        self.partial_count = 0
        self._partials: dict[int, int] = {}
        self._place()
        self.reached: frozenset[int] = frozenset()  # values and weights that have a gradient after a backward pass

    def _decide(self) -> None:
        """Orders and halos of all values, layouts of all weights."""
        for slot in self.plan.inputs:
            shape = self.plan.values[slot.value].shape
            self.orders[slot.value] = (shape[0], shape[1], shape[2]) if len(shape) == 3 else None
        for step in self.plan.steps:
            self.orders[step.output] = self.rule(step).order(self, step)
        for step in self.plan.steps:
            self.rule(step).demand(self, step)

    def _place(self) -> None:
        """Partial gradients of each thread first, then stores of values and gradients."""
        for step in self.plan.steps:
            self.rule(step).reserve(self, step)
        self.partial_stride = -(-self.partial_count // 16) * 16 + 16
        self.partials = self.arena.take(self.partial_stride * self.threads)
        for slot in self.plan.inputs:
            self._stores[slot.value] = self._fresh(slot.value, self.halos)
        for step in self.plan.steps:
            given = self.rule(step).alias(self, step)
            self._stores[step.output] = given or self._fresh(step.output, self.halos)
        needs = self.plan.needs_gradient
        for step in self.plan.steps:
            for v in (*step.inputs, step.output):
                if needs[v] and self.plan.values[v].batched and v not in self._gradients:
                    alias = self.rule(step).alias_gradient(self, step) if v == step.output else None
                    self._gradients[v] = alias or self._fresh(v, self.gradient_halos)

    def _fresh(self, value: int, halos: dict[int, int]) -> Store:
        store = Store(0, self.plan.values[value].shape, self.orders[value], halos.get(value, 0))
        return store.at(self.arena.take(store.pitch * self.capacity))

    # what rules ask for ---------------------------------------------------------------------------------------

    def rule(self, step: Step) -> Rule:
        """The rule of a step's primitive."""
        return RULES[step.primitive.id]

    def store(self, value: int) -> Store:
        """Where a value lies."""
        return self._stores[value]

    def gradient(self, value: int) -> Store:
        """Where a value's gradient lies."""
        return self._gradients[value]

    def has_gradient(self, value: int) -> bool:
        """Whether the value has a gradient that somebody contributed to in this tape."""
        return value in self.written

    def slot(self, value: int) -> Slot:
        """A weight or state."""
        return self.parameters.slots[value]

    def needs(self, value: int) -> bool:
        """Whether a trained weight lies at or behind the value."""
        return self.plan.needs_gradient[value]

    def buffer(self, key: object, floats: int) -> int:
        """A place of its own for each key, the same in every tape."""
        if key not in self._buffers:
            self._buffers[key] = self.arena.take(floats)
        return self._buffers[key]

    def sums(self, key: object, count: int) -> int:
        """float64 sums of each thread, cleared at each step."""
        if key not in self._doubles:
            self._doubles[key] = self.doubles
            self.doubles += count
        return self._doubles[key]

    def constants(self, *values: float) -> int:
        """Where these constants stand."""
        if values not in self._constant_places:
            self._constant_places[values] = len(self._constants)
            self._constants.extend(values)
        return self._constant_places[values]

    def reserve_partial(self, value: int, count: int | None = None) -> None:
        """Keep room for each thread's own gradient of a weight, maybe in a form of ``count`` numbers."""
        self._partials[value] = self.partial_count
        self.partial_count += -(-(count or self.parameters.slots[value].count) // 16) * 16

    def partial(self, value: int) -> int:
        """The first thread's own gradient of a weight; the next thread's is ``partial_stride`` further."""
        return self.partials + self._partials[value]

    def plain(self, value: int) -> Store:
        """The value in C order: itself, or a copy made once in this tape."""
        store = self.store(value)
        if store.image is None:
            return store
        copy = Store(self.buffer(("plain", value), size(store.shape) * self.capacity), store.shape)
        if value not in self._plain_made:
            self._plain_made.add(value)
            self.permute(store, copy, to_plain=True, add=False)
        return copy

    def permute(self, image: Store, plain: Store, *, to_plain: bool, add: bool) -> None:
        """Between the order of images and C order, of the same numbers."""
        assert image.image is not None
        c, h, w = image.image
        operands = (*image.view, plain.offset, c, h, w, int(to_plain), int(add))
        self.draft.sample(o.MOVE, o.PERMUTE, *operands, floats=2 * image.pitch)

    def copy(self, source: Store, target: Store, *, add: bool = False) -> None:
        """target = source, or target += source; same shape and order."""
        rows, length, views = common(source, target)
        (a, a_pitch, a_row), (c, c_pitch, c_row) = views
        operands = (a, a_pitch, a_row, 0, c, c_pitch, c_row, 0, rows, 1, length, int(add))
        self.draft.sample(o.MOVE, o.COPY, *operands, floats=source.pitch if source.image else 0)

    @contextmanager
    def contribution(self, value: int, *, plain: bool = False, adds: bool = False) -> Iterator[tuple[Store, bool]]:
        """(store, add) to write a part of a value's gradient to; what others contributed is kept.

        ``plain``: the instruction writes C order. ``adds``: it can add to what is there.
        """
        target, first = self.gradient(value), value not in self.written
        if plain and target.image is not None:
            temporary = Store(self.buffer(("plain gradient", value), size(target.shape) * self.capacity), target.shape)
            yield temporary, False
            self.permute(target, temporary, to_plain=False, add=not first)
        elif first or adds:
            yield target, not first
        else:
            temporary = target.at(self.buffer(("part", value), target.pitch * self.capacity))
            yield temporary, False
            self.copy(temporary, target, add=True)
        self.written.add(value)

    def later(self, family: int, op: int, *operands: int) -> None:
        """A gradient of weights, once all gradients of values are there."""
        self._later.all(family, op, *operands)

    def at_last(self, family: int, op: int, *operands: int) -> None:
        """A gradient of weights that is made from what ``later`` left."""
        self._last.all(family, op, *operands)

    def reduce(self, value: int) -> None:
        """Join the threads' own gradients of a weight."""
        slot = self.slot(value)
        self.later(
            o.MOVE, o.REDUCE, self.partial(value), self.partial_stride, slot.count, self.parameters.gradient_of(value)
        )

    # tapes ----------------------------------------------------------------------------------------------------

    def program(self) -> Program:
        """All tapes."""
        tapes = {mode: self._tape(mode) for mode in MODES}
        return Program(tapes, self.arena.size + 64, self.doubles, np.array([*self._constants, 0.0]))

    def _tape(self, mode: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        self.draft, self._later, self._last = Draft(), Draft(), Draft()
        self.training, self.updates = mode in ("train", "gradients"), mode == "train"
        self.written: set[int] = set()
        self._plain_made: set[int] = set()
        self.backward = backward = mode in ("train", "gradients", "gradients_running")
        self.draft.all(o.MOVE, o.CLEAR, self.partials, self.partial_stride, self.partial_count if backward else 0)
        for k in self.plan.loss_steps if backward else range(len(self.plan.steps)):
            self.rule(self.plan.steps[k]).prepare(self, self.plan.steps[k])
        self.draft.sync()
        for slot in self.plan.inputs:
            self._gather(slot.value, slot.field)
        for k in self.plan.loss_steps if backward else range(len(self.plan.steps)):
            self.rule(self.plan.steps[k]).forward(self, self.plan.steps[k])
        if mode != "forward":
            emit_losses(self, gradients=backward)
        if backward:
            self._emit_backward()
            self.reached = frozenset(self.written)
        emit_finish(self, norms=backward)
        if mode == "train":
            emit_update(self)
        return self.draft.tape()

    def _gather(self, value: int, field: str) -> None:
        store = self.store(value)
        rows, length, (view,) = common(store)
        fields = sorted({s.field for s in self.plan.inputs})
        self.draft.sample(
            o.MOVE, o.GATHER, *view, rows, length, fields.index(field), floats=store.pitch if store.image else 0
        )

    def _emit_backward(self) -> None:
        for k in reversed(self.plan.loss_steps):
            step = self.plan.steps[k]
            if step.output in self.written and self.needs(step.output):
                self.rule(step).backward(self, step)
        self.draft.sync()
        self.draft.extend(self._later)
        self.draft.sync()
        self.draft.extend(self._last)
        self.draft.sync()


def _consumers(plan: Plan) -> dict[int, int]:
    """How often each value is read, by steps and by heads."""
    count = dict.fromkeys(range(len(plan.values)), 0)
    for step in plan.steps:
        for i in step.inputs:
            count[i] += 1
    for head in plan.heads:
        count[head.prediction] += 1
    return count

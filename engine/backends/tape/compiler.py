"""From a plan to tapes: places for all values, then instructions, each primitive's by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.backends.tape.ahead import asking
from engine.backends.tape.fusion import LEAN, Fusion, consumers
from engine.backends.tape.layout import Image, Slot, Store, common
from engine.backends.tape.memory import Arena, Parameters
from engine.backends.tape.passing import Places
from engine.backends.tape.program import Draft, Program, block_of
from engine.backends.tape.rules import RULES, Rule
from engine.backends.tape.rules.losses import emit_losses
from engine.backends.tape.rules.optimizers import emit_finish, emit_update
from engine.layers import Step
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan
from engine.primitives import size

#: "kept" is "train" with every value left to be looked at; "shown" is "forward" with only what the heads show;
#: "prepare" makes what "evaluate", "forward" and "shown" need of new weights
MODES = ("train", "kept", "gradients", "gradients_running", "prepare", "evaluate", "forward", "shown")


class Compiler:
    """Writes all tapes of one plan for one capacity (samples) and number of threads. What rules need stands here."""

    #: whether passing values share a place; without it every tape can be read over a whole batch at once
    sharing = True

    def __init__(
        self,
        plan: Plan,
        optimizer: Optimizer,
        capacity: int,
        threads: int,
        winograd: int = 2,
        rules: StepRules | None = None,
    ) -> None:
        self.plan, self.optimizer, self.capacity, self.threads = plan, optimizer, capacity, threads
        self.rules = rules or StepRules()
        self.winograd, self.tile_scratch, self.attention_scratch = winograd, 0, 0
        self.consumers = consumers(plan)
        self.orders: dict[int, Image | None] = {}
        self.halos: dict[int, int] = {}
        self.gradient_halos: dict[int, int] = {}
        self.matrices: dict[int, Slot] = {}
        self._decide()
        self.arena = Arena()
        self.parameters = Parameters(plan, optimizer, self.matrices, self.arena, self.rules)
        self._constants: list[float] = []
        self._constant_places: dict[tuple[float, ...], int] = {}
        heads, weights = len(plan.heads), len(plan.weights)
        self.loss_slot, self.hits_slot = o.BAD + 1, o.BAD + 1 + heads
        self.norm_slot = self.hits_slot + 1
        self.penalty_slot = self.norm_slot + weights
        self.doubles = self.penalty_slot + weights
        self._doubles: dict[object, int] = {}
        self._buffers: dict[object, int] = {}
        self._fills: dict[int, NDArray[np.float32]] = {}
        self._stores: dict[int, Store] = {}
        self._gradients: dict[int, Store] = {}
        self.fusion, self.lean = Fusion(plan, dict(self.orders)), False
        self.partial_count = 0
        self._partials: dict[int, int] = {}
        self._passing, self._lane = frozenset[int](), 0  # bases of values that share a place, and for which lane
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
        self._whole = self._place_gradients({})
        self.lean = True
        self._spare = self._place_gradients(self._whole)
        self.lean = False
        seen = {self._stores[v].base for h in self.plan.heads for v in (h.prediction, h.shown)}
        stores = [s for s in self._stores.values() if s.base not in seen]
        self._block = block_of(sum(s.extent for s in {s.base: s for s in stores if s.image}.values()))
        self._places = Places([*stores, *self._spare.values()] if self._block == 1 else [])
        self._passing_start = self.arena.take(self._places.each * self.threads)

    def _place_gradients(self, known: dict[int, Store]) -> dict[int, Store]:
        """Of every value that needs one; in a lean tape that behind a fused ReLU is the one before it."""
        needs, self._gradients = self.plan.needs_gradient, {}
        for step in self.plan.steps:
            for v in (*step.inputs, step.output):
                if not needs[v] or not self.plan.values[v].batched or v in self._gradients:
                    continue
                alias = self.rule(step).alias_gradient(self, step) if v == step.output else None
                self._gradients[v] = alias or known.get(v) or self._fresh(v, self.gradient_halos)
        return self._gradients

    def _fresh(self, value: int, halos: dict[int, int]) -> Store:
        store = Store(0, self.plan.values[value].shape, self.orders[value], halos.get(value, 0))
        return store.at(self.arena.take(store.extent * self.capacity))

    # what rules ask for ---------------------------------------------------------------------------------------

    def rule(self, step: Step) -> Rule:
        """The rule of a step's primitive."""
        return RULES[step.primitive.id]

    def store(self, value: int) -> Store:
        """Where a value lies."""
        return self._moved(self._stores[value])

    def _moved(self, store: Store) -> Store:
        if store.base not in self._passing:
            return store
        return replace(store, base=self._places.moved(store.base, self._passing_start, self._lane), shared=True)

    def target(self, step: Step) -> tuple[Store, bool]:
        """Where a step's output goes, and whether through a ReLU."""
        if self.lean and step.output in self.fusion.ends:
            return self.store(self.fusion.ends[step.output]), True
        return self.store(step.output), False

    def gradient(self, value: int) -> Store:
        """Where a value's gradient lies."""
        return self._moved(self._gradients[value])

    def has_gradient(self, value: int) -> bool:
        """Whether the value has a gradient that somebody contributed to in this tape."""
        return value in self.written

    def slot(self, value: int) -> Slot:
        """A weight or state."""
        return self.parameters.slots[value]

    def users(self, value: int) -> list[Step]:
        """The steps that read a weight, more than one where layers share it."""
        return [s for s in self.plan.steps if value in s.inputs]

    def needs(self, value: int) -> bool:
        """Whether a trained weight lies at or behind the value."""
        return self.plan.needs_gradient[value]

    def buffer(self, key: object, floats: int) -> int:
        """A place of its own for each key, the same in every tape."""
        if key not in self._buffers:
            self._buffers[key] = self.arena.take(floats)
        return self._buffers[key]

    def filled(self, key: object, numbers: NDArray[np.float32]) -> int:
        """A place with these numbers, which no tape writes."""
        place = self.buffer(key, numbers.size)
        self._fills[place] = numbers
        return place

    def sums(self, key: object, count: int) -> int:
        """float64 sums of each thread, cleared at each step."""
        if key not in self._doubles:
            self._doubles[key] = self.doubles
            self.doubles += count
        return self._doubles[key]

    def norm_with(self, weight: int) -> int:
        """Where an instruction that makes a weight's whole gradient adds up its squares; 0: it makes only a part."""
        if len(self.users(weight)) > 1:
            return 0
        self.normed.add(weight)
        return self.norm_slot + [w.value for w in self.plan.weights].index(weight)

    def constants(self, *values: float) -> int:
        """Where these constants stand."""
        if values not in self._constant_places:
            self._constant_places[values] = len(self._constants)
            self._constants.extend(values)
        return self._constant_places[values]

    def reserve_partial(self, value: int, count: int | None = None) -> None:
        """Keep room for each thread's own gradient of a weight, maybe in a form of ``count`` numbers."""
        if value not in self._partials:  # layers that share a weight add to one sum
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
        self.draft.sample(o.MOVE, o.PERMUTE, *operands, floats=2 * image.extent)

    def copy(self, source: Store, target: Store, *, add: bool = False) -> None:
        """target = source, or target += source; same shape and order."""
        rows, length, views = common(source, target)
        (a, a_pitch, a_row), (c, c_pitch, c_row) = views
        operands = (a, a_pitch, a_row, 0, c, c_pitch, c_row, 0, rows, 1, length, int(add))
        self.draft.sample(o.MOVE, o.COPY, *operands, floats=source.extent if source.image else 0)

    @contextmanager
    def written_plain(self, target: Store, key: object) -> Iterator[Store]:
        """A place to write the target's numbers to in C order: itself, or one from which they are put there."""
        if target.image is None:
            yield target
            return
        copy = Store(self.buffer(("written plain", key), size(target.shape) * self.capacity), target.shape)
        yield copy
        self.permute(target, copy, to_plain=False, add=False)

    def plain_gradient(self, value: int) -> Store:
        """A value's gradient in C order: itself, or a copy."""
        given = self.gradient(value)
        if given.image is None:
            return given
        copy = Store(self.buffer(("read plain", value), size(given.shape) * self.capacity), given.shape)
        self.permute(given, copy, to_plain=True, add=False)
        return copy

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
            temporary = target.at(self.buffer(("part", value), target.extent * self.capacity))
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
        """Join the threads' own gradients of a weight, once for all layers that share it."""
        if value in self.written:
            return
        self.written.add(value)
        slot = self.slot(value)
        self.later(
            o.MOVE, o.REDUCE, self.partial(value), self.partial_stride, slot.count, self.parameters.gradient_of(value)
        )

    # tapes ----------------------------------------------------------------------------------------------------

    def program(self) -> Program:
        """All tapes."""
        tapes, drifts = {"prepare": self._prepared()}, {}
        for mode in MODES:
            if mode != "prepare":
                tapes[mode], drifts[mode] = self._lanes(mode)
        self._gradients, self.lean = self._whole, False
        constants = np.array([*self._constants, 0.0])
        return Program(
            tapes, drifts, self.arena.size + 64, self.doubles, constants, self._fills, tuple(self.arena.starts)
        )

    def _prepared(self) -> NDArray[np.int64]:
        self.draft, self.backward = Draft(), False
        for step in self.plan.steps:
            self.rule(step).prepare(self, step)
        return self.draft.tape()

    def _lanes(self, mode: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(the first lane's tape, what the next lane's has more): passing values have a place for each lane."""
        tape = self._tape(mode)
        drift = np.zeros_like(tape)
        found = self._places.passing(self.draft.lines, self.capacity) if self.lean and self.sharing else frozenset()
        if found:
            self._passing = found
            tape = self._tape(mode)
            self._lane = 1
            drift = self._tape(mode) - tape
            self._passing, self._lane = frozenset(), 0
        return tape, drift

    def _tape(self, mode: str) -> NDArray[np.int64]:
        self.draft, self._later, self._last = Draft(), Draft(), Draft()
        self.updates, self.lean = mode in ("train", "kept"), mode in LEAN
        self.training = self.updates or mode == "gradients"
        self._gradients = self._spare if self.lean else self._whole
        self.written: set[int] = set()
        self.moved: set[int] = set()  # running statistics that have a new value waiting
        self.normed: set[int] = set()  # weights whose gradient's squares are summed where it is made
        self._plain_made: set[int] = set()
        self.backward = backward = self.training or mode == "gradients_running"
        self.draft.all(o.MOVE, o.CLEAR, self.partials, self.partial_stride, self.partial_count if backward else 0)
        for k in self.plan.loss_steps if backward else ():
            self.rule(self.plan.steps[k]).prepare(self, self.plan.steps[k])
        self.draft.sync()
        for slot in self.plan.inputs:
            self._gather(slot.value, slot.field)
        for k in self.plan.loss_steps if backward else range(len(self.plan.steps)):
            self.rule(self.plan.steps[k]).forward(self, self.plan.steps[k])
        if mode in ("forward", "shown"):
            return self._finished()
        emit_losses(self, gradients=backward)
        if backward:
            self._emit_backward()
            self.reached = self.reached if self.lean else frozenset(self.written)
        emit_finish(self, norms=backward)
        if self.updates:
            emit_update(self)
        return self._finished()

    def _finished(self) -> NDArray[np.int64]:
        return self.draft.tape(self._block, asking)

    def _gather(self, value: int, field: str) -> None:
        store = self.store(value)
        rows, length, (view,) = common(store)
        fields = sorted({s.field for s in self.plan.inputs})
        self.draft.sample(
            o.MOVE, o.GATHER, *view, rows, length, fields.index(field), floats=store.extent if store.image else 0
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

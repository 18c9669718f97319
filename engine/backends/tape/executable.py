"""The tape backend: a plan compiled to a tape and run by compiled kernels, float32 on the CPU."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import (
    BackendUnavailableError,
    Carried,
    DivergedError,
    Dtype,
    Evaluation,
    Executable,
    Floats,
    Key,
    LastStep,
    StepRecords,
)
from engine.backends.initial import initial_weights
from engine.backends.tape import opcodes
from engine.backends.tape.again import FAST, direct, go_on, hand_over
from engine.backends.tape.binding import bound
from engine.backends.tape.blame import first_bad
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.footprint import copied, estimated, needed
from engine.backends.tape.layout import Floats32, Slot
from engine.backends.tape.machine import Fields, Figures, Machine
from engine.backends.tape.program import Program
from engine.backends.tape.refusal import refusals
from engine.backends.tape.rules.losses import head_losses
from engine.backends.tape.standing import Standing
from engine.backends.tape.validate import validate
from engine.layers import StateInfo, WeightInfo
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan
from engine.plan.memory import MemoryEstimate
from engine.primitives.random import stream_key

#: a step of fewer multiply-adds runs on one thread: waiting for the other would take longer
SMALL_STEP = 1_000_000
#: samples that evaluation takes at a time where training has shown no larger batch
EVALUATION = 64


def cores() -> int:
    """Cores that this process may use."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(here, opcodes.MAX_THREADS)


class TapeExecutable(Executable):
    """Tape and arena of one plan. Threads: the cores of this process unless told; small steps take one.

    The same seed, threads and machine give the same bits, however the steps are cut into chunks. ``winograd``: how 3x3
    convolutions of stride 1 are computed where their channels allow it: 0 directly, 2 by F(2x2), which is as exact and
    as local, 4 by F(4x4), faster, but NaN and rounding reach 5 x 5 pixels: what comes out bad is done again directly.
    """

    name = "tape"

    def __init__(
        self,
        plan: Plan,
        optimizer: Optimizer,
        dtype: Dtype = "float32",
        seed: int = 0,
        threads: int | None = None,
        winograd: int = 2,
        rules: StepRules | None = None,
    ) -> None:
        super().__init__(plan, optimizer, dtype, seed)
        reasons = refusals(plan, optimizer, dtype)
        if reasons:
            raise BackendUnavailableError(f"backend 'tape' has no kernel for {', '.join(reasons)}; 'numpy' has")
        self._standing = Standing(rules or StepRules())
        self.threads, self.winograd = min(threads or cores(), opcodes.MAX_THREADS), winograd
        self._work = sum(
            3 * s.primitive.macs(*(plan.values[i].shape for i in s.inputs)) for s in plan.steps
        )  # per sample
        self._streams = 1 + max((int(getattr(s.primitive, "stream", -1)) for s in plan.steps), default=-1)
        self._data = Fields(())
        self._last: LastStep | None = None
        self._stale = True  # what was made of the weights for looking is that of other weights
        infos: tuple[WeightInfo | StateInfo, ...] = (*plan.weights, *plan.states)
        self._infos: dict[Key, int] = {(i.node, i.name): i.value for i in infos}
        self._direct: TapeExecutable | None = None
        self._written: tuple[Compiler, Program] | None = None
        self._compiler, self._machine = self._built(1)
        self._load(initial_weights(plan, seed))
        for name, place in self._compiler.parameters.optimizer_slots.items():
            self._run_of(place)[...] = 0
            for key in self._state_keys():
                slot = self._weight_slot(key)
                self._flat(slot, place)[...] = slot.pack(np.full(slot.shape, optimizer.slot_start(name)))

    # memory -----------------------------------------------------------------------------------------------------

    def _built(self, capacity: int) -> tuple[Compiler, Machine]:
        compiler, program = self._tapes(capacity)
        weights, self._written = len(self.plan.weights), None
        validate(program, capacity, self.threads, weights)
        return compiler, Machine(program, self.threads, weights, capacity)

    def _tapes(self, capacity: int) -> tuple[Compiler, Program]:
        """Written once: whoever asks what they need is likely to run them."""
        if self._written is None or self._written[0].capacity != capacity:
            compiler = Compiler(self.plan, self.optimizer, capacity, self.threads, self.winograd, self._standing.rules)
            self._written = compiler, compiler.program()
        return self._written

    def memory(
        self, batch: int, x: Mapping[str, NDArray[Any]], slots: int, *, looked_at: bool = False
    ) -> MemoryEstimate:
        """See Executable.memory: of the tapes that will run, at this batch."""
        small, reference = self._compiler, super().memory(batch, x, slots, looked_at=looked_at)
        sizes = {small.capacity: needed(small, self._machine.program, looked_at=looked_at)}
        here = max(batch, small.capacity)
        if here not in sizes:
            sizes[here] = needed(*self._tapes(here), looked_at=looked_at)
        return estimated(batch, sizes, reference.per_sample, copied(self.plan, small.orders, x))

    def _ensure(self, batch: int) -> None:
        """Room for a batch; parameters keep their places."""
        if batch > self._machine.capacity:
            old = self._machine
            old.close()
            self._compiler, self._machine = self._built(batch)
            self._stale = True
            end = self._compiler.parameters.end
            self._machine.arena[:end] = old.arena[:end]

    def threads_of(self, batch: int) -> int:
        """All of them where the step is worth the waiting for each other, else one."""
        return self.threads if self._work * batch >= SMALL_STEP and batch >= self.threads else 1

    def _flat(self, slot: Slot, shift: int = 0) -> Floats32:
        return self._machine.arena[slot.offset + shift : slot.offset + shift + slot.count]

    def _run_of(self, shift: int) -> Floats32:
        p = self._compiler.parameters
        return self._machine.arena[p.start + shift : p.start + shift + p.count]

    def _weight_slot(self, key: Key) -> Slot:
        return self._compiler.slot(self._infos[key])

    # training ---------------------------------------------------------------------------------------------------

    def bind(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]]) -> None:
        """Converted once, images to (H, W, C)."""
        self._data = self._fields(x, y)

    def _fields(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]] | None) -> Fields:
        return bound(self.plan, self._compiler.orders, x, y)

    def train(
        self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, *, keep: bool = False
    ) -> StepRecords:
        """See Executable.train. All steps in one call of machine code."""
        steps, batch = rows.shape
        self._ensure(batch)
        scalars = self.scalars(np.asarray(rates, np.float64), first_step, batch)
        keys = self._keys(first_step, steps)
        figures = self._run_steps(rows, scalars, keys, 1 if keep and steps else 0)
        records = self._records(figures, batch)
        self._standing.passed(first_step, figures.done + (figures.stop == 2), batch)
        if figures.stop == 1 and self.winograd == FAST:
            return go_on(self, rows, rates, first_step, records, keep)
        if figures.done < steps:
            raise self._diverged(figures, first_step + figures.done, batch, records)
        if keep and steps:
            moved, self._last = self._standing.rules.applies(first_step + steps - 1), None  # not two at a time
            self._last = self._look(first_step + steps - 1, rows[-1], batch, updates=1.0 if moved else 0.0)
        return records

    def scalars(self, rates: NDArray[np.float64], first_step: int, batch: int) -> NDArray[np.float64]:
        """What each of the next steps reads, one line a step."""
        runs = self._compiler.parameters.runs
        return self._standing.scalars(self.optimizer, runs, rates, first_step, batch)

    def _run_steps(
        self, rows: NDArray[np.int64], scalars: NDArray[np.float64], keys: NDArray[np.int64] | None, kept: int
    ) -> Figures:
        """All steps; the last ``kept`` of them, and one that met a bad value, with every value left to be looked at."""
        self._stale = True
        steps, threads = len(rows), self.threads_of(rows.shape[1])

        def run(mode: str, part: slice) -> Figures:
            own = None if keys is None else keys[part]
            return self._machine.run(mode, self._data, rows[part], threads, scalars[part], own)

        if kept and steps == kept:
            return run("kept", slice(0, steps))
        figures = run("train", slice(0, steps - kept))
        if figures.stop == 1:
            run("kept", slice(figures.done, figures.done + 1))
        return figures.followed(run("kept", slice(steps - 1, steps))) if kept and not figures.stop else figures

    def _keys(self, first_step: int, steps: int) -> NDArray[np.int64] | None:
        if not self._streams:
            return None
        keys = [[stream_key(self.seed, s, first_step + k) for s in range(self._streams)] for k in range(steps)]
        return np.array(keys, np.int64)

    def _records(self, f: Figures, batch: int) -> StepRecords:
        n, weights = f.done, len(self.plan.weights)
        samples = np.full(n, batch, np.int64)
        return StepRecords(f.loss[:n], f.penalty[:n], f.hits[:n], samples, f.norms[:n, :weights])

    def _diverged(self, figures: Figures, step: int, batch: int, done: StepRecords) -> DivergedError:
        if figures.stop == 2:
            p = self._compiler.parameters
            spoiled = [(w, int(np.count_nonzero(~np.isfinite(self._flat(p.slots[w.value]))))) for w in p.trained]
            self._run_of(0)[...] = self._run_of(p.before)
            w, bad = next((w, bad) for w, bad in spoiled if bad)
            return DivergedError(step, w.node, w.name, bad, done)
        node, tensor, count = first_bad(self._compiler, self._machine.arena, batch, self._gradients(batch))
        return DivergedError(step, node, tensor, count, done)

    # looking ----------------------------------------------------------------------------------------------------

    def _values(self, batch: int, wanted: Sequence[int]) -> dict[int, Floats]:
        c, arena = self._compiler, self._machine.arena
        stored = self._infos.values()
        weights = {v: c.slot(v).unpack(self._flat(c.slot(v))) for v in wanted if v in stored}
        return {v: weights[v] if v in weights else c.store(v).read(arena, batch) for v in wanted}

    def _gradients(self, batch: int) -> dict[int, Floats]:
        """Of every value and weight that the last backward pass reached."""
        c, p = self._compiler, self._compiler.parameters
        trained = {w.value for w in p.trained}
        found: dict[int, Floats] = {}
        for v in sorted(c.reached):
            if v in trained:
                found[v] = c.slot(v).unpack(self._flat(c.slot(v), p.gradient))
            else:
                found[v] = c.gradient(v).read(self._machine.arena, batch)
        return found

    def _look(self, step: int, rows: NDArray[np.int64], batch: int, *, updates: float | None) -> LastStep:
        """``updates``: how often what the weights moved by counts, 0 where they did not, None for gradients alone."""
        plan, p = self.plan, self._compiler.parameters
        wanted = [*self._infos.values(), *(s.value for s in plan.inputs)]
        wanted += [plan.steps[k].output for k in plan.loss_steps]
        values, grads = self._values(batch, wanted), self._gradients(batch)
        weight_grads = {w.value: grads[w.value] for w in plan.weights if w.value in grads}
        moved: dict[int, Floats] = {}
        for w in p.trained if updates is not None else ():
            slot = p.slots[w.value]
            apart = self._flat(slot) - self._flat(slot, p.before) if updates else np.zeros(slot.count, np.float32)
            moved[w.value] = slot.unpack(apart)
        return LastStep(step, rows.copy(), values, grads, weight_grads, moved)

    def last(self) -> LastStep | None:
        """See Executable.last."""
        return self._last

    def gradients(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]], *, training: bool) -> LastStep:
        """See Executable.gradients."""
        fields = self._fields(x, y)
        batch = fields.count
        self._ensure(batch)
        mode = "gradients" if training else "gradients_running"
        self._machine.run(mode, fields, np.arange(batch)[None, :], self.threads_of(batch), keys=self._keys(0, 1))
        return self._look(-1, np.arange(0), batch, updates=None)

    def evaluate(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]], batch: int = 256) -> Evaluation:
        """See Executable.evaluate."""
        fields, plan = self._fields(x, y), self.plan
        per_sample: list[Floats] = []
        shown: dict[str, list[Floats]] = {h.node: [] for h in plan.heads}
        for rows in self._slices(fields.count, batch):
            n = rows.size
            self._look_through("evaluate", fields, rows)
            values = self._values(n, [h.shown for h in plan.heads])
            losses = [head_losses(self._compiler, k) for k in range(len(plan.heads))]
            weighted = [h.weight * self._machine.arena[at : at + n] for h, at in zip(plan.heads, losses, strict=True)]
            per_sample.append(np.sum(weighted, axis=0))
            for h in plan.heads:
                shown[h.node].append(values[h.shown])
        losses_all = np.concatenate(per_sample) if per_sample else np.zeros(0, np.float32)
        mean = float(losses_all.mean(dtype=np.float64)) if fields.count else float("nan")
        if fields.count and self.winograd == FAST and not np.isfinite(mean):
            hand_over(self, direct(self))
            return direct(self).evaluate(x, y, batch)
        return Evaluation(mean, losses_all, {k: np.concatenate(v) for k, v in shown.items() if v})

    def _look_through(self, mode: str, fields: Fields, rows: NDArray[np.int64]) -> None:
        """A tape without training, after what it needs of the weights was made once."""
        if self._stale:
            self._machine.run("prepare", Fields(()), np.zeros((1, 0), np.int64), 1)
            self._stale = False
        self._machine.run(mode, fields, rows[None, :], self.threads_of(rows.size))

    def _slices(self, count: int, batch: int) -> list[NDArray[np.int64]]:
        """Rows in pieces that fit the arena, which grows to a moderate size only."""
        size = max(min(batch, count), 1)
        self._ensure(min(size, EVALUATION))
        size = min(size, self._machine.capacity)
        return [np.arange(at, min(at + size, count)) for at in range(0, count, size)]

    def forward(self, x: Mapping[str, NDArray[Any]], wanted: Sequence[int]) -> dict[int, Floats]:
        """See Executable.forward."""
        fields = self._fields(x, None)
        mode = "shown" if {h.shown for h in self.plan.heads}.issuperset(wanted) else "forward"
        parts: list[dict[int, Floats]] = []
        for rows in self._slices(fields.count, fields.count):
            self._look_through(mode, fields, rows)
            parts.append(self._values(rows.size, list(dict.fromkeys(wanted))))
        if len(parts) == 1:
            return {v: parts[0][v] for v in wanted}
        batched = {v for v in wanted if self.plan.values[v].batched}
        return {v: np.concatenate([p[v] for p in parts]) if v in batched else parts[0][v] for v in wanted}

    # weights ----------------------------------------------------------------------------------------------------

    def weights(self) -> dict[Key, Floats]:
        """See Executable.weights."""
        return {k: self._weight_slot(k).unpack(self._flat(self._weight_slot(k))) for k in self._infos}

    def load_weights(self, weights: Mapping[Key, Floats]) -> None:
        """See Executable.load_weights."""
        self._load(weights)

    def _load(self, weights: Mapping[Key, NDArray[np.floating]]) -> None:
        for key in self._infos:
            slot, given = self._weight_slot(key), weights.get(key)
            if given is None:
                continue
            if given.shape != slot.shape:
                raise ValueError(f"{key[1]!r} of {key[0]!r}: expected shape {slot.shape}, got {given.shape}")
            self._flat(slot)[...] = slot.pack(given)
        self._stale = True

    def _state_keys(self) -> list[Key]:
        return [(w.node, w.name) for w in self._compiler.parameters.trained]

    def optimizer_state(self) -> dict[Key, dict[str, Floats]]:
        """See Executable.optimizer_state."""
        places = self._compiler.parameters.optimizer_slots
        regions = {name: self._region(at) for name, at in places.items()}
        return {k: {name: region[k] for name, region in regions.items()} for k in self._state_keys()}

    def _region(self, shift: int) -> dict[Key, Floats]:
        """Copies of what a region of the arena keeps of each trained weight."""
        slots = {k: self._weight_slot(k) for k in self._state_keys()}
        return {k: slot.unpack(self._flat(slot, shift)) for k, slot in slots.items()}

    def load_optimizer_state(self, state: Mapping[Key, Mapping[str, Floats]]) -> None:
        """See Executable.load_optimizer_state."""
        places = self._compiler.parameters.optimizer_slots
        for key in self._state_keys():
            slot = self._weight_slot(key)
            for name, value in state.get(key, {}).items():
                self._flat(slot, places[name])[...] = slot.pack(value)

    def carried(self) -> Carried:
        """See Executable.carried."""
        p, s = self._compiler.parameters, self._standing
        return Carried(self._region(p.sums) if s.held else {}, s.held, self._region(p.mean) if s.begun else {})

    def load_carried(self, carried: Carried) -> None:
        """See Executable.load_carried."""
        p, s = self._compiler.parameters, self._standing
        s.held = carried.held if s.rules.gather > 1 else 0
        s.begun = bool(carried.mean) and s.rules.mean_decay is not None
        given = ((p.sums, carried.sums, s.rules.gather > 1), (p.mean, carried.mean, s.rules.mean_decay is not None))
        for shift, arrays, here in given:
            for key in self._state_keys() if here else ():
                slot = self._weight_slot(key)
                self._flat(slot, shift)[...] = slot.pack(arrays.get(key, np.zeros(slot.shape)))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """See Executable.averaged. The arena may be another at the end."""
        if not self._standing.begun:
            yield
            return
        own = self._run_of(0).copy()
        self._run_of(0)[...] = self._run_of(self._compiler.parameters.mean)
        self._stale = True
        try:
            yield
        finally:
            self._run_of(0)[...] = own
            self._stale = True

    def close(self) -> None:
        """End the helper threads."""
        self._machine.close()
        if self._direct is not None:
            self._direct.close()

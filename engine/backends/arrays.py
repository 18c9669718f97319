"""The plan's primitives one after another, in any namespace of arrays that speaks as NumPy does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import (
    Carried,
    DivergedError,
    Dtype,
    Evaluation,
    Executable,
    Floats,
    Key,
    LastStep,
    StepLeftError,
    StepRecords,
)
from engine.backends.initial import initial_weights
from engine.backends.interpreter import Pass, backward, forward, head_gradients, head_losses
from engine.backends.records import Recorder
from engine.backends.together import Together
from engine.backends.update import Updater
from engine.layers import StateInfo, WeightInfo
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan
from engine.primitives import Array, Context
from engine.regularizers import penalty


class _Left(Exception):
    """A step is given up; nobody but ``train`` sees it."""


class ArrayExecutable(Executable):
    """Step by step over arrays of ``xp``; what goes in and what comes out are NumPy arrays.

    A subclass whose arrays live elsewhere says how one gets there (``place``) and back (``host``).
    """

    xp: Any = np

    @staticmethod
    def place(array: NDArray[Any]) -> Array:
        """A NumPy array as one of ``xp``."""
        return array

    @staticmethod
    def host(array: Array) -> NDArray[Any]:
        """An array of ``xp`` as one of NumPy."""
        return array  # type: ignore[no-any-return]

    def _hosted(self, arrays: Mapping[int, Array]) -> dict[int, Floats]:
        return {k: self.host(v) for k, v in arrays.items()}

    def __init__(
        self,
        plan: Plan,
        optimizer: Optimizer,
        dtype: Dtype = "float32",
        seed: int = 0,
        rules: StepRules | None = None,
    ) -> None:
        super().__init__(plan, optimizer, dtype, seed)
        self._type = np.dtype(dtype)
        start = initial_weights(plan, seed)
        self._infos: tuple[WeightInfo | StateInfo, ...] = (*plan.weights, *plan.states)
        self._stored: dict[int, Array] = {
            i.value: self.place(start[i.node, i.name].astype(self._type)) for i in self._infos
        }
        self._trained = tuple(w for w in plan.weights if w.trainable)
        self._moving = Together(self.xp, {w.value: self._stored[w.value] for w in self._trained}, self._type)
        self._stored.update(self._moving.parts)
        self._slots: dict[int, dict[str, Array]] = {w.value: self._fresh_slots(w.value) for w in self._trained}
        self._updater = Updater(self.xp, optimizer, rules or StepRules(), self._trained, self._slots)
        self._x: dict[str, Array] = {}
        self._y: dict[str, Array] = {}
        self._last: LastStep | None = None

    def _fresh_slots(self, value: int) -> dict[str, Array]:
        like = self._stored[value]
        return {s: self.xp.full_like(like, self.optimizer.slot_start(s)) for s in self.optimizer.slots}

    def bind(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]]) -> None:
        """Converted once to this dtype; whole-number fields stay whole."""
        self._x = {k: self._cast(v) for k, v in x.items()}
        self._y = {k: self._cast(v) for k, v in y.items()}

    def _cast(self, array: NDArray[Any]) -> Array:
        return self.place(array if array.dtype.kind in "iu" else np.ascontiguousarray(array, self._type))

    def train(
        self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, *, keep: bool = False
    ) -> StepRecords:
        """One step after another; see Executable.train."""
        recorder = Recorder(self.plan, len(rows))
        with np.errstate(all="ignore"):
            for k, batch in enumerate(rows):
                taken = self.place(batch)
                x = {name: v[taken] for name, v in self._x.items()}
                y = {name: v[taken] for name, v in self._y.items()}
                try:
                    self._step(
                        x, y, float(rates[k]), first_step + k, recorder, batch if keep and k == len(rows) - 1 else None
                    )
                except DivergedError as error:
                    error.done = recorder.records()
                    raise
                except _Left:
                    raise StepLeftError(recorder.records()) from None
        return recorder.records()

    def _step(
        self,
        x: dict[str, Array],
        y: dict[str, Array],
        rate: float,
        step: int,
        recorder: Recorder,
        keep_rows: NDArray[np.int64] | None,
    ) -> None:
        context = Context(self.xp, training=True, seed=self.seed, step=step)
        states = {s.value: self._stored[s.value].copy() for s in self.plan.states}
        run = forward(self.plan, context, {**self._stored, **states}, x, self.plan.loss_steps, self._pause)
        losses = head_losses(self.plan, self.xp, run, y)
        seeds = head_gradients(self.plan, self.xp, run, y)
        grads = backward(self.plan, context, run, seeds, pause=self._pause)
        loss = sum(h.weight * float(v.mean(dtype=np.float64)) for h, v in zip(self.plan.heads, losses, strict=True))
        norms = self._norms([grads.get(w.value) for w in self.plan.weights])
        if not math.isfinite(loss + sum(norms)):
            raise self._diverged(step, run, losses, grads)
        total = sum(penalty(self.xp, self._stored[w.value], w.l1, w.l2) for w in self._trained)
        self._moving.keep()
        wanted = self._updater.gathered(grads, len(next(iter(y.values()))), step)
        if wanted is not None:
            self._updater.update(self._stored, wanted, rate, step)
            self._check_update(step)
            self._updater.average(self._stored)
        self._stored.update(states)
        recorder.add(loss, float(total), run, y, norms)
        if keep_rows is not None:
            updates = {v: self.host(self._stored[v] - b) for v, b in self._moving.kept.items()}
            self._last = self._kept(step, keep_rows, run, grads, updates)

    def _pause(self) -> None:
        """Between two primitives of a step, before anything was updated: leave it where somebody waits."""
        if self.leaves is not None and self.leaves():
            raise _Left

    def _kept(
        self, step: int, rows: NDArray[np.int64], run: Pass, grads: dict[int, Array], updates: dict[int, Floats]
    ) -> LastStep:
        found = self._hosted(grads)
        of_weights = {w.value: found[w.value] for w in self.plan.weights if w.value in found}
        return LastStep(step, rows, self._hosted(run.values), found, of_weights, updates)

    def _norms(self, grads: Sequence[Array | None]) -> list[float]:
        """l2 norm of each, 0 for none."""
        return [0.0 if g is None else _norm(g) for g in grads]

    def _bad(self, a: Array) -> int:
        return int(self.xp.count_nonzero(~self.xp.isfinite(a))) if a.dtype.kind == "f" else 0

    def _check_update(self, step: int) -> None:
        if not self._moving.may_be_bad():
            return
        for w in self._trained:
            bad = self._bad(self._stored[w.value])
            if bad:
                self._moving.restore()
                raise DivergedError(step, w.node, w.name, bad)

    def _diverged(self, step: int, run: Pass, losses: Sequence[Array], grads: dict[int, Array]) -> DivergedError:
        """The first bad value: forward in order, then the losses, then backward in order."""
        refs = self.plan.values
        for slot in self.plan.inputs:
            if bad := self._bad(run.values[slot.value]):
                return DivergedError(step, slot.node, "input", bad)
        for k in self.plan.loss_steps:
            s = self.plan.steps[k]
            if bad := self._bad(run.values[s.output]):
                return DivergedError(step, s.node, refs[s.output].name, bad)
        for head, values in zip(self.plan.heads, losses, strict=True):
            if bad := self._bad(values):
                return DivergedError(step, head.node, "loss", bad)
        for k in reversed(self.plan.loss_steps):
            s = self.plan.steps[k]
            for i in s.inputs:
                if i in grads and (bad := self._bad(grads[i])):
                    return DivergedError(step, s.node, f"gradient of {refs[i].name}", bad)
        return DivergedError(step, self.plan.heads[0].node, "gradient norm", 1)

    def last(self) -> LastStep | None:
        """See Executable.last."""
        return self._last

    def gradients(
        self,
        x: Mapping[str, NDArray[Any]],
        y: Mapping[str, NDArray[Any]],
        *,
        training: bool,
        step: int = 0,
        watch: Callable[[int, int, Floats], None] | None = None,
    ) -> LastStep:
        """See Executable.gradients; ``watch`` as in the interpreter's backward, ``step`` feeds the dropout masks."""
        context = Context(self.xp, training=training, update_state=False, seed=self.seed, step=step)
        xs, ys = {k: self._cast(v) for k, v in x.items()}, {k: self._cast(v) for k, v in y.items()}
        with np.errstate(all="ignore"):
            run = forward(self.plan, context, self._stored, xs, self.plan.loss_steps)
            seen = None if watch is None else lambda k, place, g: watch(k, place, self.host(g))
            grads = backward(self.plan, context, run, head_gradients(self.plan, self.xp, run, ys), seen)
        return self._kept(-1, np.arange(0), run, grads, {})

    def evaluate(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]], batch: int = 256) -> Evaluation:
        """See Executable.evaluate."""
        xs, ys = {k: self._cast(v) for k, v in x.items()}, {k: self._cast(v) for k, v in y.items()}
        count = len(next(iter(xs.values())))
        per_sample: list[Floats] = []
        shown: dict[str, list[Floats]] = {h.node: [] for h in self.plan.heads}
        with np.errstate(all="ignore"):
            for start in range(0, count, batch):
                part = slice(start, start + batch)
                run = self._evaluate_batch({k: v[part] for k, v in xs.items()})
                losses = head_losses(self.plan, self.xp, run, {k: v[part] for k, v in ys.items()})
                weighted = [h.weight * v for h, v in zip(self.plan.heads, losses, strict=True)]
                per_sample.append(self.host(sum(weighted[1:], weighted[0])))
                for h in self.plan.heads:
                    shown[h.node].append(self.host(run.values[h.shown]))
        losses_all = np.concatenate(per_sample) if per_sample else np.zeros(0, self._type)
        mean = float(losses_all.mean(dtype=np.float64)) if count else float("nan")
        return Evaluation(mean, losses_all, {k: np.concatenate(v) for k, v in shown.items() if v})

    def _evaluate_batch(self, x: dict[str, Array]) -> Pass:
        context = Context(self.xp, training=False, update_state=False, seed=self.seed)
        return forward(self.plan, context, self._stored, x, range(len(self.plan.steps)))

    def forward(self, x: Mapping[str, NDArray[Any]], wanted: Sequence[int]) -> dict[int, Floats]:
        """See Executable.forward."""
        with np.errstate(all="ignore"):
            run = self._evaluate_batch({k: self._cast(v) for k, v in x.items()})
        return {v: self.host(run.values[v]) for v in wanted}

    def weights(self) -> dict[Key, Floats]:
        """See Executable.weights."""
        return {(i.node, i.name): self.host(self._stored[i.value].copy()) for i in self._infos}

    def load_weights(self, weights: Mapping[Key, Floats]) -> None:
        """See Executable.load_weights."""
        for i in self._infos:
            given = weights.get((i.node, i.name))
            if given is None:
                continue
            if given.shape != i.shape:
                raise ValueError(f"{i.name!r} of {i.node!r}: expected shape {i.shape}, got {given.shape}")
            self._stored[i.value][...] = self.place(given)
        self._last = None  # it was of other weights

    def carried(self) -> Carried:
        """See Executable.carried."""
        found = self._updater.carried()
        sums, mean = ({k: self.host(v) for k, v in part.items()} for part in (found.sums, found.mean))
        return Carried(sums, found.held, mean)

    def load_carried(self, carried: Carried) -> None:
        """See Executable.load_carried."""
        sums, mean = ({k: self.place(v) for k, v in part.items()} for part in (carried.sums, carried.mean))
        self._updater.load_carried(Carried(sums, carried.held, mean), self._stored)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """See Executable.averaged. Arrays change places; nothing is copied."""
        own = {v: self._stored[v] for v in self._updater.mean}
        self._stored.update(self._updater.mean)
        try:
            yield
        finally:
            self._stored.update(own)

    def optimizer_state(self) -> dict[Key, dict[str, Floats]]:
        """See Executable.optimizer_state."""
        return {
            (w.node, w.name): {k: self.host(v.copy()) for k, v in self._slots[w.value].items()} for w in self._trained
        }

    def load_optimizer_state(self, state: Mapping[Key, Mapping[str, Floats]]) -> None:
        """See Executable.load_optimizer_state."""
        for w in self._trained:
            for name, value in state.get((w.node, w.name), {}).items():
                self._slots[w.value][name][...] = self.place(value)


def _norm(g: Floats) -> float:
    """l2 norm, summed in float64 so that long sums of float32 squares stay exact to single precision."""
    flat = g.ravel()
    if flat.size < 65536:
        flat = flat.astype(np.float64, copy=False)
    return float(np.sqrt(np.dot(flat, flat)))

"""The GPU backend: the same plan over CuPy's arrays, float32 or float64.

Data, weights and optimizer tensors stay on the device; a chunk of steps brings back its figures, and a look what it
looks at. A small net trains a whole chunk in one launch. Else matrix products are cuBLAS's, and convolution is matrix
products over unfolded images (Chellapilla et al. 2006), because CuPy 14 has no cuDNN.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.arrays import ArrayExecutable
from engine.backends.base import DivergedError, Dtype, StepRecords
from engine.backends.cupy.fused import FusedUpdater
from engine.backends.cupy.launch import Launcher, Stop
from engine.backends.cupy.moves import known
from engine.backends.cupy.small import Small, refusal
from engine.backends.interpreter import Pass, backward, forward, head_gradients, head_losses
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan
from engine.primitives import Array, Context, size

LOG = logging.getLogger("gradloom.cupy")


class CupyExecutable(ArrayExecutable):
    """Asynchronous within a step; it waits for the device where a figure of the step is read.

    ``why_slow``: what keeps the plan from the kernel of small nets, "" where nothing does.
    """

    name = "cupy"
    #: whether small nets may train in one kernel, and others update all weights in one
    one_kernel = True

    def __init__(
        self, plan: Plan, optimizer: Optimizer, dtype: Dtype = "float32", seed: int = 0, rules: StepRules | None = None
    ) -> None:
        super().__init__(plan, optimizer, dtype, seed, rules)
        self.why_slow = refusal(plan, optimizer, rules or StepRules()) if self.one_kernel else "switched off"
        self._frozen = tuple(w for w in plan.weights if not w.trainable)
        self._proved = False
        self._launcher: Launcher | None = None
        if self.one_kernel and self._trained and known(optimizer):
            slots = self._pieces()
            parts = (self.xp, optimizer, rules or StepRules(), self._trained, self._slots)
            self._updater = FusedUpdater(*parts, moving=self._moving, pieces=slots)
            if not self.why_slow:
                self._launcher = self._prepared(rules or StepRules(), slots)

    def _pieces(self) -> dict[str, Array]:
        """Each tensor of the optimizer in one piece of memory, as the weights are."""
        starts, total = self._moving.starts, self._moving.whole.size
        slots = {s: self.xp.full(total, self.optimizer.slot_start(s), self._type) for s in self.optimizer.slots}
        for w in self._trained:
            at, own = starts[w.value], self._slots[w.value]
            own.update({s: whole[at : at + size(w.shape)].reshape(w.shape) for s, whole in slots.items()})
        return slots

    def _prepared(self, rules: StepRules, slots: Mapping[str, Array]) -> Launcher:
        starts, total = self._moving.starts, self._moving.whole.size
        held, end = {}, 0
        for w in self._frozen:
            held[w.value] = end
            end += size(w.shape)
        small = Small(self.plan, self.optimizer, rules, self.dtype, starts, total, held)
        return Launcher(self.xp, small, self._moving.whole, slots, self.seed)

    @property
    def xp(self) -> Any:
        """CuPy, loaded at the first use."""
        import cupy

        return cupy

    @staticmethod
    def place(array: NDArray[Any]) -> Array:
        """To the device."""
        import cupy

        return cupy.asarray(array)

    @staticmethod
    def host(array: Array) -> NDArray[Any]:
        """Back from the device; waits for it."""
        import cupy

        return cupy.asnumpy(array)  # type: ignore[no-any-return]

    def bind(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]]) -> None:
        """See Executable.bind. Samples of another size than the plan's are for the primitives to refuse."""
        super().bind(x, y)
        if self._launcher is not None:
            try:
                self._launcher.bind(self._x, self._y)
            except (KeyError, ValueError) as error:
                self._give_up(str(error))

    def _give_up(self, reason: str) -> None:
        self.why_slow, self._launcher = reason, None
        LOG.warning("the GPU trains this net step by step, not in one kernel: %s", reason)

    def train(
        self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, *, keep: bool = False
    ) -> StepRecords:
        """See Executable.train; a small net's steps in one launch, and the last apart where it is looked at."""
        launcher = self._usable(rows, rates, first_step)
        if launcher is None:
            return super().train(rows, rates, first_step, keep=keep)
        rows = np.ascontiguousarray(rows, np.int64)
        if not keep:
            return self._launched(launcher, rows, rates, first_step)
        parts = [self._launched(launcher, rows[:-1], rates[:-1], first_step)] if len(rows) > 1 else []
        self._moving.keep()
        try:
            parts.append(self._launched(launcher, rows[-1:], rates[-1:], first_step + len(rows) - 1))
        except DivergedError as error:
            error.done = _joined([*parts, error.done] if error.done else parts)
            raise
        self._look(rows[-1], first_step + len(rows) - 1)
        return _joined(parts)

    def one_launch(self, batch: int) -> bool:
        """Whether steps of so many samples train in the one kernel."""
        return self._launcher is not None and self._launcher.fits(batch)

    def _usable(self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int) -> Launcher | None:
        """The kernel, once its first step has shown the figures that the primitives give."""
        launcher = self._launcher
        if launcher is None or not rows.size or not launcher.fits(rows.shape[1]):
            return None
        if not self._proved:
            try:
                reason = self._unproved(launcher, np.ascontiguousarray(rows[:1], np.int64), rates[:1], first_step)
            except (RuntimeError, ValueError, TypeError, OSError) as error:  # what CuPy's compiler and driver raise
                reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            if reason:
                self._give_up(reason)
                return None
            self._proved = True
        return launcher

    def _unproved(
        self, launcher: Launcher, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int
    ) -> str:
        """Where the first step's loss or gradient norms are not those of the primitives; the step is taken back."""
        run, grads = self._passed(rows[0], first_step, self._stored)
        losses = head_losses(self.plan, self.xp, run, self._batch(self._y, rows[0]))
        wanted = sum(h.weight * float(v.mean(dtype=np.float64)) for h, v in zip(self.plan.heads, losses, strict=True))
        norms = np.array(self._norms([grads.get(w.value) for w in self.plan.weights]))
        if not math.isfinite(wanted + norms.sum()):
            return ""  # whatever it gives, the step is no good
        pieces = [launcher.whole, *launcher.slots.values()]
        before = [p.copy() for p in pieces]
        records, stop = launcher.train(rows, rates, first_step, self._held())
        for piece, old in zip(pieces, before, strict=True):
            piece[...] = old
        if stop is not None and stop.weight < 0:
            return "its first step is not finite, though the primitives' is"
        if stop is None and not math.isclose(records.loss[0], wanted, rel_tol=1e-3, abs_tol=1e-6):
            return f"its first loss is {records.loss[0]:g}, the primitives' {wanted:g}"
        if stop is None and not np.allclose(records.grad_norm[0], norms, rtol=1e-2, atol=1e-3 * norms.max()):
            return "its gradients are not those of the primitives"
        return ""

    def _held(self) -> Array:
        """The untrained weights, one after another."""
        parts = [self._stored[w.value].reshape(-1) for w in self._frozen]
        return self.xp.concatenate(parts) if parts else self.xp.zeros(1, self._type)

    def _launched(
        self, launcher: Launcher, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int
    ) -> StepRecords:
        records, stop = launcher.train(rows, rates, first_step, self._held())
        if stop is not None:
            error = self._blamed(stop, rows[stop.at], float(rates[stop.at]), first_step + stop.at)
            error.done = records
            raise error
        return records

    def _blamed(self, stop: Stop, rows: NDArray[np.int64], rate: float, step: int) -> DivergedError:
        """The first bad value, found by the primitives from the same weights; nothing is moved by it."""
        if stop.weight >= 0:
            spoiled = self.plan.weights[stop.weight]
            return DivergedError(step, spoiled.node, spoiled.name, stop.count)
        with np.errstate(all="ignore"):
            run, grads = self._passed(rows, step, self._stored)
            losses = head_losses(self.plan, self.xp, run, self._batch(self._y, rows))
            return self._diverged(step, run, losses, grads)

    def _batch(self, of: Mapping[str, Array], rows: NDArray[np.int64]) -> dict[str, Array]:
        taken = self.place(rows)
        return {name: v[taken] for name, v in of.items()}

    def _passed(
        self, rows: NDArray[np.int64], step: int, stored: Mapping[int, Array]
    ) -> tuple[Pass, dict[int, Array]]:
        """A pass forward and backward as a training step makes it, by the primitives."""
        context = Context(self.xp, training=True, update_state=False, seed=self.seed, step=step)
        with np.errstate(all="ignore"):
            run = forward(self.plan, context, stored, self._batch(self._x, rows), self.plan.loss_steps)
            seeds = head_gradients(self.plan, self.xp, run, self._batch(self._y, rows))
            return run, backward(self.plan, context, run, seeds)

    def _look(self, rows: NDArray[np.int64], step: int) -> None:
        """What the kernel's last step left behind: its updates, and the values and gradients that led to them."""
        updates = {v: self.host(self._stored[v] - b) for v, b in self._moving.kept.items()}
        run, grads = self._passed(rows, step, {**self._stored, **self._moving.kept})
        run.values.update(self._stored)  # weights are shown as they are after the step
        self._last = self._kept(step, rows, run, grads, updates)

    def _norms(self, grads: Sequence[Array | None]) -> list[float]:
        """All sums on the device, and one wait for all of them."""
        found = [g for g in grads if g is not None]
        if not found:
            return [0.0] * len(grads)
        squares = self.xp.stack([self.xp.square(g.astype(np.float64)).sum() for g in found])
        norms = iter(self.host(self.xp.sqrt(squares)).tolist())
        return [0.0 if g is None else next(norms) for g in grads]

    def close(self) -> None:
        """Give the device's memory back to the other programs."""
        self._stored, self._x, self._y, self._last, self._launcher = {}, {}, {}, None, None
        self.xp.get_default_memory_pool().free_all_blocks()


def _joined(parts: Sequence[StepRecords]) -> StepRecords:
    names = ("loss", "penalty", "hits", "samples", "grad_norm")
    return StepRecords(*(np.concatenate([getattr(p, n) for p in parts]) for n in names)) if parts else _none()


def _none() -> StepRecords:
    return StepRecords(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0)))

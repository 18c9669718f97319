"""The small nets' kernel on the device: compiled once, launched for a chunk of steps, its figures read back at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import StepRecords
from engine.backends.cupy.moves import step_numbers
from engine.backends.cupy.small import Small
from engine.primitives import Array, size
from engine.primitives.random import stream_key

#: multiply-adds of a step from which one block is no match for the whole device
WORK = 4_000_000


@dataclass(frozen=True)
class Stop:
    """Where a chunk ended too soon: the step within it; the weight that the update spoiled, or -1; how many values."""

    at: int
    weight: int
    count: int


@dataclass
class Launcher:
    """One kernel and its memory on the device. ``whole``: all trained weights; ``slots``: the optimizer's tensors."""

    xp: Any
    small: Small
    whole: Array
    slots: Mapping[str, Array]
    seed: int
    _x: list[Array] = field(default_factory=list)
    _y: list[Array] = field(default_factory=list)
    _kernel: Any = None

    def bind(self, x: Mapping[str, Array], y: Mapping[str, Array]) -> None:
        """Samples that lie on the device, in the kernel's types; ValueError where they do not fit the plan."""
        plan, xp, kind = self.small.plan, self.xp, self.small.dtype
        self._x, self._y = [], []
        for slot in plan.inputs:
            given, wanted = x[slot.field], size(plan.values[slot.value].shape)
            if given.size != len(given) * wanted:
                raise ValueError(f"samples of {given.size // max(len(given), 1)} numbers where {wanted} are taken")
            self._x.append(xp.ascontiguousarray(given.astype(kind, copy=False)))
        for head in plan.heads:
            given, classes = y[head.field], head.loss.target == "classes"
            wanted = 1 if classes else size(plan.values[head.prediction].shape)
            if given.size != len(given) * wanted:
                raise ValueError(f"targets of {given.size // max(len(given), 1)} numbers where {wanted} are taken")
            self._y.append(xp.ascontiguousarray(given.astype("int64" if classes else kind, copy=False)))

    def fits(self, batch: int) -> bool:
        """Whether a step of so many samples belongs into one block."""
        plan = self.small.plan
        macs = sum(
            plan.steps[k].primitive.macs(*(plan.values[i].shape for i in plan.steps[k].inputs)) for k in plan.loss_steps
        )
        return 3 * macs * batch <= WORK and self.small.shared_bytes(batch) <= self._room()

    def _room(self) -> int:
        """Bytes of shared memory that one block may have."""
        found = self.xp.cuda.Device().attributes
        return int(found.get("MaxSharedMemoryPerBlockOptin", found["MaxSharedMemoryPerBlock"]))

    def _compiled(self, batch: int) -> Any:
        if self._kernel is None:
            self._kernel = self.xp.RawKernel(self.small.source, "train", options=("--std=c++17",))
        bytes_needed = self.small.shared_bytes(batch)
        if bytes_needed > 48 * 1024:
            self._kernel.max_dynamic_shared_size_bytes = bytes_needed
        return self._kernel

    def train(
        self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, held: Array
    ) -> tuple[StepRecords, Stop | None]:
        """All the steps in one launch, and one wait for their figures."""
        xp, small = self.xp, self.small
        steps, batch = rows.shape
        weights = len(small.plan.weights)
        numbers = step_numbers(small.optimizer, small.rules, rates, first_step, small.factors)
        streams = small.body.streams or (0,)
        keys = [[stream_key(self.seed, s, first_step + k) for s in streams] for k in range(steps)]
        out = xp.zeros(3 + steps * (3 + weights), np.float64)
        figures = [out[3 + k * steps : 3 + (k + 1) * steps] for k in range(3)]
        stop = xp.full(3, -1, np.int32)
        given = (
            *self._x, *self._y, self.whole, *self.slots.values(), held, xp.asarray(rows),
            xp.asarray(np.array(keys, np.uint32)), xp.asarray(numbers), *figures, out[3 + 3 * steps :], stop,
            np.int32(batch), np.int32(steps),
        )  # fmt: skip
        shape = ((1,), (small.threads(batch),))
        self._compiled(batch)(*shape, given, shared_mem=small.shared_bytes(batch))
        out[:3] = stop
        return _read(xp.asnumpy(out), steps, batch, weights)


def _read(out: NDArray[np.float64], steps: int, batch: int, weights: int) -> tuple[StepRecords, Stop | None]:
    at, weight, count = (int(v) for v in out[:3])
    done = steps if at < 0 else at
    loss, penalty, hits = (out[3 + k * steps : 3 + k * steps + done] for k in range(3))
    norms = out[3 + 3 * steps :].reshape(steps, weights)[:done]
    samples = np.full(done, batch, np.int64)
    records = StepRecords(loss.copy(), penalty.copy(), hits.astype(np.int64), samples, norms.copy())
    return records, None if at < 0 else Stop(at, weight, count)

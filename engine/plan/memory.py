"""How much memory a training will take, known before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.plan.plan import Plan
from engine.primitives import size

ITEM = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes: ``weights`` with gradients, the copy kept against divergence and optimizer tensors; ``per_sample``
    activations, what backward keeps of them, and their gradients; ``data`` the bound training samples."""

    weights: int
    per_sample: int
    data: int
    batch: int

    @property
    def total(self) -> int:
        """All of it, at this batch size."""
        return self.weights + self.per_sample * self.batch + self.data


class MemoryRefusal(MemoryError):
    """The training needs more than is free; says how much, and a batch that fits.

    ``at``: the estimate of another batch, where it is no straight line.
    """

    def __init__(self, estimate: MemoryEstimate, free: int, at: Callable[[int], MemoryEstimate] | None = None) -> None:
        room = free - estimate.weights - estimate.data
        self.batch = max(room // max(estimate.per_sample, 1), 0)
        while self.batch and at is not None and at(self.batch).total > free:
            self.batch = self.batch * 7 // 8
        remedy = (
            f"a batch of {self.batch} would fit"
            if self.batch >= 1
            else "even a batch of 1 does not fit; use smaller layers"
        )
        super().__init__(f"training needs about {_text(estimate.total)}, but {_text(free)} are free; {remedy}")
        self.estimate, self.free = estimate, free


def estimate_memory(
    plan: Plan, batch: int, dtype: str, slots: int, data_bytes: int = 0, *, looked_at: bool = False
) -> MemoryEstimate:
    """The reference backend's need: every activation and its gradient live until the step ends.

    ``slots``: optimizer tensors per weight. A weight is there with its gradient, its copy and its update.
    ``looked_at``: the values and gradients of one step live on beside the next.
    """
    item = ITEM[dtype]
    weights = sum(size(w.shape) for w in plan.weights) * item
    trainable = sum(size(w.shape) for w in plan.weights if w.trainable) * item
    values = gradients = saved = 0
    steps = [plan.steps[k] for k in plan.loss_steps]
    for step in steps:
        shapes = [plan.values[i].shape for i in step.inputs]
        count = size(plan.values[step.output].shape)
        values += count
        gradients += count if plan.needs_gradient[step.output] else 0
        saved += step.primitive.saved_bytes(item, *shapes)
    inputs = sum(size(plan.values[s.value].shape) for s in plan.inputs)
    per_sample = (values + gradients + inputs) * item + saved
    if looked_at:
        per_sample += (values + gradients + inputs) * item
        weights += 2 * trainable
    return MemoryEstimate(weights + trainable * (2 + slots), per_sample, data_bytes, batch)


def free_memory() -> int:
    """Bytes that can be had without swapping; a large number where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 1 << 50


def check_memory(
    estimate: MemoryEstimate, free: int | None = None, at: Callable[[int], MemoryEstimate] | None = None
) -> None:
    """MemoryRefusal if the estimate exceeds what is free (of this machine, unless given)."""
    have = free_memory() if free is None else free
    if estimate.total > have:
        raise MemoryRefusal(estimate, have, at)


def _text(count: int) -> str:
    for unit, step in (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count / 1024:.0f} KB"

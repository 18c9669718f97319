"""The contract of a backend: bind data, train chunks of steps, evaluate, and show what the last step left behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.optimizers import Optimizer
from engine.plan import Plan
from engine.plan.memory import MemoryEstimate, estimate_memory

Floats = NDArray[np.floating]
Key = tuple[str, str]  # (node id, weight or state name)
Dtype = Literal["float32", "float64"]


@dataclass(frozen=True)
class StepRecords:
    """One entry per step of a chunk. ``grad_norm`` (S, W): l2 norm of the data loss's gradient per weight, plan order.

    ``hits`` (S,): correct class predictions of the first head that predicts classes, else 0. ``samples`` (S,): batch.
    """

    loss: NDArray[np.float64]
    penalty: NDArray[np.float64]
    hits: NDArray[np.int64]
    samples: NDArray[np.int64]
    grad_norm: NDArray[np.float64]


@dataclass(frozen=True)
class LastStep:
    """What the last training step left, as host arrays by value id; absent where the plan needs no such gradient.

    ``grads`` and ``weight_grads`` are of the mean loss of the batch (multiply by N for the loss of one sample), without
    penalties. ``updates``: new minus old value per trained weight, in plan order.
    """

    step: int
    rows: NDArray[np.int64]
    values: Mapping[int, Floats]
    grads: Mapping[int, Floats]
    weight_grads: Mapping[int, Floats]
    updates: Mapping[int, Floats]


@dataclass(frozen=True)
class Evaluation:
    """Mean loss over a split and what every head shows, by Output node id."""

    loss: float
    per_sample: Floats
    shown: Mapping[str, Floats]


@dataclass(frozen=True)
class Carried:
    """What a training takes from step to step besides weights and optimizer tensors; see StepRules.

    ``sums``: gradients gathered since the last update, each times its samples, of ``held`` samples. ``mean``: the
    running mean of the weights, empty before the first update and where none is kept.
    """

    sums: Mapping[Key, Floats] = field(default_factory=dict)
    held: int = 0
    mean: Mapping[Key, Floats] = field(default_factory=dict)


class DivergedError(ArithmeticError):
    """A value that is not a number or not finite. Weights are those before the step; nothing was updated.

    ``node`` and ``tensor`` name the first bad value in the order of computation; ``step`` the step that met it.
    """

    def __init__(self, step: int, node: str, tensor: str, count: int, done: StepRecords | None = None) -> None:
        super().__init__(f"step {step}: {count} values of {tensor!r} at {node!r} are NaN or infinite")
        self.step, self.node, self.tensor, self.count, self.done = step, node, tensor, count, done


class StepLeftError(Exception):
    """A step was given up in its midst since somebody asked to (``Executable.leaves``): it never was; ``done`` are."""

    def __init__(self, done: StepRecords) -> None:
        super().__init__(f"a step was left after {len(done.loss)} others")
        self.done = done


class BackendUnavailableError(RuntimeError):
    """The named backend cannot run here; the message says why and which can."""


class Executable(ABC):
    """A plan made ready to run with one dtype and one optimizer. Not thread-safe: it belongs to one worker."""

    name: str = ""
    #: compute threads it may use; their number decides the bits of the sums
    threads: int = 1
    #: asked between the primitives of a step where it may be left there: whether somebody waits for its end
    leaves: Callable[[], bool] | None = None

    def __init__(self, plan: Plan, optimizer: Optimizer, dtype: Dtype, seed: int) -> None:
        self.plan, self.optimizer, self.dtype, self.seed = plan, optimizer, dtype, seed

    @abstractmethod
    def bind(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]]) -> None:
        """The training samples, by field. Targets as the losses take them."""

    @abstractmethod
    def train(
        self, rows: NDArray[np.int64], rates: NDArray[np.float64], first_step: int, *, keep: bool = False
    ) -> StepRecords:
        """Train on the samples ``rows`` (S, B), one row a step, at the learning rates ``rates`` (S,).

        ``first_step`` counts from 0 and feeds schedules of randomness and bias corrections. ``keep`` makes the last
        step available from ``last``. DivergedError and StepLeftError leave the weights as they were before the step
        that was bad or was left.
        """

    @abstractmethod
    def last(self) -> LastStep | None:
        """The last step that was trained with ``keep``."""

    @abstractmethod
    def gradients(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]], *, training: bool) -> LastStep:
        """Forward and backward without an update; running statistics stay."""

    @abstractmethod
    def evaluate(self, x: Mapping[str, NDArray[Any]], y: Mapping[str, NDArray[Any]], batch: int = 256) -> Evaluation:
        """Mean data loss in evaluation mode and the shown values of all heads."""

    @abstractmethod
    def forward(self, x: Mapping[str, NDArray[Any]], wanted: Sequence[int]) -> dict[int, Floats]:
        """Values by id in evaluation mode."""

    @abstractmethod
    def weights(self) -> dict[Key, Floats]:
        """Copies of all weights and states."""

    @abstractmethod
    def load_weights(self, weights: Mapping[Key, Floats]) -> None:
        """Overwrite those given; a shape that does not fit raises ValueError naming node, weight and both shapes."""

    @abstractmethod
    def optimizer_state(self) -> dict[Key, dict[str, Floats]]:
        """Copies of the optimizer's tensors by weight."""

    @abstractmethod
    def load_optimizer_state(self, state: Mapping[Key, Mapping[str, Floats]]) -> None:
        """Overwrite those given."""

    def carried(self) -> Carried:
        """Copies of what a training takes from step to step besides; nothing where the backend knows no such rules."""
        return Carried()

    def load_carried(self, carried: Carried) -> None:
        """Go on from there; an empty one is the start."""
        return

    def averaged(self) -> AbstractContextManager[None]:
        """While it is entered, the running mean of the weights stands in their place, where there is one."""
        return nullcontext()

    def threads_of(self, batch: int) -> int:
        """Compute threads that a step of ``batch`` samples really runs on."""
        return min(self.threads, max(batch, 1))

    def memory(
        self, batch: int, x: Mapping[str, NDArray[Any]], slots: int, *, looked_at: bool = False
    ) -> MemoryEstimate:
        """What training the samples ``x`` in batches of so many takes beside them; nothing is allocated for it.

        Bytes of pages that are written to: peak resident memory minus that from before the executable was made.
        ``slots``: tensors that are kept beside each weight. ``looked_at``: somebody looks at what steps leave behind
        (``keep``), of which copies live beside the training. What a run records (columns, keyframes) is not in it.
        """
        kind = np.dtype(self.dtype)
        fields = {s.field for s in self.plan.inputs}
        others = [a for n, a in x.items() if n in fields and a.dtype.kind == "f" and a.dtype != kind]
        data = sum(a.size * kind.itemsize for a in others)
        return estimate_memory(self.plan, batch, self.dtype, slots, data, looked_at=looked_at)

    def close(self) -> None:
        """Release threads or device memory, if any are held."""
        return

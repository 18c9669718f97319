"""Measurements on copies of a training's state: in the background, on demand or on a schedule, training goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.analysis import infer
from engine.backends.base import Floats, Key, LastStep
from engine.data.dataset import Dataset
from engine.graph import Project
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan
from engine.primitives import size
from engine.probes.measurements import StoppedError, Watch
from engine.probes.measurements.jacobian import LayerJacobian, float_sources, jacobians
from engine.probes.measurements.loss_plane import LossPlane, loss_plane
from engine.probes.measurements.noise_scale import NoiseScale, batch_sizes, noise_scale
from engine.probes.measurements.objective import Batch, Objective
from engine.probes.measurements.readout import Readout, readouts
from engine.probes.measurements.sharpness import Sharpness, sharpness
from engine.probes.measurements.step_slice import StepSlice, step_slice
from engine.probes.measurements.travel import Filmstrip, Travel, conv_layers, filmstrip, travel
from engine.schedules import SCHEDULES
from engine.training.resume import ResumeState
from engine.training.targets import encode_split
from engine.training.trainer import Trainer

__all__ = ["KINDS", "Measured", "Moment", "NotPossibleError", "Readouts", "StoppedError", "Watch", "measure"]

Kind = Literal["isometry", "step", "plane", "sharpness", "noise", "readout", "travel", "filters"]
Reason = Literal["no weights", "no numbers", "few samples", "no convolution", "no path", "no step", "diverged"]

#: samples that Jacobians are taken at; multiply-adds that one pass of the others may take, and its fewest, most samples
JACOBIAN_SAMPLES, PASS_MACS, LEAST, MOST = 4, 1.2e8, 64, 500
#: bytes that the values of one pass may take, and samples that are looked at however large they are
MEMORY, FEWEST = 1.6e8, 16
#: samples that a read-out is fitted to at most, and as many that it is judged on
READOUT_SAMPLES = 400


class NotPossibleError(ValueError):
    """This network or its data do not allow the measurement; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Moment:
    """A training as it stands, in copies that nobody else writes to. ``frames``: earlier states, oldest first.

    ``rate``: the scheduled learning rate of the step to come.
    """

    project: Project
    dataset: Dataset
    plan: Plan
    state: ResumeState
    rate: float
    frames: tuple[ResumeState, ...] = ()

    @staticmethod
    def of(trainer: Trainer) -> Moment:
        """Between two steps of the trainer."""
        project = replace(trainer.project, training=trainer.setup)
        rate = trainer.rate_at(trainer.step)
        return Moment(project, trainer.dataset, trainer.plan, trainer.resume_state(), rate)

    @staticmethod
    def at(trainer: Trainer, state: ResumeState) -> Moment:
        """As the trainer stood at an earlier step: ``state`` is what a training that goes on from there starts with."""
        project = replace(trainer.project, training=trainer.setup)
        schedule = SCHEDULES.make(trainer.setup.schedule)
        factor = schedule.factor(int(state.scalars["step"]), trainer.steps_per_epoch, trainer.total_steps)
        return Moment(project, trainer.dataset, trainer.plan, state, float(state.scalars["base_rate"]) * factor)

    @staticmethod
    def drawn(project: Project, dataset: Dataset) -> Moment:
        """Of a network that nobody has trained yet: its initial weights."""
        return Moment.of(Trainer(project, dataset, backend="numpy"))

    @property
    def step(self) -> int:
        """Steps made so far."""
        return int(self.state.scalars["step"])

    @property
    def weights(self) -> dict[Key, Floats]:
        """All weights and running statistics."""
        return _weights(self.state)

    @property
    def slots(self) -> dict[Key, dict[str, Floats]]:
        """The optimizer's tensors."""
        found: dict[Key, dict[str, Floats]] = {}
        for name, value in self.state.arrays.items():
            kind, *rest = name.split("|")
            if kind == "slot":
                found.setdefault((rest[0], rest[1]), {})[rest[2]] = value
        return found

    @property
    def path(self) -> list[tuple[int, dict[Key, Floats]]]:
        """(step, weights) of the keyframes before this moment and of itself."""
        earlier = [(int(f.scalars["step"]), _weights(f)) for f in self.frames]
        shapes = {k: v.shape for k, v in self.weights.items()}
        fitting = [(s, w) for s, w in earlier if s < self.step and {k: v.shape for k, v in w.items()} == shapes]
        return [*fitting, (self.step, self.weights)]


@dataclass(frozen=True)
class Readouts:
    """``layers``: one per card; ``cka`` (L, L) between them. ``classes``: scores are accuracies, else R2.

    ``guess``: the score of the best constant answer. ``fitted`` and ``judged``: how many samples of each.
    """

    layers: tuple[Readout, ...]
    cka: NDArray[np.float64]
    classes: bool
    guess: float
    fitted: int
    judged: int


Result = (
    tuple[LayerJacobian, ...] | StepSlice | LossPlane | Sharpness | NoiseScale | Readouts | Travel | Filmstrip
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One result with the step that it belongs to and the seconds that it took; ``option`` as it was asked for."""

    kind: Kind
    step: int
    cost: float
    result: Result
    option: str = ""


def measure(kind: Kind, moment: Moment, option: str = "", watch: Watch | None = None) -> Measured:
    """NotPossibleError where the network does not allow it, StoppedError where the watch was stopped."""
    started = time.perf_counter()
    if not all(np.isfinite(v).all() for v in moment.weights.values()):
        raise NotPossibleError("diverged")
    result = KINDS[kind](moment, option, watch or Watch())
    return Measured(kind, moment.step, time.perf_counter() - started, result, option)


def pass_samples(macs: float) -> int:
    """How many samples one pass of a network of so many multiply-adds per sample is made of."""
    return int(min(max(PASS_MACS / max(macs, 1.0), LEAST), MOST))


# the measurements -----------------------------------------------------------------------------------------------------


def _isometry(m: Moment, option: str, watch: Watch) -> tuple[LayerJacobian, ...]:
    if not float_sources(m.plan):
        raise NotPossibleError("no numbers")
    x, _ = _training_batch(m, np.arange(min(JACOBIAN_SAMPLES, len(m.dataset.train))))
    return jacobians(m.plan, m.weights, x, watch=watch)


def _step(m: Moment, option: str, watch: Watch) -> StepSlice:
    """The step that is to come is made on a trainer of its own; where gradients are gathered, the one that ends it."""
    _need_weights(m)
    trainer = Trainer(m.project, m.dataset, backend="numpy", plan=m.plan)
    trainer.endless = True
    onwards = {"epochs": [], "stopped": "", "evaluating": False}
    trainer.load_resume_state(replace(m.state, scalars={**m.state.scalars, **onwards}))
    before, last = _next_update(trainer)
    x, y = _training_batch(m, last.rows)
    batch = Objective(m.plan, before, x, y, seed=m.project.training.seed, noise_step=last.step)
    step = np.concatenate([np.asarray(last.updates[w.value], np.float64).ravel() for w in batch.trained])
    held = m.dataset.validation if len(m.dataset.validation) else m.dataset.test
    others = None
    if len(held):
        few = held.rows(slice(0, _samples(m)))
        fields = {s.field: few.x[s.field] for s in m.plan.inputs}
        others = Objective(m.plan, before, fields, encode_split(m.plan, m.dataset, few))
    return step_slice(batch, step, others, watch=watch)


def _next_update(trainer: Trainer) -> tuple[dict[Key, Floats], LastStep]:
    """Weights before the next step that moves them, and that step."""
    for _ in range(trainer.steps_per_epoch + 1):
        before = trainer.executable.weights()
        trainer.advance(0.0, 1, keep=True)
        last = trainer.executable.last()
        if last is None or trainer.divergence is not None:
            raise NotPossibleError("diverged")
        if any(v.any() for v in last.updates.values()):
            return before, last
    raise NotPossibleError("no step")


def _plane(m: Moment, option: str, watch: Watch) -> LossPlane:
    objective = _objective(m, _samples(m) // 2)
    frames = [(s, objective.vector(w)) for s, w in m.path]
    return loss_plane(objective, frames, "random" if option == "random" else "path", watch=watch)


def _sharpness(m: Moment, option: str, watch: Watch) -> Sharpness:
    optimizer = OPTIMIZERS.make(m.project.training.optimizer)
    return sharpness(_objective(m, _samples(m)), optimizer, m.rate, m.slots, m.step, watch=watch)


def _noise(m: Moment, option: str, watch: Watch) -> NoiseScale:
    _need_weights(m)
    norms = any(s.primitive.id == "batch_norm" for s in m.plan.steps)
    small, large = batch_sizes(min(len(m.dataset.train), 4 * _samples(m)), m.project.training.batch_size)
    if small < (2 if norms else 1):
        raise NotPossibleError("few samples")
    groups, ratio = min(len(m.dataset.train), 4 * _samples(m)) // large, large // small
    groups = min(groups, 16)
    rows = np.random.default_rng(m.step).permutation(len(m.dataset.train))[: groups * large].reshape(groups, ratio, -1)
    smaller, larger = np.empty((groups, ratio)), np.empty(groups)
    for g in range(groups):
        for k in range(ratio):
            watch.tell(g * (2 * ratio) + k, groups * 2 * ratio)
            smaller[g, k] = _square(m, rows[g, k])
        watch.tell(g * 2 * ratio + ratio, groups * 2 * ratio)
        larger[g] = _square(m, rows[g].ravel())
    return noise_scale(smaller, larger, small, large)


def _square(m: Moment, rows: NDArray[np.int64]) -> float:
    objective = Objective(m.plan, m.weights, *_training_batch(m, rows))
    gradient = objective.gradient(objective.start)
    return float(gradient @ gradient)


def _readout(m: Moment, option: str, watch: Watch) -> Readouts:
    head, data, count = m.plan.heads[0], m.dataset, min(4 * _samples(m), READOUT_SAMPLES, _room(m.plan))
    held = data.validation if len(data.validation) else data.test
    both = (data.train.rows(slice(0, count)), held.rows(slice(0, count)))
    if not len(held):
        middle = min(len(data.train), 2 * count) // 2
        both = (data.train.rows(slice(0, middle)), data.train.rows(slice(middle, 2 * middle)))
    if min(len(p) for p in both) < 8:
        raise NotPossibleError("few samples")
    wanted = [p.y[head.source] if head.source in p.y else p.x[head.source] for p in both]
    classes = wanted[0].dtype.kind in "iu" and wanted[0].ndim == 1
    names = max(len(data.class_names), 2)
    answers = [np.eye(names)[w] if classes else np.asarray(w, np.float64).reshape(len(w), -1) for w in wanted]
    fit, judge = (({s.field: p.x[s.field] for s in m.plan.inputs}, a) for p, a in zip(both, answers, strict=True))
    found, cka = readouts(m.plan, m.weights, fit, judge, classes=classes, watch=watch)
    guess = float(judge[1][:, fit[1].sum(0).argmax()].mean()) if classes else 0.0
    return Readouts(found, cka, classes, guess, len(fit[1]), len(judge[1]))


def _travel(m: Moment, option: str, watch: Watch) -> Travel:
    if not m.plan.layer_order:
        raise NotPossibleError("no weights")
    if len(m.path) < 2:
        raise NotPossibleError("no path")
    return travel(m.plan, m.path)


def _filters(m: Moment, option: str, watch: Watch) -> Filmstrip:
    known = conv_layers(m.plan)
    if not known:
        raise NotPossibleError("no convolution")
    return filmstrip(m.plan, m.path, option if option in known else known[0])


KINDS: Mapping[Kind, Callable[[Moment, str, Watch], Any]] = {
    "isometry": _isometry,
    "step": _step,
    "plane": _plane,
    "sharpness": _sharpness,
    "noise": _noise,
    "readout": _readout,
    "travel": _travel,
    "filters": _filters,
}
#: those that look back over the keyframes of the run
LOOK_BACK: frozenset[Kind] = frozenset({"plane", "travel", "filters"})


def _weights(state: ResumeState) -> dict[Key, Floats]:
    found: dict[Key, Floats] = {}
    for name, value in state.arrays.items():
        kind, *rest = name.split("|")
        if kind == "weight":
            found[rest[0], rest[1]] = value
    return found


def _need_weights(m: Moment) -> None:
    if not any(w.trainable for w in m.plan.weights):
        raise NotPossibleError("no weights")


def _samples(m: Moment) -> int:
    return min(pass_samples(infer(m.project.graph).macs), _room(m.plan))


def _room(plan: Plan) -> int:
    """How many samples' values fit into the memory that a measurement may take, in float64."""
    each = 8 * sum(size(plan.values[plan.steps[k].output].shape) for k in plan.loss_steps)
    return max(int(MEMORY / max(each, 1)), FEWEST)


def _training_batch(m: Moment, rows: NDArray[np.int64]) -> tuple[Batch, Batch]:
    part = m.dataset.train
    y = encode_split(m.plan, m.dataset, part)
    return {s.field: part.x[s.field][rows] for s in m.plan.inputs}, {k: v[rows] for k, v in y.items()}


def _objective(m: Moment, samples: int) -> Objective:
    _need_weights(m)
    rows = np.arange(min(max(samples, 1), len(m.dataset.train)))
    return Objective(m.plan, m.weights, *_training_batch(m, rows))

"""Gathering the doctor's evidence from a trainer, between two steps."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis import infer
from engine.backends.base import Floats, Key
from engine.backends.initial import initial_weights
from engine.backends.numpy import NumpyExecutable
from engine.primitives import size
from engine.probes.autopsy import autopsy, trace
from engine.probes.capture import layer_statistics
from engine.probes.doctor import diagnose
from engine.probes.evidence import Card, Evidence, InputFigures
from engine.probes.ledger import LayerLedger, Ledger, dead_masks
from engine.probes.measurements.objective import Objective
from engine.probes.measurements.sharpness import ADAPTIVE, hessian_product, largest_eigenvalue, stable_limit
from engine.probes.snapshot import LayerStats
from engine.training.trainer import Trainer

#: training samples that layers are looked at with; fewer where they cost more multiply-adds than this together
PROBE_SAMPLES, LEAST_SAMPLES, PROBE_MACS = 500, 100, 2.5e8
AUTOPSY_SHARE = 8
#: curvature is measured on so many samples, and not at all for networks with more weights than this
CURVED_SAMPLES, MOST_CURVED = 128, 200_000


@dataclass(frozen=True)
class Report:
    """What the doctor found at ``step``; ``cost``: seconds that looking took. ``problem``: why it could not look.

    ``ledger``: dead units of each ReLU, and when they died. ``samples``: how many were looked at.
    """

    step: int
    cards: tuple[Card, ...] = ()
    cost: float = 0.0
    problem: str = ""
    ledger: tuple[LayerLedger, ...] = ()
    samples: int = 0


class Examiner:
    """Keeps what does not change during a run: the layers at the start, the inputs' figures, the first loss."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        rows = np.arange(min(len(trainer.dataset.train), probe_samples(infer(trainer.project.graph).macs)))
        self._x = {s.field: trainer.dataset.train.x[s.field][rows] for s in trainer.plan.inputs}
        self._y = {k: v[rows] for k, v in trainer.targets.items()}
        start = NumpyExecutable(trainer.plan, trainer.optimizer, trainer.setup.dtype, trainer.setup.seed)
        start.load_weights(dict(initial_weights(trainer.plan, trainer.setup.seed)))
        self._ledger, self._start_sharpness = Ledger(), math.nan
        self._start = self._statistics(start, 0)
        seen = start.evaluate(self._x, self._y)
        self.first_loss = seen.loss
        self.expected_first, self.guess = self._uninformed(start)
        self._inputs = tuple(_figures(v) for v in self._x.values() if v.dtype.kind == "f")

    def _statistics(self, executable: NumpyExecutable, step: int) -> tuple[LayerStats, ...]:
        """Of the probe samples; the ledger of dead units is kept on the way."""
        plan = self._trainer.plan
        seen = executable.gradients(self._x, self._y, training=True)
        self._ledger.record(step, dead_masks(plan, seen))
        return layer_statistics(plan, seen)

    @property
    def samples(self) -> int:
        """How many training samples are looked at."""
        return len(next(iter(self._x.values())))

    def ledger(self) -> tuple[LayerLedger, ...]:
        """Dead units as of the last look."""
        return self._ledger.layers()

    def _uninformed(self, start: NumpyExecutable) -> tuple[float, float]:
        """The mean loss over all labels that a sample could have: for these logits, and for logits of zero.

        For small logits the first is ln C + Var(logits) / 2, over the C outputs; the second is ln C, or ln 2 for
        sigmoids. nan where no classes are learned from logits, or by several heads at once.
        """
        t, head = self._trainer, self._trainer.plan.heads[0]
        learns_classes = head.loss.fuses is not None and head.loss.target != "values"
        if not learns_classes or len(t.dataset.class_names) < 2 or len(t.plan.heads) > 1:
            return math.nan, math.nan
        logits, target = start.forward(self._x, [head.prediction])[head.prediction], self._y[head.field]
        labels = range(logits.shape[1]) if head.loss.target == "classes" else range(2)

        def loss(y: NDArray[np.floating]) -> float:
            each = [head.loss.per_sample(np, y, np.full_like(target, k)).mean(dtype=np.float64) for k in labels]
            return float(np.mean(each)) * head.weight

        return loss(logits), loss(np.zeros_like(logits))

    def examine(self) -> Evidence:
        """The evidence of this moment."""
        t = self._trainer
        now = NumpyExecutable(t.plan, t.optimizer, t.setup.dtype, t.setup.seed)
        now.load_weights(t.executable.weights())
        graph, view, epochs = t.project.graph, t.columns.view, t.epochs
        few = slice(0, max(len(next(iter(self._x.values()))) // AUTOPSY_SHARE, 8))
        traced = trace(
            t.plan,
            now.weights(),
            {k: v[few] for k, v in self._x.items()},
            {k: v[few] for k, v in self._y.items()},
            like=now,
        )
        divergence = t.divergence
        sharp, limit = self._curvature(now.weights())
        return Evidence(
            step=t.step,
            batch=t.setup.batch_size,
            samples=len(t.dataset.train),
            rate=t.base_rate,
            optimizer=t.optimizer.id,
            task=t.dataset.task,
            class_counts=tuple(t.dataset.class_counts("train").values()),
            names={k: n.name for k, n in graph.nodes.items()},
            activations=_activations(t),
            norms=tuple(dict.fromkeys(s.node for s in t.plan.steps if s.primitive.id == "batch_norm")),
            loss=t.plan.heads[0].loss.id,
            ends_with=_last_operation(t),
            start=self._start,
            now=self._statistics(now, t.step),
            updates=self._updates(),
            autopsy=autopsy(traced),
            first_loss=self.first_loss,
            expected_first=self.expected_first,
            guess=self.guess,
            sharpness=sharp,
            stable_limit=limit,
            baseline=self.baseline(),
            step_losses=view.loss[: view.count].copy(),
            train_loss=np.array([e.train_loss for e in epochs]),
            validation_loss=np.array([e.validation_loss for e in epochs]),
            train_metric=np.array([e.train_metric for e in epochs]),
            validation_metric=np.array([e.validation_metric for e in epochs]),
            inputs=self._inputs,
            diverged=str(divergence) if divergence is not None else "",
        )

    def _updates(self) -> tuple[float, ...]:
        """Update : weight of the layers' kernels in the last step that was kept."""
        last = self._trainer.executable.last()
        if last is None or not last.updates:
            return ()
        return tuple(
            s.update_ratio for s in layer_statistics(self._trainer.plan, last) if math.isfinite(s.update_ratio)
        )

    def _curvature(self, now: Mapping[Key, Floats]) -> tuple[float, float]:
        """(sharpness, stable limit) where the loss is still at what guessing gives; to two digits, in ten passes."""
        t, losses = self._trainer, self._trainer.columns.view
        recent = losses.loss[max(losses.count - 30, 0) : losses.count]
        limit = stable_limit(t.optimizer, t.base_rate) if t.base_rate > 0 else math.nan
        known = t.optimizer.id not in ADAPTIVE and math.isfinite(limit)
        stuck = len(recent) == 30 and t.divergence is None and np.mean(recent) > 0.9 * self.baseline()
        if not (known and stuck) or sum(size(w.shape) for w in t.plan.weights) > MOST_CURVED:
            return math.nan, math.nan
        if math.isnan(self._start_sharpness):
            self._start_sharpness = self._sharpness(initial_weights(t.plan, t.setup.seed))
        return max(self._start_sharpness, self._sharpness(now)), limit

    def _sharpness(self, weights: Mapping[Key, Floats]) -> float:
        x, y = ({k: v[:CURVED_SAMPLES] for k, v in part.items()} for part in (self._x, self._y))
        objective = Objective(self._trainer.plan, weights, x, y)
        with np.errstate(all="ignore"):
            value, _, _ = largest_eigenvalue(
                lambda v: hessian_product(objective, v), objective.size, tolerance=0.02
            )
        return value

    def baseline(self) -> float:
        """The loss of the best constant prediction, by the first head's own loss over the samples looked at."""
        t = self._trainer
        head = t.plan.heads[0]
        target = self._y[head.field]
        shape = t.plan.values[head.prediction].shape
        if head.loss.target == "values":
            constant = np.broadcast_to(target.mean(0), (len(target), *shape))
        elif target.ndim == 1:
            share = np.bincount(target, minlength=shape[0])[: shape[0]] / max(len(target), 1)
            constant = np.broadcast_to(np.log(np.maximum(share, 1e-12)), (len(target), *shape))
        else:
            p = np.clip(target.mean(0), 1e-12, 1 - 1e-12)
            constant = np.broadcast_to(np.log(p / (1 - p)), (len(target), *shape))
        return float(head.loss.per_sample(np, np.asarray(constant, np.float64), target).mean()) * head.weight


class Doctor:
    """Keeps the examiner of a training; made at the first look, since few trainings are looked at."""

    def __init__(self) -> None:
        self._examiner: Examiner | None = None

    def report(self, trainer: Trainer) -> Report:
        """Evidence and diagnosis of this moment. A look that fails is told, and the training goes on."""
        started = time.perf_counter()
        try:
            if self._examiner is None:
                self._examiner = Examiner(trainer)
            cards, ledger = diagnose(self._examiner.examine()), self._examiner.ledger()
        except (ArithmeticError, ValueError, LookupError, TypeError) as error:
            return Report(trainer.step, (), time.perf_counter() - started, str(error) or type(error).__name__)
        return Report(trainer.step, cards, time.perf_counter() - started, ledger=ledger, samples=self._examiner.samples)


def probe_samples(macs: float) -> int:
    """How many samples a network of so many multiply-adds per sample is looked at with."""
    return int(min(max(PROBE_MACS / max(macs, 1.0), LEAST_SAMPLES), PROBE_SAMPLES))


def _figures(x: NDArray[np.floating]) -> InputFigures:
    """Per feature of a table; over all values of an image."""
    flat = x.reshape(len(x), -1).astype(np.float64) if x.ndim == 2 else x.reshape(-1, 1).astype(np.float64)
    sd, mean = flat.std(0), flat.mean(0)
    spread = sd[sd > 0]
    if not len(spread):
        return InputFigures(0.0, 0.0, 0.0, float(np.sqrt(np.mean(flat**2))))
    offset = float(np.median(np.abs(mean[sd > 0]) / spread))
    return InputFigures(float(spread.min()), float(spread.max()), offset, float(np.sqrt(np.mean(flat**2))))


def _activations(t: Trainer) -> dict[str, str]:
    """Node -> the operation that its weighted sum feeds."""
    consumers = {s.inputs[0]: s.primitive.id for s in reversed(t.plan.steps) if s.inputs}
    found: dict[str, str] = {}
    for node in t.plan.layer_order:
        z = t.plan.marks.get((node, "z"))
        found[node] = consumers.get(z, "") if z is not None else ""
    return found


def _last_operation(t: Trainer) -> str:
    made = {s.output: s.primitive.id for s in t.plan.steps}
    name = made.get(t.plan.heads[0].shown, "")
    return "" if name in ("linear", "conv2d", "reshape") else name

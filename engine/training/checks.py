"""Checks on demand: are the gradients right, and does the network behave as any sound one must?

Gradient check: along random directions, (L(w + h v) - L(w - h v)) / 2h against <dL/dw, v> in float64; two step widths
tell a kink of ReLU or max-pool (where they disagree with each other) from a wrong gradient. Sanity trio: the first loss
is what guessing gives; 20 samples can be learned by heart; shuffled labels do not generalise (Karpathy 2019; Zhang et
al. 2017).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Key
from engine.data.dataset import Dataset, Split
from engine.graph import Graph, Project
from engine.probes.evidence import loudest
from engine.training.examination import Examiner
from engine.training.trainer import Trainer

Weights = Mapping[Key, NDArray[np.floating]]
Stop = Callable[[], bool]

CHECK_SAMPLES = 8
DIRECTIONS = 3
TOLERANCE = 1e-5


@dataclass(frozen=True)
class TensorCheck:
    """``error``: worst relative difference over the directions, nan if every direction met a kink (``kinks``)."""

    node: str
    name: str
    error: float
    kinks: int

    @property
    def right(self) -> bool:
        """Whether it agrees wherever it could be judged."""
        return not self.error > TOLERANCE


def gradient_check(
    project: Project, dataset: Dataset, weights: Weights | None = None, seed: int = 0, stopped: Stop = lambda: False
) -> tuple[TensorCheck, ...]:
    """Every trainable tensor of the drawn network on a few training samples, in float64."""
    project = replace(project, training=replace(project.training, dtype="float64", backend="numpy"))
    trainer = Trainer(project, dataset)
    executable = trainer.executable
    if weights:
        executable.load_weights({k: v.astype(np.float64) for k, v in weights.items()})
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(dataset.train))[:CHECK_SAMPLES]
    x = {s.field: dataset.train.x[s.field][rows] for s in trainer.plan.inputs}
    y = {k: v[rows] for k, v in trainer.targets.items()}
    exact = executable.gradients(x, y, training=False)
    found: list[TensorCheck] = []
    for w in trainer.plan.weights:
        if not w.trainable or stopped():
            continue
        grad = exact.weight_grads.get(w.value)
        slope = grad if grad is not None else np.zeros(w.shape)
        found.append(_check_tensor(executable, (w.node, w.name), slope, x, y, rng))
    return tuple(found)


def _check_tensor(
    executable: Any, key: Key, slope: NDArray[Any], x: Mapping[str, Any], y: Mapping[str, Any], rng: np.random.Generator
) -> TensorCheck:
    start = executable.weights()[key]

    def loss(at: NDArray[Any]) -> float:
        executable.load_weights({key: at})
        return float(executable.evaluate(x, y).loss)

    worst, kinks = math.nan, 0
    for _ in range(DIRECTIONS):
        v = rng.normal(size=start.shape)
        v /= max(float(np.linalg.norm(v)), 1e-300)
        analytic = float(np.sum(slope * v))
        wide, narrow = ((loss(start + h * v) - loss(start - h * v)) / (2 * h) for h in (2e-5, 1e-5))
        scale = max(abs(analytic), abs(narrow), 1e-4)
        if abs(wide - narrow) > 0.1 * TOLERANCE * scale:
            kinks += 1
            continue
        error = abs(narrow - analytic) / scale
        worst = error if math.isnan(worst) else max(worst, error)
    executable.load_weights({key: start})
    return TensorCheck(key[0], key[1], worst, kinks)


@dataclass(frozen=True)
class SanityResult:
    """One of the three. ``value`` against ``expected``; ``passed`` None where it does not apply to this task.

    ``blind``: the first loss if labels said nothing, which is what is judged; nan of the others.
    """

    name: str
    passed: bool | None
    value: float
    expected: float
    blind: float = math.nan


def first_loss_check(project: Project, dataset: Dataset) -> SanityResult:
    """The loss before any step that labels which say nothing give for these logits (for small ones ln C +
    Var(logits) / 2) lies near what guessing gives: ln C, or ln 2 for sigmoids.

    The loss with the real labels is shown but not judged: where samples lie in a few clouds, it is as likely far above
    that expectation as far below, by the luck of the draw alone.
    """
    trainer = Trainer(replace(project, training=replace(project.training, backend="numpy")), dataset)
    seen = Examiner(trainer)
    blind, first = seen.expected_first, seen.first_loss
    if not math.isfinite(blind):
        return SanityResult("first loss", None, first, blind)
    return SanityResult("first loss", blind <= loudest(seen.guess), first, seen.guess, blind)


def overfit_check(
    project: Project, dataset: Dataset, *, seconds: float = 20.0, stopped: Stop = lambda: False
) -> SanityResult:
    """Twenty samples are learned by heart: training loss under a tenth of what it was, without dropout or penalty."""
    few = dataset.train.rows(slice(0, 20))
    empty = dataset.train.rows(slice(0, 0))
    training = replace(
        project.training, epochs=2000, batch_size=20, patience=None, target_loss=None, backend="numpy", shuffle=False
    )
    trainer = Trainer(
        replace(project, graph=_without_noise(project), training=training),
        replace(dataset, train=few, validation=empty, test=empty),
    )
    first = trainer.evaluate("train").loss
    best, ends = first, time.monotonic() + seconds
    while not trainer.finished and best > 0.05 * first and time.monotonic() < ends and not stopped():
        trainer.advance(0.05)
        if trainer.epochs:
            best = min(best, trainer.epochs[-1].train_loss)
    return SanityResult("learns 20 samples", best <= 0.1 * first, best, 0.1 * first)


def shuffled_check(
    project: Project, dataset: Dataset, *, seconds: float = 20.0, stopped: Stop = lambda: False
) -> SanityResult:
    """With shuffled training labels, validation loss stays at what guessing gives: at least three quarters of it.

    Loss, not accuracy: where samples lie in a few clouds, the luck of three guesses can be 100 % accurate.
    """
    held = dataset.validation if len(dataset.validation) else dataset.test
    if dataset.task == "values" or not len(held):
        return SanityResult("shuffled labels", None, math.nan, math.nan)
    rng = np.random.default_rng(0)
    mixed = Split(dataset.train.x, {k: rng.permutation(v) for k, v in dataset.train.y.items()})
    training = replace(project.training, patience=None, target_loss=None, backend="numpy")
    empty = dataset.train.rows(slice(0, 0))
    trainer = Trainer(replace(project, training=training), replace(dataset, train=mixed, validation=held, test=empty))
    ends = time.monotonic() + seconds
    while not trainer.finished and time.monotonic() < ends and not stopped():
        trainer.advance(0.05)
    guess, reached = Examiner(trainer).baseline(), trainer.evaluate("validation").loss
    return SanityResult("shuffled labels", reached >= 0.75 * guess, reached, guess)


def _without_noise(project: Project) -> Graph:
    """The graph with dropout and penalties off: they are there to keep a network from learning by heart."""
    graph = project.graph
    quiet = {"dropout": 0.0, "l1": 0.0, "l2": 0.0}
    for node in graph.nodes.values():
        if node.type in ("dropout", "spatial_dropout", "gaussian_noise"):
            graph = graph.replace_node(replace(node, muted=True))
        elif any(k in node.params for k in quiet):
            graph = graph.replace_node(replace(node, params={k: v for k, v in node.params.items() if k not in quiet}))
    return graph

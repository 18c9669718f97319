"""Project: what a file holds. Graph, training set-up, data choice, probes; layout and notes ride along opaque."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.declare import Spec
from engine.graph.graph import Graph

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class TrainingSetup:
    """How to train: optimizer and schedule from their registries, batch in samples, stop rules, seed.

    ``seed`` draws the initial weights, the shuffle and the dropout masks. ``patience`` counts epochs without an
    improvement of validation loss by at least ``min_change``. ``start_from`` is what Run does after an edit:
    "initial" weights or "keep" the trained ones.

    ``accumulate`` batches make one update. ``ema_decay``: memory of a running mean of the weights, by which
    ``ema_evaluate`` judges every epoch and which stands in their place at the end. See engine.optimizers.StepRules for
    these and for clipping, the form of L1 and where weight decay acts.
    """

    optimizer: Spec = field(default_factory=lambda: Spec("sgd"))
    schedule: Spec = field(default_factory=lambda: Spec("constant"))
    batch_size: int = 32
    epochs: int = 20
    shuffle: bool = True
    seed: int = 0
    dtype: Literal["float32", "float64"] = "float32"
    target_loss: float | None = None
    patience: int | None = None
    min_change: float = 0.0
    restore_best: bool = True
    start_from: Literal["initial", "keep"] = "initial"
    backend: str = "auto"
    clip_value: float | None = None
    clip_norm: float | None = None
    accumulate: int = 1
    ema_decay: float | None = None
    ema_evaluate: bool = True
    l1_step: Literal["proximal", "subgradient"] = "proximal"
    decay_biases: bool = True


@dataclass(frozen=True)
class DataSetup:
    """Which data: a source from the registry of engine.data, and how it is split.

    ``validation`` and ``test`` are shares of all samples, used where the source has no split of its own.
    ``standardize``: subtract the training mean and divide by the training standard deviation, per feature or channel.
    """

    source: Spec = field(default_factory=lambda: Spec("circle"))
    validation: float = 0.2
    test: float = 0.2
    split_seed: int = 0
    shuffle_split: bool = True
    standardize: bool = False


@dataclass(frozen=True)
class Project:
    """Everything a file holds besides weights and resume state. ``layout`` and ``notes`` belong to the designer."""

    graph: Graph = field(default_factory=Graph)
    training: TrainingSetup = field(default_factory=TrainingSetup)
    data: DataSetup = field(default_factory=DataSetup)
    probes: tuple[str, ...] = ()
    layout: Mapping[str, Json] = field(default_factory=dict)
    notes: Mapping[str, Json] = field(default_factory=dict)
    title: str = ""

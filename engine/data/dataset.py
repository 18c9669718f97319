"""Dataset and Split: what a source becomes after splitting and preparing; what training, plots and forms read.

Axis letters: N samples, C channels, H rows, W columns of an image, F features of a table, K target values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import DataError
from engine.data.preparation import Preparation

Task = Literal["binary", "classes", "values"]
SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Split:
    """Samples of one split by field: inputs ``x[field]`` (N, ...) and targets ``y[field]``.

    Class targets are int64 indices (N,); values are floats (N, K). ``extra`` rides along and feeds no network:
    "points" (N, 2) are the raw coordinates behind computed features.
    """

    x: Mapping[str, Array]
    y: Mapping[str, Array]
    extra: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {name: len(a) for part in (self.x, self.y, self.extra) for name, a in part.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {n}" for name, n in lengths.items())
            raise DataError("split", "every field must have one entry per sample", expected="equal lengths", got=told)

    def __len__(self) -> int:
        return len(next(iter(self.x.values()))) if self.x else 0

    def rows(self, index: Any) -> Split:
        """The samples that ``index`` (integers, slice or mask) picks, in that order."""
        return Split(
            {k: v[index] for k, v in self.x.items()},
            {k: v[index] for k, v in self.y.items()},
            {k: v[index] for k, v in self.extra.items()},
        )


@dataclass(frozen=True)
class Column:
    """One column of a table: ``kind`` "number", "category" (with its ``categories``) or "ignore"."""

    name: str
    kind: Literal["number", "category", "ignore"]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Preview:
    """The first samples as a person sees them: a thumbnail strip or a table's head, with the targets in words.

    ``images``: (n, H, W, C) bytes with C 1 or 3, or None for a table, which has ``columns`` and ``rows`` of text.
    """

    targets: tuple[str, ...]
    images: NDArray[np.uint8] | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits and what they mean. Inputs are float32, or float64 where the source is. Do not write to them.

    ``task``: "binary" (two classes), "classes" (more) or "values" (regression). ``value_range``: what an image's
    values lie in before ``preparation``, for pictures; ``byte_top``: the whole number that its upper end stands for.
    ``preparation``: by input field, to be applied to new inputs.
    ``notes``: what loading had to say ("2 unreadable files skipped: ..."). ``source_note``: origin and licence.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    task: Task
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    target_name: str = "target"
    target_names: tuple[str, ...] = ()
    image: bool = False
    source_note: str = ""
    value_range: tuple[float, float] | None = None
    byte_top: float = 255.0
    preparation: Mapping[str, Preparation] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()

    def split(self, name: SplitName) -> Split:
        """One split by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def __len__(self) -> int:
        return sum(len(self.split(name)) for name in SPLITS)

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """Per-sample shape of each input field."""
        return {k: tuple(v.shape[1:]) for k, v in self.train.x.items()}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Per-sample shape of the input "x" (or of the only input)."""
        shapes = self.input_shapes
        return shapes["x"] if "x" in shapes else next(iter(shapes.values()))

    @property
    def output_units(self) -> int:
        """Units of an output head: 1 for two classes, the number of classes, or the number of target values."""
        if self.task == "values":
            target = next(iter(self.train.y.values()))
            return int(np.prod(target.shape[1:], dtype=np.int64))
        return 1 if self.task == "binary" else len(self.class_names)

    def class_counts(self, split: SplitName | None = None) -> dict[str, int]:
        """Samples per class in one split, or in all of them; empty for values."""
        if self.task == "values":
            return {}
        chosen = SPLITS if split is None else (split,)
        targets = np.concatenate([next(iter(self.split(s).y.values())) for s in chosen])
        counts = np.bincount(targets, minlength=len(self.class_names))
        return {name: int(n) for name, n in zip(self.class_names, counts, strict=True)}

    def target_text(self, target: Any) -> str:
        """One target in words: the class name, or the values."""
        if self.task != "values":
            return self.class_names[int(target)]
        return ", ".join(f"{float(v):.5g}" for v in np.ravel(target))

    def preview(self, n: int = 10, split: SplitName = "train") -> Preview:
        """The first ``n`` samples of a split, with preparation undone, as pictures or as rows of text."""
        part = self.split(split).rows(slice(0, n))
        name = "x" if "x" in part.x else next(iter(part.x))
        prepared = self.preparation.get(name)
        x = prepared.invert(part.x[name]) if prepared else part.x[name]
        targets = tuple(self.target_text(t) for t in next(iter(part.y.values())))
        if self.image:
            return Preview(targets, images=as_pictures(x, self.value_range or (0.0, 1.0)))
        flat = x.reshape(len(x), -1)
        columns = self.feature_names or tuple(f"x{i + 1}" for i in range(flat.shape[1]))
        return Preview(targets, columns=columns, rows=tuple(tuple(f"{float(v):.5g}" for v in row) for row in flat))

    def points(self, split: SplitName) -> Array | None:
        """Raw coordinates (N, 2) of the samples for a plot of the plane, or None where inputs are not 2-D points."""
        part = self.split(split)
        if "points" in part.extra:
            return part.extra["points"]
        if self.image or self.input_shape != (2,):
            return None
        prepared = self.preparation.get("x")
        return prepared.invert(part.x["x"]) if prepared else part.x["x"]


def as_pictures(x: Array, value_range: tuple[float, float]) -> NDArray[np.uint8]:
    """Images (N, C, H, W) in ``value_range`` as bytes (N, H, W, C); values outside are clipped, NaN is black."""
    low, high = value_range
    unit = np.nan_to_num((x.astype(np.float64) - low) / (high - low), nan=0.0)
    pictures: NDArray[np.uint8] = np.round(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))

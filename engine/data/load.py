"""From a data choice to a Dataset: make the source, split, prepare by the training split's statistics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, Split
from engine.data.errors import DataError
from engine.data.preparation import Preparation
from engine.data.source import SOURCES, Samples
from engine.data.splits import split_index
from engine.data.transform import TRANSFORMS
from engine.graph import DataSetup

Array = NDArray[Any]


def load_dataset(setup: DataSetup, base_dir: Path | None = None) -> Dataset:
    """The Dataset that ``setup`` describes; relative paths count from ``base_dir``. Keeps nothing between calls.

    DataError where data is at fault; UnknownTypeError or ParamError where the setup is.
    """
    samples = SOURCES.make(setup.source).load(base_dir)
    if not len(samples):
        raise DataError(samples.name, "there are no samples", remedy="choose other data")
    return split_samples(samples, setup)


def split_samples(samples: Samples, setup: DataSetup) -> Dataset:
    """Samples split and prepared."""
    whole = Split(samples.x, samples.y, samples.extra)
    train, validation, test = (whole.rows(index) for index in split_index(samples, setup))
    preparation = {
        field: _fitted(x, samples, setup.standardize)
        for field, x in train.x.items()
        if samples.fill_missing or setup.standardize
    }
    dataset = Dataset(
        name=samples.name,
        train=_prepared(train, preparation),
        validation=_prepared(validation, preparation),
        test=_prepared(test, preparation),
        task=samples.task,
        class_names=samples.class_names,
        feature_names=samples.feature_names,
        target_name=samples.target_name,
        target_names=samples.target_names,
        image=samples.image,
        source_note=samples.source_note,
        value_range=samples.value_range,
        byte_top=samples.byte_top,
        preparation=preparation,
        columns=samples.columns,
        notes=samples.notes,
    )
    return replace(dataset, notes=(*dataset.notes, *_untrained(dataset)))


def _fitted(x: Array, samples: Samples, standardize: bool) -> Preparation:
    fitted = TRANSFORMS.make("standardize").fit(x, samples.image) if standardize else Preparation()
    return replace(fitted, fill=_means(x)) if samples.fill_missing else fitted


def _means(x: Array) -> Array:
    """Mean of the known values per feature; 0 where none is known."""
    known = ~np.isnan(x)
    total = np.where(known, x, 0).sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))


def _prepared(split: Split, preparation: dict[str, Preparation]) -> Split:
    return replace(split, x={k: preparation[k].apply(v) if k in preparation else v for k, v in split.x.items()})


def _untrained(dataset: Dataset) -> tuple[str, ...]:
    """A note if some class has no sample in the training split: it cannot be learned."""
    missing = [name for name, n in dataset.class_counts("train").items() if n == 0]
    if not missing:
        return ()
    return (f"no training sample of {', '.join(map(repr, missing))}: shuffle the split, or choose other shares",)

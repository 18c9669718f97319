"""Cutting samples into train, validation and test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.draw import Draw
from engine.data.errors import DataError
from engine.data.source import TEST, TRAIN, VALIDATION, Samples
from engine.graph import DataSetup

Index = NDArray[np.int64]


def split_index(samples: Samples, setup: DataSetup) -> tuple[Index, Index, Index]:
    """Disjoint indices of train, validation and test that together name every sample once.

    A split of the source's own is kept; if it has no validation part, ``setup.validation`` of its training part
    becomes one. Without shuffling the first samples train, the next validate, the last test. With shuffling, classes
    are spread evenly: each split holds about its share of every class.
    """
    validation, test = shares(samples, setup)
    everything = np.arange(len(samples), dtype=np.int64)
    labels = None if samples.task == "values" else next(iter(samples.y.values()))
    seed = setup.split_seed if setup.shuffle_split else None
    if samples.part is None:
        parts = cut(everything, labels, validation, test, seed)
    else:
        parts = _kept(samples.part, labels, validation, seed)
    if not len(parts[0]):
        raise DataError(
            samples.name,
            "no sample is left to train on",
            expected="at least 1",
            got=f"{len(samples)} samples, {validation:.0%} for validation and {test:.0%} for test",
            remedy="lower the shares for validation and test, or bring more samples",
        )
    return parts


def shares(samples: Samples, setup: DataSetup) -> tuple[float, float]:
    """Shares of validation and test; where the source fixes the training share, the rest in their proportion."""
    validation, test = setup.validation, setup.test
    if not (validation >= 0 and test >= 0 and validation + test <= 1):
        raise DataError(
            samples.name,
            "the shares for validation and test must not be negative nor exceed the whole",
            expected="together at most 100 %",
            got=f"{validation:.0%} and {test:.0%}",
            remedy="lower one of them",
        )
    if samples.train_share is None:
        return validation, test
    held_out = 1.0 - samples.train_share
    part = validation / (validation + test) if validation + test > 0 else 1.0
    return held_out * part, held_out * (1.0 - part)


def cut(
    index: Index, labels: NDArray[Any] | None, validation: float, test: float, seed: int | None
) -> tuple[Index, Index, Index]:
    """``index`` in three pieces, cut where the shares end, rounded. ``seed`` None: in order.

    Rounding the two cuts, not the sizes, keeps every size within one of its share even where several round up.
    """
    n = len(index)
    n_train, held = int((1.0 - validation - test) * n + 0.5), int((1.0 - test) * n + 0.5)
    if seed is None:
        place = np.arange(n)
    else:
        order = Draw(seed, 0x5EED).order(n)
        place = np.empty(n, dtype=np.int64)
        place[order if labels is None else order[_spread(labels[index][order])]] = np.arange(n)
        index, place = index[order], place[order]
    return (
        index[place < n_train],
        index[(place >= n_train) & (place < held)],
        index[place >= held],
    )


def _spread(labels: NDArray[Any]) -> Index:
    """The order that takes members of every class at even pace: member k of m of a class at position (k + 1/2) / m."""
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(position, kind="stable").astype(np.int64)


def _kept(
    part: NDArray[Any], labels: NDArray[Any] | None, validation: float, seed: int | None
) -> tuple[Index, Index, Index]:
    train, held, test = (np.flatnonzero(part == k).astype(np.int64) for k in (TRAIN, VALIDATION, TEST))
    if not len(held):
        train, held, _ = cut(train, labels, validation, 0.0, seed)
    return train, held, test

"""Arrays as they lie in files to inputs and targets as networks take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Task
from engine.data.errors import DataError
from engine.data.source import class_task
from engine.declare import Choice

Array = NDArray[Any]

MOST_CLASSES = 20
"""Whole numbers with more different values than this are guessed to be values, not classes."""


def pixels_param() -> Any:
    """The parameter that all image sources share."""
    return Choice("0..1", "0..1", "-1..1", "raw", help="The range that grey and colour values are brought to.")


def target_type_param() -> Any:
    """The parameter that all sources with a target of unknown meaning share."""
    help = "Classes to tell apart, or values to predict. Auto: text and few different whole numbers are classes."
    return Choice("auto", "auto", "classes", "values", help=help)


def scaled_pixels(x: Array, top: float, pixels: str) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Values 0 .. top as float32 in the range that ``pixels`` names, and that range."""
    values = x.astype(np.float32)
    if pixels == "0..1":
        return values / np.float32(top), (0.0, 1.0)
    if pixels == "-1..1":
        return values / np.float32(top / 2) - np.float32(1), (-1.0, 1.0)
    return values, (0.0, top)


def as_floats(x: Array, file: str | Path, name: str) -> Array:
    """float64 stays, all else becomes float32; complex numbers, text, NaN and infinity are refused by their place."""
    if x.dtype.kind not in "biuf":
        raise DataError(file, f"array {name!r} cannot be an input", expected="real numbers", got=str(x.dtype))
    floats = x if x.dtype == np.float64 else x.astype(np.float32)
    bad = ~np.isfinite(floats)
    if bad.any():
        at = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
        raise DataError(
            file,
            f"array {name!r} holds {int(bad.sum())} values that are not finite numbers",
            expected="finite numbers",
            got=f"{floats[at]} at index {at}",
            remedy="remove these samples, or put numbers in their place",
        )
    return floats


@dataclass(frozen=True, eq=False)
class Target:
    """Targets ready for a data set: class indices (N,) with their names, or values (N, K)."""

    y: Array
    task: Task
    class_names: tuple[str, ...] = ()


def as_target(y: Array, file: str | Path, kind: str = "auto", class_names: Sequence[str] = ()) -> Target:
    """``y`` (N,), (N, 1), one-hot (N, C) or values (N, K) as a Target; ``kind`` "auto", "classes" or "values".

    With ``class_names`` whole numbers index them; without, classes are the sorted different values.
    """
    if y.ndim > 2 or y.ndim == 0:
        got = f"shape {y.shape}"
        raise DataError(file, "targets must be one number or one row per sample", expected="(N,) or (N, K)", got=got)
    column = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if kind == "values" or (kind == "auto" and not _are_classes(column, bool(class_names))):
        if y.dtype.kind in "US":
            raise DataError(file, "the target is text", expected="numbers", got=repr(str(column.flat[0])))
        values = as_floats(y, file, "target")
        return Target(values if values.ndim == 2 else values[:, None], "values")
    if column.ndim == 2:
        column = _from_one_hot(column, file)
    return _classes(column, file, tuple(class_names))


def few_whole_numbers(values: Array) -> bool:
    """Whether numbers look like class labels: whole, at most MOST_CLASSES different ones, each twice on average."""
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.round(values)).all()):
        return False
    different = len(np.unique(values))
    return 2 <= different <= MOST_CLASSES and len(values) >= 2 * different


def _are_classes(y: Array, named: bool) -> bool:
    if y.dtype.kind in "USb":
        return True
    if y.ndim == 2:
        return _is_one_hot(y)
    return (named and y.dtype.kind in "iu") or few_whole_numbers(y)


def _is_one_hot(y: Array) -> bool:
    return y.dtype.kind in "biuf" and bool(((y == 0) | (y == 1)).all() and ((y != 0).sum(axis=1) == 1).all())


def _from_one_hot(y: Array, file: str | Path) -> NDArray[np.int64]:
    if not _is_one_hot(y):
        expected = "one number per sample, or rows of zeros with a single 1"
        raise DataError(file, "these targets are not classes", expected=expected, got=f"shape {y.shape}")
    return np.asarray(np.argmax(y, axis=1), dtype=np.int64)


def _classes(y: Array, file: str | Path, class_names: tuple[str, ...]) -> Target:
    if y.dtype.kind == "f" and not (np.isfinite(y).all() and (y == np.round(y)).all()):
        got = f"{y[~(np.isfinite(y) & (y == np.round(y)))][0]}"
        remedy = "treat the target as values"
        raise DataError(file, "class labels must be whole numbers or text", got=got, remedy=remedy)
    if not class_names:
        found, index = np.unique(y, return_inverse=True)
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else label_text(v) for v in found.tolist()]
        return Target(index.astype(np.int64), class_task(tuple(texts), file), tuple(texts))
    if y.dtype.kind in "US":
        raise DataError(file, "class names are given twice", expected="class numbers", got=f"text {str(y[0])!r}")
    low, high = (int(y.min()), int(y.max())) if len(y) else (0, 0)
    if low < 0 or high >= len(class_names):
        got = f"{low if low < 0 else high}"
        raise DataError(file, "a label has no class name", expected=f"0 to {len(class_names) - 1}", got=got)
    return Target(y.astype(np.int64), class_task(class_names, file), class_names)


def label_text(value: object) -> str:
    """A class label as text; whole floats without their ".0"."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)

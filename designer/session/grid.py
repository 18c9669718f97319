"""The grid of the plane on which every unit is evaluated, for decision surfaces and the heat maps of the cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset

SIDE = 40
Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """``extent`` = (x low, x high, y low, y high); ``inputs`` by field, (side * side, ...), row by row upwards."""

    side: int
    extent: Extent
    inputs: dict[str, NDArray[Any]]


def plane_grid(dataset: Dataset, side: int = SIDE) -> Grid | None:
    """The grid around a data set's points; None where inputs are no points of a plane."""
    points = dataset.points("train")
    if points is None or not len(points):
        return None
    extent = _extent(points)
    x = np.linspace(extent[0], extent[1], side)
    y = np.linspace(extent[2], extent[3], side)
    plane = np.stack([np.tile(x, side), np.repeat(y, side)], axis=1)
    inputs = _features(dataset, plane)
    if inputs is None:
        return None
    prepared = dataset.preparation.get("x")
    kind = next(iter(dataset.train.x.values())).dtype
    values = inputs.astype(kind)
    return Grid(side, extent, {"x": prepared.apply(values) if prepared else values})


def _extent(points: NDArray[Any]) -> Extent:
    low, high = points.min(axis=0), points.max(axis=0)
    # The playground's plane is [-6, 6]^2; data of that size is shown on it, so that pictures compare.
    if np.all(low >= -6.5) and np.all(high <= 6.5) and np.max(np.abs([low, high])) > 2:
        return (-6.0, 6.0, -6.0, 6.0)
    margin = np.maximum((high - low) * 0.1, 1e-9)
    low, high = low - margin, high + margin
    return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def _features(dataset: Dataset, plane: NDArray[Any]) -> NDArray[Any] | None:
    if "points" not in dataset.train.extra:
        return plane
    from engine.data.sources._points import FEATURES, plane_features

    known = {shown for shown, _ in FEATURES.values()}
    if not set(dataset.feature_names) <= known:
        return None
    return plane_features(plane, dataset.feature_names)

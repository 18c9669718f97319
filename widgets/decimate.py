"""Fewer points that tell the same: envelopes and honest means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def envelope(x: Array, y: Array, low: float, high: float, bins: int) -> tuple[Array, Array]:
    """The part of the curve with low <= x <= high, as at most 2 ``bins`` + 2 points that keep every bin's extremes.

    ``x`` (n,) rises. Each bin is one pixel column: its least and greatest y stay, at their own x, in the order in
    which they came, so that no spike is lost. One point on each side of the window stays, so that lines run on.
    NaN is ignored within a bin that also holds numbers.
    """
    first = max(0, int(np.searchsorted(x, low, "left")) - 1)
    last = min(len(x), int(np.searchsorted(x, high, "right")) + 1)
    x, y = x[first:last], y[first:last]
    count = len(x)
    if count <= 2 * bins + 2:
        return np.asarray(x, float), np.asarray(y, float)
    # The outer two points lie outside the window and stay as they are.
    starts = np.linspace(1, count - 1, bins + 1).astype(np.intp)
    size = int(np.ceil((count - 2) / bins))
    places = _extremes(y, starts, size, bins)
    keep = np.concatenate(([0], places, [count - 1]))
    return np.asarray(x[keep], float), np.asarray(y[keep], float)


def _extremes(y: Array, starts: NDArray[np.intp], size: int, bins: int) -> NDArray[np.intp]:
    """Index of least and greatest value of each bin, (2 bins,), in rising order within the bin."""
    # Bins overlap by at most one point: that costs nothing and keeps them in one rectangle, so NumPy runs in one go.
    begin = np.minimum(starts[:-1], len(y) - size)
    window = np.lib.stride_tricks.sliding_window_view(y, size)[begin]
    bad = ~np.isfinite(window)
    if bad.any():
        lower = np.where(bad, np.inf, window).argmin(axis=1)
        upper = np.where(bad, -np.inf, window).argmax(axis=1)
    else:
        lower, upper = window.argmin(axis=1), window.argmax(axis=1)
    pairs = np.stack([begin + np.minimum(lower, upper), begin + np.maximum(lower, upper)], axis=1)
    result: NDArray[np.intp] = pairs.reshape(2 * bins)
    return result


def trailing_mean(y: Array, window: int) -> Array:
    """Mean of the last ``window`` values that are finite, (n,) -> (n,); near the start, of all so far.

    It never looks ahead, and a value that is not finite is left out but not hidden: the raw curve shows it.
    """
    if len(y) == 0:
        return np.zeros(0)
    good = np.isfinite(y)
    total = np.concatenate(([0.0], np.cumsum(np.where(good, y, 0.0))))
    count = np.concatenate(([0], np.cumsum(good)))
    end = np.arange(1, len(y) + 1)
    begin = np.maximum(0, end - max(1, window))
    number = count[end] - count[begin]
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = np.where(number > 0, (total[end] - total[begin]) / number, np.nan)
    return result


def trailing_mean_at(y: Array, places: NDArray[np.intp], window: int) -> Array:
    """``trailing_mean(y, window)[places]`` for rising ``places``, with one pass over y."""
    if len(places) == 0:
        return np.zeros(0)
    ends = np.asarray(places, dtype=np.intp) + 1
    begins = np.maximum(0, ends - max(1, window))
    cuts = np.unique(np.concatenate([begins, ends]))
    total = _running(y, cuts)
    if np.isfinite(total[-1]):
        number = cuts.astype(float)
    else:
        good = np.isfinite(y)
        total, number = _running(np.where(good, y, 0.0), cuts), _running(good.astype(float), cuts)
    first, last = np.searchsorted(cuts, begins), np.searchsorted(cuts, ends)
    count = number[last] - number[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = np.where(count > 0, (total[last] - total[first]) / count, np.nan)
    return result


def _running(y: Array, cuts: NDArray[np.intp]) -> Array:
    """sum(y[:c]) for every c of the rising ``cuts``; the last cut may be len(y)."""
    inside = cuts[cuts < len(y)]
    if len(inside) == 0:
        return np.zeros(len(cuts))
    with np.errstate(invalid="ignore"):
        pieces = np.add.reduceat(y[: cuts[-1]], inside[inside < cuts[-1]]) if cuts[-1] > inside[0] else np.zeros(0)
        sums = np.concatenate(([0.0], np.cumsum(pieces)))
    return sums[: len(cuts)]

"""The statistics of one tensor, over every entry. Sums in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.probes.snapshot import Floats, Histogram

#: values of one dot product in single precision
PART = 8192
#: samples that tell of most units that they are not dead
FIRST = 4
#: mean squares that single precision holds without loss
SMALLEST, LARGEST = 1e-24, 1e30
#: and those that double precision does
SMALLEST64, LARGEST64 = 1e-280, 1e300


def rms(a: Floats) -> float:
    """||a|| / sqrt(n); 0 for an empty tensor."""
    if a.size == 0:
        return 0.0
    flat = a.ravel()
    if flat.dtype == np.float64:
        return _rms64(flat.astype(np.float64, copy=False))
    # Short dot products in float32 are exact to 1e-6 and six times as fast as one in float64; their sum is in float64.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        whole = flat.size - flat.size % PART
        parts, rest = flat[:whole].reshape(-1, PART), flat[whole:]
        square = (float(np.vecdot(parts, parts).sum(dtype=np.float64)) + float(np.dot(rest, rest))) / a.size
    if not SMALLEST < square < LARGEST:  # squares that single precision does not hold
        square = float(np.einsum("i,i->", flat, flat, dtype=np.float64)) / a.size
    return float(np.sqrt(square))


def _rms64(flat: NDArray[np.float64]) -> float:
    """The squares of an exploding gradient may be beyond float64 though it is not: then in units of the largest."""
    with np.errstate(all="ignore"):
        square = float(flat @ flat) / flat.size
        if SMALLEST64 < square < LARGEST64:
            return float(np.sqrt(square))
        top = float(np.abs(flat).max())
        return top * float(np.sqrt(np.mean((flat / top) ** 2))) if 0.0 < top < np.inf else top


def norm(a: Floats) -> float:
    """l2 norm."""
    return rms(a) * float(np.sqrt(a.size))


def _sum(a: Floats) -> float:
    """Of single precision by parts, each exact to 1e-6 of its mean size and together in float64: six times as fast."""
    flat = a.ravel()
    if flat.dtype == np.float64:
        return float(flat.sum())
    whole = flat.size - flat.size % PART
    parts = flat[:whole].reshape(-1, PART).sum(axis=1)
    found = float(parts.sum(dtype=np.float64)) + float(flat[whole:].sum(dtype=np.float64))
    return found if np.isfinite(found) else float(flat.sum(dtype=np.float64))


def mean_and_sd(a: Floats) -> tuple[float, float]:
    """Mean, and sqrt(mean (x - mean)^2). A difference of squares would lose a spread that is small beside the mean."""
    if a.size == 0:
        return 0.0, 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        mean, whole = _sum(a) / a.size, rms(a)
    if not np.isfinite(whole):
        return mean, float("nan")
    if mean * mean < 0.9 * whole * whole:
        return mean, float(np.sqrt(whole * whole - mean * mean))
    return mean, rms(a - a.dtype.type(mean))


def percentiles(a: Floats) -> tuple[float, float, float]:
    """2nd, 50th and 98th percentile, interpolated linearly."""
    low, middle, high = np.percentile(a, (2, 50, 98)) if a.size else (0.0, 0.0, 0.0)
    return float(low), float(middle), float(high)


def histogram(a: Floats, bins: int = 48) -> Histogram:
    """Equal bins between the 0.5 and 99.5 percentile; values beyond are counted in the outermost bins."""
    flat = a.ravel()
    finite = flat[np.isfinite(flat)].astype(np.float64)
    if finite.size == 0:
        return Histogram(np.zeros(bins, np.int64), 0.0, 1.0, float("nan"), float("nan"))
    low, high = (float(q) for q in np.percentile(finite, (0.5, 99.5)))
    if high <= low:
        margin = max(abs(low) * 0.5, 1e-12)
        low, high = low - margin, high + margin
    places = ((finite - low) * (bins / (high - low))).clip(0, bins - 1).astype(np.intp)
    counts = np.bincount(places, minlength=bins)
    return Histogram(counts, low, high, float(finite.min()), float(finite.max()))


def saturation(a: Floats, activation: str) -> float:
    """Share of units in the flat ends: |a| > 0.97 for tanh; a < 0.03 or a > 0.97 for sigmoid (Glorot & Bengio 2010)."""
    if activation == "tanh":
        return float(np.mean(np.abs(a) > 0.97))
    if activation == "sigmoid":
        return float(np.mean((a < 0.03) | (a > 0.97)))
    return float("nan")


def dead_units(a: Floats) -> NDArray[np.bool_]:
    """Units (axis 1) that are zero for every sample and position (Lu et al. 2019)."""
    if a.ndim < 2:
        return np.zeros(0, np.bool_)
    axes = tuple(k for k in range(a.ndim) if k != 1)
    # Most units show within a few samples that they live; only of the others all samples are looked at.
    dead = ~np.any(a[:FIRST], axis=axes)
    if dead.any():
        dead[dead] = ~np.any(a[FIRST:, dead], axis=axes)
    return np.asarray(dead)

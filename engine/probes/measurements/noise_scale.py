"""How noisy the gradient is, and which batch size that suits: the simple noise scale (McCandlish et al. 2018)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: groups of small batches; from their scatter comes the standard error
GROUPS, PER_GROUP = 8, 4


@dataclass(frozen=True)
class NoiseScale:
    """B = tr(Sigma) / |G|^2 and its standard error (jackknife over the groups).

    ``signal``: |G|^2, ``noise``: tr(Sigma), both unbiased, so that a signal lost in noise may come out negative: then
    ``value`` is infinite. ``small`` and ``large`` are the two batch sizes, ``groups`` how often they were compared.
    """

    value: float
    error: float
    signal: float
    noise: float
    small: int
    large: int
    groups: int


def batch_sizes(samples: int, batch: int, groups: int = GROUPS, ratio: int = PER_GROUP) -> tuple[int, int]:
    """(small, large) such that ``groups`` large batches of ``ratio`` small ones fit into the samples; (0, 0) if none.

    The small one is no larger than the batch that is trained with.
    """
    small = min(batch, samples // (groups * ratio))
    return (small, small * ratio) if small >= 1 else (0, 0)


def noise_scale(
    small_squares: NDArray[np.float64], large_squares: NDArray[np.float64], small: int, large: int
) -> NoiseScale:
    """|G|^2 = (B |g_B|^2 - b |g_b|^2) / (B - b), tr(Sigma) = (|g_b|^2 - |g_B|^2) / (1/b - 1/B), B_simple = their ratio.

    ``small_squares`` (K, M): squared norms of the gradients of batches of ``small`` = b samples; ``large_squares``
    (K,): of the M together, ``large`` = B. Means are taken before the ratio. McCandlish et al. 2018, appendix A.1.
    """
    smaller = small_squares.mean(1)
    signals = (large * large_squares - small * smaller) / (large - small)
    noises = (smaller - large_squares) / (1 / small - 1 / large)
    signal, noise = float(signals.mean()), float(noises.mean())
    value = noise / signal if signal > 0 else math.inf
    return NoiseScale(value, _jackknife(signals, noises), signal, noise, small, large, len(signals))


def _jackknife(signals: NDArray[np.float64], noises: NDArray[np.float64]) -> float:
    """sqrt((K - 1) / K sum (r_k - r)^2), r_k the ratio of the means without group k; infinite where one has no sign."""
    count = len(signals)
    if count < 2:
        return math.inf
    left = signals.sum() - signals
    if (left <= 0).any():
        return math.inf
    ratios = (noises.sum() - noises) / left
    return float(np.sqrt((count - 1) / count * np.sum((ratios - ratios.mean()) ** 2)))

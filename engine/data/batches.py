"""The order of samples in an epoch and the batches cut from it. Any epoch's order is known without the ones before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.data.draw import Draw


def epoch_order(n: int, seed: int, epoch: int, shuffle: bool) -> NDArray[np.int64]:
    """Indices 0 .. n-1 in the order in which epoch ``epoch`` visits them; as stored if not ``shuffle``.

    Depends on (n, seed, epoch) only, so a resumed run needs no state but its position.
    """
    if n < 0:
        raise ValueError(f"an epoch cannot have {n} samples")
    return Draw(seed, epoch).order(n) if shuffle else np.arange(n, dtype=np.int64)


def batch_count(n: int, batch: int) -> int:
    """Batches in an epoch: ceil(n / batch)."""
    if batch < 1:
        raise ValueError(f"a batch needs at least 1 sample, got {batch}")
    return -(-n // batch)


def batch_rows(order: NDArray[np.int64], batch: int) -> Iterator[NDArray[np.int64]]:
    """Consecutive pieces of ``order`` of ``batch`` samples; the last one may be shorter and is kept."""
    for k in range(batch_count(len(order), batch)):
        yield order[k * batch : (k + 1) * batch]

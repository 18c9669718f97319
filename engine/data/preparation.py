"""What is done to inputs before a network sees them, learned from the training split alone.

x' = (x with missing values replaced by ``fill`` - ``shift``) / ``scale``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Preparation:
    """One input's preparation. Each part is None (not applied) or broadcasts against one sample.

    For tables the parts have shape (F,), for images (C, 1, 1).
    """

    fill: Floats | None = None
    shift: Floats | None = None
    scale: Floats | None = None

    def apply(self, x: Array) -> Array:
        """x' for samples of shape (N, ...); the floating dtype is kept."""
        if self.fill is not None:
            x = np.where(np.isnan(x), self.fill.astype(x.dtype), x)
        if self.shift is not None and self.scale is not None:
            x = ((x - self.shift) / self.scale).astype(x.dtype)
        return x

    def invert(self, x: Array) -> Array:
        """x from x', as far as it is known: filled values stay filled."""
        if self.shift is not None and self.scale is not None:
            x = (x * self.scale + self.shift).astype(x.dtype)
        return x

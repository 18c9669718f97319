"""The GPU backend: the same plan over CuPy's arrays, float32 or float64.

Data, weights and optimizer tensors stay on the device; a chunk of steps brings back its figures, and a look what it
looks at. Matrix products are cuBLAS's. Convolution is matrix products over unfolded images (Chellapilla et al. 2006),
because CuPy 14 has no cuDNN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.arrays import ArrayExecutable
from engine.primitives import Array


class CupyExecutable(ArrayExecutable):
    """Asynchronous within a step; it waits for the device where a figure of the step is read."""

    name = "cupy"

    @property
    def xp(self) -> Any:
        """CuPy, loaded at the first use."""
        import cupy

        return cupy

    @staticmethod
    def place(array: NDArray[Any]) -> Array:
        """To the device."""
        import cupy

        return cupy.asarray(array)

    @staticmethod
    def host(array: Array) -> NDArray[Any]:
        """Back from the device; waits for it."""
        import cupy

        return cupy.asnumpy(array)  # type: ignore[no-any-return]

    def _norms(self, grads: Sequence[Array | None]) -> list[float]:
        """All sums on the device, and one wait for all of them."""
        found = [g for g in grads if g is not None]
        if not found:
            return [0.0] * len(grads)
        squares = self.xp.stack([self.xp.square(g.astype(np.float64)).sum() for g in found])
        norms = iter(self.host(self.xp.sqrt(squares)).tolist())
        return [0.0 if g is None else next(norms) for g in grads]

    def close(self) -> None:
        """Give the device's memory back to the other programs."""
        self._stored, self._x, self._y, self._last = {}, {}, {}, None
        self.xp.get_default_memory_pool().free_all_blocks()

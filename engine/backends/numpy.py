"""The reference backend: plain NumPy, float32 or float64."""

from __future__ import annotations

from engine.backends.arrays import ArrayExecutable


class NumpyExecutable(ArrayExecutable):
    """Correct before fast; what the other backends are compared with."""

    name = "numpy"

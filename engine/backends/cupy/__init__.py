"""The GPU backend: the same plan over CuPy's arrays, float32 or float64.

Small nets train in one launch of a kernel of their own, made from the plan; larger ones primitive by primitive.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from functools import cache

from engine.backends.cupy.executable import CupyExecutable

__all__ = ["CupyExecutable", "missing"]


@cache
def missing() -> str:
    """ "" if a GPU can be used here, else the reason. CuPy is loaded only where there is a driver."""
    if importlib.util.find_spec("cupy") is None:
        return "CuPy is not installed"
    try:
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return "no NVIDIA driver was found"
    import cupy

    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:  # a driver too old, or none of its devices is ours
        return "the NVIDIA driver does not answer"
    return "" if count else "no NVIDIA GPU was found"

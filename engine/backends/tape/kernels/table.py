"""The addresses of all kernels, in the order of their families."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape.opcodes import FAMILIES

_PACKAGE = "engine.backends.tape.kernels"


def compile_all() -> Iterator[str]:
    """Compile or load one family after the other, and name each when it is there."""
    for family in FAMILIES[1:]:
        importlib.import_module(f"{_PACKAGE}.{family}")
        yield family
    importlib.import_module(f"{_PACKAGE}.run")
    yield "run"


@cache
def load() -> tuple[Any, NDArray[np.int64]]:
    """(run, address by family)."""
    table = np.zeros(len(FAMILIES), np.int64)
    for _ in compile_all():
        pass
    for k, family in enumerate(FAMILIES[1:], 1):
        table[k] = getattr(importlib.import_module(f"{_PACKAGE}.{family}"), family).address
    return importlib.import_module(f"{_PACKAGE}.run").run, table

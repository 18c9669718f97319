"""Which backends are here, and making an executable of the one that was asked for."""

from __future__ import annotations

import importlib.util

from engine.backends.base import BackendUnavailableError, Dtype, Executable
from engine.optimizers import Optimizer
from engine.plan import Plan

NAMES = ("numpy", "tape", "cupy")


def available() -> tuple[str, ...]:
    """Names of the backends that can run on this machine."""
    return tuple(name for name in NAMES if not _missing(name))


def _missing(name: str) -> str:
    """ "" if the backend can run here, else the reason."""
    if name == "numpy":
        return ""
    if importlib.util.find_spec(f"engine.backends.{name}") is None:
        return "this version of Gradloom does not have it"
    return ""


def make_executable(name: str, plan: Plan, optimizer: Optimizer, dtype: Dtype, seed: int) -> Executable:
    """An executable; "auto" takes the default of this machine. BackendUnavailableError says why and what there is."""
    if name == "auto":
        name = "numpy"
    reason = _missing(name) if name in NAMES else "there is no backend of that name"
    if reason:
        raise BackendUnavailableError(f"backend {name!r}: {reason}; available here: {', '.join(available())}")
    from engine.backends.numpy import NumpyExecutable

    return NumpyExecutable(plan, optimizer, dtype, seed)

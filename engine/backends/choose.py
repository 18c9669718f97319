"""Which backends are here, and making an executable of the one that was asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.backends.base import BackendUnavailableError, Dtype, Executable
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan

NAMES = ("numpy", "tape", "cupy")


def available() -> tuple[str, ...]:
    """Names of the backends that can run on this machine."""
    return tuple(name for name in NAMES if not missing(name))


def missing(name: str) -> str:
    """ "" if the backend can run here, else the reason."""
    if name == "numpy":
        return ""
    if importlib.util.find_spec(f"engine.backends.{name}") is None:
        return "this version of Gradloom does not have it"
    if name == "tape" and importlib.util.find_spec("numba") is None:
        return "Numba is not installed"
    if name == "cupy":
        from engine.backends import cupy

        return cupy.missing()
    return ""


def possible(name: str) -> tuple[str, str]:
    """What a project asks for, which may come from another machine: (name, "") where it can run, else ("auto", why)."""
    reason = missing(name) if name in NAMES else ""
    return ("auto", reason) if reason else (name, "")


@contextmanager
def compiling_told(hear: Callable[[int, int, str], None]) -> Iterator[None]:
    """Within it, ``hear`` is told (done, all, what) when a first step of this thread must wait for a compilation."""
    from engine.backends.tape import cache

    token = cache.LISTENER.set(hear)
    try:
        yield
    finally:
        cache.LISTENER.reset(token)


def prepare(name: str, on_progress: Callable[[int, int, str], None] | None = None) -> None:
    """Whatever the backend may need on this machine before a first step, once: all of the tape's kernels, some 20 s.

    ``on_progress`` hears (done, all, what) after each part. At once where nothing is missing.
    """
    if name == "tape" and not missing(name):
        from engine.backends.tape import cache

        cache.prepare(on_progress)


def _suits_tape(plan: Plan, optimizer: Optimizer, dtype: Dtype) -> bool:
    if dtype != "float32" or missing("tape"):
        return False
    from engine.backends.tape.refusal import refusals

    return not refusals(plan, optimizer, dtype)


def lacking(executable: Executable) -> tuple[str, ...]:
    """What keeps this executable from the fast kernels of the CPU, by name; nothing where the tape can run it."""
    if executable.name != "numpy" or missing("tape"):
        return ()
    from engine.backends.tape.refusal import refusals

    return refusals(executable.plan, executable.optimizer, executable.dtype)


def _kernels_are_ready(plan: Plan, optimizer: Optimizer, rules: StepRules) -> bool:
    """Whether those that the plan's own tapes call are compiled."""
    from engine.backends.tape import cache

    if cache.is_ready():
        return True
    from engine.backends.tape.needs import kernels_of

    return cache.is_ready(kernels_of(plan, optimizer, rules))


@dataclass(frozen=True)
class Slowed:
    """Why an "auto" runs on NumPy: ``lacks`` names what the CPU's fast kernels cannot do; ``awaits``: only their
    compilation is missing. Both empty where they run."""

    lacks: tuple[str, ...] = ()
    awaits: bool = False


def slowed(asked: str, executable: Executable, rules: StepRules | None = None) -> Slowed:
    """What keeps an executable that was made for ``asked`` from the fast kernels; nothing unless that was "auto"."""
    if asked != "auto":
        return Slowed()
    return Slowed(lacking(executable), awaits_kernels(executable, rules))


def awaits_kernels(executable: Executable, rules: StepRules | None = None) -> bool:
    """Whether only their compilation stands between this executable and the fast kernels."""
    plan, optimizer = executable.plan, executable.optimizer
    if executable.name != "numpy" or not _suits_tape(plan, optimizer, executable.dtype):
        return False
    return not _kernels_are_ready(plan, optimizer, rules or StepRules())


def _fastest(plan: Plan, optimizer: Optimizer, dtype: Dtype, rules: StepRules) -> str:
    """The tape where its kernels are compiled and it has one for every primitive of the plan, else NumPy."""
    suits = _suits_tape(plan, optimizer, dtype) and _kernels_are_ready(plan, optimizer, rules)
    return "tape" if suits else "numpy"


def make_executable(
    name: str, plan: Plan, optimizer: Optimizer, dtype: Dtype, seed: int, threads: int = 0,
    rules: StepRules | None = None,
) -> Executable:  # fmt: skip
    """An executable; "auto" takes the fastest that can run the plan now. BackendUnavailableError says why not.

    ``threads``: how many compute threads a backend with threads of its own may use, 0 for as many as there are cores.
    """
    rules = rules or StepRules()
    if name == "auto":
        name = _fastest(plan, optimizer, dtype, rules)
    reason = missing(name) if name in NAMES else "there is no backend of that name"
    if reason:
        raise BackendUnavailableError(f"backend {name!r}: {reason}; available here: {', '.join(available())}")
    if name == "tape":
        from engine.backends.tape.executable import TapeExecutable

        return TapeExecutable(plan, optimizer, dtype, seed, threads or None, rules=rules)
    if name == "cupy":
        from engine.backends.cupy import CupyExecutable

        return CupyExecutable(plan, optimizer, dtype, seed, rules)
    from engine.backends.numpy import NumpyExecutable

    return NumpyExecutable(plan, optimizer, dtype, seed, rules)

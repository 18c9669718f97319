"""Where plans run: numpy (the truth), tape (Numba, the default on CPU), cupy (GPU)."""

from engine.backends.base import (
    BackendUnavailableError,
    Carried,
    DivergedError,
    Evaluation,
    Executable,
    LastStep,
    StepRecords,
)
from engine.backends.choose import available, awaits_kernels, lacking, make_executable, possible, prepare

__all__ = [
    "BackendUnavailableError",
    "Carried",
    "DivergedError",
    "Evaluation",
    "Executable",
    "LastStep",
    "StepRecords",
    "available",
    "awaits_kernels",
    "lacking",
    "make_executable",
    "possible",
    "prepare",
]

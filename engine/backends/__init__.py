"""Where plans run: numpy (the truth), tape (Numba, the default on CPU), cupy (GPU)."""

from engine.backends.base import (
    BackendUnavailableError,
    Carried,
    DivergedError,
    Evaluation,
    Executable,
    LastStep,
    StepLeftError,
    StepRecords,
)
from engine.backends.choose import (
    Slowed,
    available,
    awaits_kernels,
    compiling_told,
    make_executable,
    possible,
    prepare,
    slowed,
)

__all__ = [
    "BackendUnavailableError",
    "Carried",
    "DivergedError",
    "Evaluation",
    "Executable",
    "LastStep",
    "Slowed",
    "StepLeftError",
    "StepRecords",
    "available",
    "awaits_kernels",
    "compiling_told",
    "make_executable",
    "possible",
    "prepare",
    "slowed",
]

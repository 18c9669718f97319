"""Which errors are a user's to mend, and how each is told in one line."""

from __future__ import annotations


class UsageError(ValueError):
    """An argument that cannot be met; the message says what to do."""


def told(error: Exception) -> str | None:
    """One line about an error that has a cause outside this program, None for one that has not."""
    from engine.backends import BackendUnavailableError
    from engine.data import DataError
    from engine.declare import ParamError, UnknownTypeError
    from engine.files.errors import FormatError
    from engine.files.onnx_graph import OnnxExportError
    from engine.files.torch_optimizers import TorchExportError
    from engine.plan import PlanError
    from engine.plan.memory import MemoryRefusal
    from engine.training.targets import InputError, TargetError

    if isinstance(error, MemoryError) and not isinstance(error, MemoryRefusal):
        return "out of memory; a smaller batch or smaller layers would need less"
    if isinstance(error, PlanError) and not error.problems:
        return "the drawing is empty; there is nothing to run"
    known = (
        UsageError, FormatError, DataError, PlanError, InputError, TargetError, ParamError, UnknownTypeError,
        BackendUnavailableError, OnnxExportError, TorchExportError, MemoryRefusal,
    )  # fmt: skip
    if isinstance(error, known):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno is None:
        return " ".join(str(error).split()) or "a file could not be read or written"
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {error.strerror or error}"
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] not in ("engine", "designer", "widgets"):
        return f"{error.name or error} is not installed; install it, e.g. pip install {error.name or 'it'}"
    return None

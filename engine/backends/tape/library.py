"""The compiled kernels in this process: object files become addresses. LLVM alone does it; Numba is not loaded."""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import BackendUnavailableError
from engine.backends.tape import cache as files
from engine.backends.tape.opcodes import FAMILIES

#: tape, rows of it, frame, table, worker, steps
Run = Callable[[int, int, int, int, int, int], int]
_lock = threading.Lock()
_engines: dict[str, Any] = {}
_table: NDArray[np.int64] = np.zeros(len(FAMILIES), np.int64)


def machine() -> Any:
    """LLVM's target machine of this processor, with the options that Numba takes."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3,
        reloc="static" if target.name.startswith("x86") else "default", codemodel="jitdefault", jit=True,
    )  # fmt: skip


def symbol(name: str) -> str:
    """What a compiled entry is called."""
    return f"gradloom_{name}"


def store(name: str, code: bytes) -> None:
    """Keep an object file, behind its digest; whoever reads sees all of it or nothing."""
    file = files.file_of(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    files.replace(file, hashlib.sha256(code).digest() + code)


def _load(name: str) -> int:
    """The entry's address; BackendUnavailableError where the file is not what was written."""
    from llvmlite import binding

    whole = files.file_of(name).read_bytes()
    digest, code = whole[:32], whole[32:]
    if hashlib.sha256(code).digest() != digest:
        files.file_of(name).unlink()
        raise BackendUnavailableError(f"backend 'tape': the compiled kernels {name!r} were damaged; start again")
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines[name] = engine
    return int(engine.get_function_address(symbol(name)))


@cache
def _run() -> Run:
    """The loop over the tape. Other threads go on while it runs."""
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 6)(_load("run"))


def load(families: Iterable[int]) -> tuple[Run, NDArray[np.int64]]:
    """(run, address by family), 0 for families that nothing asked for yet. Compiles what is not there."""
    wanted = [f for f in families if not _table[f]]
    files.prepare(families=[n for n in (*(FAMILIES[f] for f in wanted), "run") if n not in _engines])
    with _lock:
        for family in wanted:
            _table[family] = _table[family] or _load(FAMILIES[family])
        return _run(), _table

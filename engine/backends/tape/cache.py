"""Where the compiled kernels are, whether they are all there, and having them compiled without a wait in this process.

The folder's name holds a hash of the kernels' sources, the compiler's versions and the processor, so that nothing stale
is ever loaded (Numba itself looks only at the file in which a function stands).
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path

from engine.backends.base import BackendUnavailableError

_READY = "ready"
_HERE = Path(__file__).parent
#: families whose compilation two processes share out
WORKERS = 2


def _processor() -> str:
    """What tells one instruction set from another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


@cache
def fingerprint() -> str:
    """Changes with everything that the machine code depends on."""
    digest = hashlib.sha256()
    for file in (_HERE / "opcodes.py", _HERE / "points.py", *sorted((_HERE / "kernels").glob("*.py"))):
        digest.update(file.read_bytes())
    versions = [sys.version, platform.machine(), _processor(), os.environ.get("GRADLOOM_VECTOR", "")]
    versions += [metadata.version(name) for name in ("numba", "llvmlite")]
    digest.update("\n".join(versions).encode())
    return digest.hexdigest()[:16]


def folder() -> Path:
    """NUMBA_CACHE_DIR where that is set, else a folder for programs' caches of this user."""
    chosen = os.environ.get("GRADLOOM_KERNELS") or os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen) / f"kernels-{fingerprint()}"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "gradloom" / f"kernels-{fingerprint()}"


def is_ready() -> bool:
    """Whether all kernels are compiled for this machine. Cheap: no compiler is loaded."""
    return (folder() / _READY).exists()


def mark_ready() -> None:
    """All kernels are in the folder."""
    (folder() / _READY).write_text(fingerprint(), encoding="ascii")


def use() -> None:
    """Have Numba keep its machine code in the folder; compiles nothing."""
    from numba.core import config

    folder().mkdir(parents=True, exist_ok=True)
    config.CACHE_DIR = str(folder())


def compiler() -> tuple[list[str], dict[str, str]]:
    """Command and environment of the process that compiles: a line for each family, whether or not we are installed."""
    path = os.pathsep.join(p for p in (str(_HERE.parents[2]), os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-P", "-m", "engine.backends.tape.warm"], {**os.environ, "PYTHONPATH": path}


def prepare(on_progress: Callable[[int, int, str], None] | None = None) -> None:
    """Compile all kernels in processes of their own, some 20 s; (done, all, family) after each. At once if ready.

    BackendUnavailableError with the compiler's own words if that fails.
    """
    if is_ready():
        return
    from engine.backends.tape.opcodes import FAMILIES

    names = (*FAMILIES[1:], "run")
    folder().mkdir(parents=True, exist_ok=True)
    command, environ = compiler()
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    assert done.stdout is not None
    for count, line in enumerate(done.stdout, 1):
        if on_progress is not None:
            on_progress(min(count, len(names)), len(names), line.strip())
    _, complaint = done.communicate()
    if done.returncode or not is_ready():
        raise BackendUnavailableError(f"backend 'tape': its kernels could not be compiled: {complaint[-2000:]}")

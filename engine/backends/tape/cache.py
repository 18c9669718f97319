"""Where the compiled kernels are, whether they are all there, and having them compiled without a wait in this process.

The folder's name holds a hash of the kernels' sources, the compiler's versions and the processor, so that nothing stale
is ever loaded. It has a file for each family: a network waits only for those that its own tapes call.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from engine.backends.base import BackendUnavailableError
from engine.backends.tape.opcodes import FAMILIES

_HERE = Path(__file__).parent
#: what is compiled: the families, and the loop that calls them
NAMES = (*FAMILIES[1:], "run")
#: who hears of each family that a first step waits for: (done, all, family)
LISTENER: ContextVar[Callable[[int, int, str], None] | None] = ContextVar("LISTENER", default=None)
#: Numba paints each message of an attempt that did not fit, of which type inference makes thousands
_PLAIN_WORDS = {"NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING": "1"}


def _processor() -> str:
    """What tells one instruction set from another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _version(name: str) -> str:
    """Of an installed package, read off the folder beside it: whatever asks for it properly takes longer to load."""
    spec = find_spec(name)
    beside = Path(spec.origin).parents[1].glob(f"{name}-*.dist-info") if spec is not None and spec.origin else ()
    found = sorted(folder.name for folder in beside)
    if found:
        return " ".join(found)
    from importlib import metadata

    return metadata.version(name)


@cache
def fingerprint() -> str:
    """Changes with everything that the machine code depends on."""
    digest = hashlib.sha256()
    makers = (_HERE / f"{name}.py" for name in ("opcodes", "points", "objects", "library"))
    for file in (*makers, *sorted((_HERE / "kernels").glob("*.py"))):
        digest.update(file.read_bytes())
    versions = [sys.version, platform.machine(), _processor(), os.environ.get("GRADLOOM_VECTOR", "")]
    versions += [_version(name) for name in ("numba", "llvmlite")]
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


def file_of(name: str) -> Path:
    """The object file of a family."""
    return folder() / f"{name}.o"


def missing(names: Iterable[str] | None = None) -> list[str]:
    """Those of the names, all unless told, that are not compiled for this machine. Cheap: no compiler is loaded."""
    return [n for n in (NAMES if names is None else names) if not file_of(n).exists()]


def is_ready(names: Iterable[str] | None = None) -> bool:
    """Whether they are all compiled."""
    return not missing(names)


def replace(file: Path, content: bytes) -> None:
    """Write a file that others read meanwhile."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)


def compiler() -> tuple[list[str], dict[str, str]]:
    """Command and environment of the process that compiles: a line for each family, whether or not we are installed."""
    path = os.pathsep.join(p for p in (str(_HERE.parents[2]), os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-P", "-m", "engine.backends.tape.warm"], {**os.environ, "PYTHONPATH": path, **_PLAIN_WORDS}


def prepare(
    on_progress: Callable[[int, int, str], None] | None = None, families: Iterable[str] | None = None
) -> None:
    """Compile what is missing in processes of their own, some 20 s for all; (done, all, family) after each.

    At once if nothing is missing. BackendUnavailableError with the compiler's own words if it fails.
    """
    names = missing(families)
    if not names:
        return
    import subprocess

    command, environ = compiler()
    done = subprocess.Popen(
        [*command, *names], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    )
    assert done.stdout is not None
    hear = on_progress or LISTENER.get()
    if hear is not None:
        hear(0, len(names), names[0])
    for count, line in enumerate(done.stdout, 1):
        if hear is not None:
            hear(min(count, len(names)), len(names), line.strip())
    _, complaint = done.communicate()
    if done.returncode or not is_ready(names):
        raise BackendUnavailableError(f"backend 'tape': its kernels could not be compiled: {complaint[-2000:]}")

"""``python -m engine.backends.tape.warm``: compile all kernels into the cache, naming each family when done."""

from __future__ import annotations

import os
import subprocess
import sys

from engine.backends.tape import cache
from engine.backends.tape.opcodes import FAMILIES

#: the slowest first, so that two processes end at about the same time
ORDER = (
    "element", "winograd", "conv", "move", "attention", "norm", "update", "matrix", "tokens", "pool", "loss", "run",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """All families shared out between two processes; or, with names, those alone in this one."""
    cache.use()
    if arguments:
        return _compile(arguments)
    wanted = [n for n in ORDER if n in (*FAMILIES[1:], "run")]
    half = wanted[1::2] if (os.cpu_count() or 1) > 1 else []
    command, environ = cache.compiler()
    other = subprocess.Popen([*command, *half], env=environ) if half else None
    failed = _compile([n for n in wanted if n not in half])
    if other is not None:
        failed |= other.wait()
    if not failed:
        cache.mark_ready()
    return failed


def _compile(names: list[str]) -> int:
    import importlib

    for name in names:
        importlib.import_module(f"engine.backends.tape.kernels.{name}")
        print(name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

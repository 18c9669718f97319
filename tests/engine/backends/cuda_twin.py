"""CUDA C compiled by g++: the same source that a GPU would run, by real threads with a real barrier."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SHIM = Path(__file__).with_name("cuda_shim.h")
#: threads that stand for a block's; the bits do not depend on how many
THREADS = 3


def lacking() -> str:
    """ "" if the twin can be built here, else why not."""
    if os.name == "nt":
        return "the twin's threads are POSIX's"
    return "" if shutil.which("g++") else "no g++ on this machine"


def _command(*more: str) -> list[str]:
    return ["g++", "-std=c++17", "-O1", "-ffp-contract=off", "-pthread", "-w", f"-I{SHIM.parent}", *more]


def entry(source: str, name: str) -> str:
    """C++ that starts the kernel ``name`` with pointers taken from an array."""
    found = re.search(rf"__global__ void (?:__launch_bounds__\(\d+\) )?{name}\(([^)]*)\)", source)
    assert found, f"no kernel {name!r}"
    types = [re.sub(r"\w+$", "", p.strip()).strip() for p in found[1].split(",")]
    listed = ", ".join(f"({t})a[{k}]" if t.endswith("*") else f"*({t}*)a[{k}]" for k, t in enumerate(types))
    return (
        f'#include "cuda_shim.h"\n{source}\nstatic void block(void** a) {{ {name}({listed}); }}\n'
        'extern "C" void start(int blocks, int threads, void** a) { crew(blocks, threads, block, a); }\n'
    )


@cache
def built(source: str, name: str, *more: str) -> Any:
    """The function that starts the kernel."""
    folder = Path(tempfile.mkdtemp(prefix="cuda_twin"))
    try:
        (folder / "kernel.cpp").write_text(entry(source, name))
        target = folder / "kernel.so"
        command = _command("-shared", "-fPIC", *more, str(folder / "kernel.cpp"), "-o", str(target))
        made = subprocess.run(command, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr[:3000]
        start = ctypes.CDLL(str(target)).start
    finally:
        shutil.rmtree(folder)
    start.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    start.restype = None
    return start


def run(source: str, name: str, given: tuple[Any, ...], blocks: int = 1, threads: int = THREADS) -> None:
    """Launch it on NumPy arrays and NumPy scalars; one block after another."""
    cells = [np.array(v) if isinstance(v, np.generic) else v for v in given]
    assert all(c.flags.c_contiguous for c in cells)
    pointers = (ctypes.c_void_p * len(cells))(*(c.ctypes.data for c in cells))
    built(source, name)(blocks, threads, ctypes.cast(pointers, ctypes.c_void_p))

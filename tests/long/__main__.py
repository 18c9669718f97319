"""python -m tests.long [NAME ...] [--seed S] [--count N] [--list]: runs the long counts and says which held.

A module of this folder joins by having ``def run(seed: int, count: int | None) -> bool``: it prints what it measured
beside what was asked, and returns whether that held. ``count`` None means its own full number. The first line of its
docstring is what --list shows. Where it cannot run it raises unittest.SkipTest with the reason. The exit code is 0 only
if none that were asked for failed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable
from unittest import SkipTest

import tests.long

# As in tests/conftest.py: the numbers are to be the same on every machine, and nothing opens a window.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def names() -> list[str]:
    """The modules of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(tests.long.__path__) if not m.name.startswith("_"))


def timed(name: str, seed: int, count: int | None) -> tuple[str, float]:
    """What came of it, and seconds; a module that raises has not held, and its traceback is shown."""
    started = time.monotonic()
    try:
        run: Callable[[int, int | None], bool] = importlib.import_module(f"tests.long.{name}").run
        outcome = "held" if run(seed, count) is True else "FAILED"
    except SkipTest as reason:
        print(f"skipped: {reason}")
        outcome = "skipped"
    except Exception:
        traceback.print_exc()
        outcome = "FAILED"
    return outcome, time.monotonic() - started


def main(argv: list[str]) -> int:
    """Runs the asked ones in name order; a table at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.long", description="Counts that take minutes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=None, help="how many, instead of each one's full number")
    parser.add_argument("--list", action="store_true", help="what there is")
    asked = parser.parse_args(argv)
    known = names()
    if asked.list:
        for name in known:
            text = importlib.import_module(f"tests.long.{name}").__doc__ or ""
            print(f"{name:24} {text.strip().splitlines()[0] if text.strip() else ''}")
        return 0
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no such long test: {', '.join(unknown)} (there are: {', '.join(known)})")
    results = {}
    for name in asked.names or known:
        print(f"== {name}  seed {asked.seed}  count {asked.count or 'full'}", flush=True)
        results[name] = timed(name, asked.seed, asked.count)
    print()
    for name, (outcome, seconds) in results.items():
        print(f"{outcome:6} {name:24} {seconds:8.1f} s")
    return 1 if any(outcome == "FAILED" for outcome, _ in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

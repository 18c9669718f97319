"""What an upgrade of Qt's binding, or a careless import, would break without a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CALLS = 200
# Every module of the program, with sockets that refuse to be made and look-ups that refuse to be asked.
NO_NETWORK = """
import importlib, pkgutil, socket
def refuse(*a, **k):
    raise AssertionError(f"a socket was opened: {a}")
class Refuses(socket.socket):
    __init__ = refuse
socket.socket = Refuses
socket.create_connection = socket.getaddrinfo = refuse
names = []
for package in ("engine", "widgets", "designer"):
    found = importlib.import_module(package)
    names += [m.name for m in pkgutil.walk_packages(found.__path__, package + ".") if m.name != "designer.__main__"]
# Importing a kernel compiles it, a minute for all: they import nothing but Numba and each other.
names = [name for name in names if not name.startswith("engine.backends.tape.kernels.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_void_calls_keep_their_reference_to_none(qapp: Any) -> None:
    """PySide6 6.12 under Python 3.11 loses a reference to None on each void call and aborts after some ten thousand.

    From Python 3.12 on None is immortal and its count constant: the check then holds trivially.
    """
    from PySide6.QtCore import QObject

    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        thing.setObjectName("canary")
    assert sys.getrefcount(None) > before - CALLS // 2


def test_the_binding_is_the_pinned_one() -> None:
    import PySide6

    major, minor, patch = (int(part) for part in PySide6.__version__.split("."))
    assert (6, 10, 2) <= (major, minor, patch) < (6, 11, 0)


@pytest.mark.timeout(120)
def test_no_socket_is_opened_by_importing() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{NO_NETWORK}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_the_socket_check_can_fail() -> None:
    planted = NO_NETWORK.replace("print(len(names))", "socket.socket()")
    planted = planted.replace('"engine", "widgets", "designer"', '"json",')
    done = subprocess.run([sys.executable, "-P", "-c", planted], capture_output=True, text=True)
    assert done.returncode != 0 and "a socket was opened" in done.stderr

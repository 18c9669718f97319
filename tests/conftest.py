"""Every test runs offscreen, away from the user's files, on one BLAS thread, with a printed seed; it leaves nothing."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before NumPy, Qt or Keras are imported, and inherited by every child process that a test starts.
HOME = Path(tempfile.mkdtemp(prefix="gradloom-test-home-"))
_PLACES = {
    "HOME": HOME,
    "USERPROFILE": HOME,
    "APPDATA": HOME / "config",
    "LOCALAPPDATA": HOME / "data",
    "XDG_CONFIG_HOME": HOME / "config",
    "XDG_DATA_HOME": HOME / "data",
    "XDG_STATE_HOME": HOME / "state",
    "XDG_CACHE_HOME": HOME / "cache",
}
# GRADLOOM_TEST_DISPLAY=1 shows the in-process windows on the real display; e2e tests set the platform of their child.
SHOWN = os.environ.get("GRADLOOM_TEST_DISPLAY") == "1"
for _name, _place in _PLACES.items():
    _place.mkdir(exist_ok=True)
    os.environ[_name] = str(_place)
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"
if not SHOWN:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("KERAS_BACKEND", "torch")
# Compiled once for all workers and children of a run; a folder that outlives the run may be named from outside.
os.environ.setdefault("GRADLOOM_KERNELS", str(HOME / "cache" / "gradloom"))

ROOT = Path(__file__).resolve().parent.parent
PARITY_REASON = "{} is not installed; `python3 resources/bootstrap.py test --parity` installs it"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="seed of every test's random numbers (default 0)")
    parser.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.getoption('--seed')} (again with --seed N), home: {HOME}"


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import settings

    # No deadline: two shared cores make single examples slow now and then. In CI the same examples every time.
    settings.register_profile("gradloom", deadline=None, derandomize="CI" in os.environ, print_blob=True)
    settings.load_profile("gradloom")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(HOME, ignore_errors=True)


def _is_installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def _folders(file: Path) -> tuple[str, ...]:
    """The folders between tests/ and the file."""
    return file.relative_to(ROOT).parts[1:-1] if file.is_relative_to(ROOT) else ()


class _SkippedModule(pytest.Module):
    """A parity module whose judge is not there: skipped before its imports fail."""

    def collect(self) -> Any:
        pytest.skip(PARITY_REASON.format("torch"), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if "torch" in _folders(module_path) and not _is_installed("torch"):
        return _SkippedModule.from_parent(parent, path=module_path)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in _folders(item.path):
            item.add_marker("e2e")
        if "torch" in _folders(item.path):
            item.add_marker("parity")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes minutes; --long or python -m tests.long runs it")
    marker = item.get_closest_marker("parity")
    for library in (marker.args or ("torch",)) if marker else ():
        if not _is_installed(library):
            pytest.skip(PARITY_REASON.format(library))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The test's own seed, from --seed and its name: adding a test does not change another's numbers."""
    return zlib.crc32(f"{request.config.getoption('--seed')} {request.node.nodeid}".encode())


@pytest.fixture
def rng(seed: int) -> Any:
    """A NumPy generator of the test's own seed."""
    import numpy as np

    return np.random.default_rng(seed)


@pytest.fixture(autouse=True)
def _same_random_numbers(seed: int) -> None:
    """Code under test must take a generator; if a library draws from the global ones, it draws the same each time."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)


@pytest.fixture(autouse=True)
def _no_settings_left() -> Iterator[None]:
    """Settings, recent files and recovery journals of one test are not there for the next; compiled kernels are."""
    yield
    for place in ("config", "data", "state"):
        for left in (HOME / place).iterdir():
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _threads() -> set[threading.Thread]:
    # A dummy stands for a foreign thread (Qt's, say) that once ran Python; it never goes away by itself.
    return {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)}


def _windows_and_timers() -> dict[int, str]:
    """Id and description of each visible top-level widget and each running timer that belongs to the application."""
    if "PySide6.QtWidgets" not in sys.modules:
        return {}
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return {}
    shown = [w for w in app.topLevelWidgets() if w.isVisible()]
    ticking = [t for t in app.findChildren(QTimer) if t.isActive()]
    return {id(o): f"{type(o).__name__} {o.objectName()!r}" for o in (*shown, *ticking)}


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread, a visible window or a running timer; Qt warnings fail by qt_log_level_fail."""
    threads, things = _threads(), _windows_and_timers()
    yield
    until = time.monotonic() + 2.0
    while (left := _threads() - threads) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, "threads left behind: " + ", ".join(sorted(t.name for t in left))
    extra = {k: text for k, text in _windows_and_timers().items() if k not in things}
    assert not extra, "windows or timers left behind: " + ", ".join(sorted(extra.values()))

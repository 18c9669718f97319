"""The fast kernels are compiled beside the window, once, and the status bar tells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from designer.app.kernels import KernelCompiler
from designer.app.status_bar import TrainingStatus
from designer.session.frame import Frame
from engine.backends import Slowed
from engine.backends.tape import cache
from engine.training.events import Status


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kernels are there."""
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path))


def compiled(qtbot: Any, script: str) -> list[str]:
    told: list[str] = []
    compiler = KernelCompiler(told.append)
    compiler.start([sys.executable, "-c", script])
    assert compiler.busy
    qtbot.waitUntil(lambda: not compiler.busy, timeout=20_000)
    return told


def test_each_family_is_told_and_the_end(qtbot: Any, cold: None) -> None:
    told = compiled(qtbot, "import time\nfor k in 'abc': print(k, flush=True); time.sleep(0.05)")
    assert "until then training uses NumPy" in told[0]
    assert "3 of" in told[-2] and "the next run uses them" in told[-1]


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_failure_is_told(qtbot: Any, cold: None, script: str) -> None:
    assert "could not be compiled" in compiled(qtbot, script)[-1]


def test_what_cannot_be_started_is_told(qtbot: Any, cold: None) -> None:
    told: list[str] = []
    KernelCompiler(told.append).start(["/no/such/program"])
    qtbot.waitUntil(lambda: "could not" in told[-1], timeout=20_000)


def test_nothing_is_done_where_they_are(qtbot: Any, cold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "is_ready", lambda: True)
    compiler = KernelCompiler(pytest.fail)
    compiler.start([sys.executable, "-c", "0"])
    assert not compiler.busy


def test_closing_the_window_ends_it(qtbot: Any, cold: None) -> None:
    told: list[str] = []
    compiler = KernelCompiler(told.append)
    compiler.start([sys.executable, "-c", "import time; time.sleep(60)"])
    qtbot.waitUntil(lambda: compiler._process.processId() > 0, timeout=20_000)
    compiler.close()
    assert not compiler.busy and len(told) == 1


def test_the_real_compiler_is_found_whether_or_not_the_program_is_installed(
    qtbot: Any, cold: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command, environ = cache.compiler()
    imported = [*command[:-2], "-c", f"import {command[-1]}; print('found')"]  # all but the half minute
    monkeypatch.setattr(cache, "compiler", lambda: (imported, environ))
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    compiler = KernelCompiler(told.append)
    compiler.start()
    qtbot.waitUntil(lambda: not compiler.busy, timeout=60_000)
    assert "the next run uses them" in told[-1] and "1 of" in told[-2]


def test_the_status_bar_tells_why_numpy_trains(qtbot: Any) -> None:
    bar = TrainingStatus()
    qtbot.addWidget(bar)
    running = Status(state="running", backend="numpy", epochs=1)
    bar.show_frame(Frame(status=running, slowed=Slowed(("numbers of type float64",))))
    assert "the fast kernels have none for numbers of type float64" in bar.figures.toolTip()
    bar.show_frame(Frame(status=running, slowed=Slowed(awaits=True)), at_once=True)
    assert bar.figures.toolTip().endswith("the fast kernels are not compiled yet")
    bar.show_frame(Frame(status=running), at_once=True)
    assert "fast kernels" not in bar.figures.toolTip()

""" "auto" takes the tape where it can and never waits for a compiler; a trainer on the tape keeps its promises."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends import Slowed, available, awaits_kernels, compiling_told, cupy, make_executable
from engine.backends.tape import cache
from engine.cli.main import main
from engine.declare import Spec
from engine.files import project_file
from engine.graph import Graph
from engine.graph.project import DataSetup
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.training import ResumeState, Session, Trainer
from engine.training.events import Prepared
from engine.training.politeness import live_threads
from engine.training.resume import threads_for
from engine.training.session import wait_for
from tests.engine.training.nets import blobs, chain, mlp, project

#: a net that only the reference runs
BLURRED = chain(
    ("input", {"size": (4,)}), ("reshape", {"target": (1, 2, 2)}), ("upsample", {"mode": "bilinear"}), ("flatten", {}),
    ("dense", {"units": 2}), ("output", {}),
)  # fmt: skip


def chosen(graph: Graph | None = None, dtype: Any = "float32") -> str:
    plan = build_plan(graph or mlp((4, 3, 2), loss="mse"))
    made = make_executable("auto", plan, OPTIMIZERS.make("sgd"), dtype, 0)
    made.close()
    return made.name


def test_auto_is_the_tape_where_it_can_run_the_plan() -> None:
    assert "tape" in available()
    assert chosen() == "tape"
    assert chosen(dtype="float64") == chosen(BLURRED) == "numpy"


def test_auto_does_not_wait_for_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path))
    monkeypatch.setattr(cache, "prepare", lambda *_: pytest.fail("it compiles"))
    assert chosen() == "numpy"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("steps", [1, 9, 13])
def test_a_trainer_repeats_and_resumes_bit_for_bit(steps: int) -> None:
    graph = mlp((4, 8, 3), dropout=0.2, batch_norm="before", l2=0.01)
    p, data = project(graph, optimizer=Spec("adam"), patience=3), blobs()
    straight = Trainer(p, data, backend="tape")
    straight.run()
    first = Trainer(p, data, backend="tape")
    first.run_steps(steps)
    state = first.resume_state()
    second = Trainer(p, data, backend="tape")
    second.load_resume_state(ResumeState(state.arrays, json.loads(json.dumps(state.scalars, allow_nan=False))))
    second.run()
    left, right = straight.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert [e.validation_loss for e in second.epochs] == [e.validation_loss for e in straight.epochs]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_resume_keeps_the_number_of_threads_it_was_trained_on(threads: int) -> None:
    """Sums are cut among the threads: on another number the bits would differ."""
    p, data = project(mlp((64, 256, 3)), epochs=2, batch_size=64), blobs(per_class=100, features=64)
    straight = Trainer(p, data, backend="tape", threads=threads)
    straight.run()
    first = Trainer(p, data, backend="tape", threads=threads)
    first.run_steps(3)
    state = first.resume_state()
    assert state.scalars["threads"] == threads == threads_for(3 - threads, state)
    assert first.executable.threads_of(64) == threads and first.executable.threads_of(1) == 1
    second = Trainer(p, data, backend="tape", threads=threads_for(0, state))
    second.load_resume_state(state)
    second.run()
    left, right = straight.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize(("cores", "told", "expected"), [(1, "", 1), (2, "", 2), (8, "", 7), (8, "3", 3), (2, "x", 2)])
def test_a_window_keeps_a_core_where_there_are_more_than_two(
    monkeypatch: pytest.MonkeyPatch, cores: int, told: str, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert live_threads(told) == expected


def test_a_project_from_a_machine_with_a_gpu_trains_here_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cupy, "missing", lambda: "no NVIDIA driver was found")
    p = project(mlp((2, 4, 1), loss="binary_cross_entropy"), backend="cupy", epochs=1)
    p = replace(p, data=DataSetup(Spec("xor")))
    session = Session(p, blobs(classes=2, features=2), polite=False)
    session.start()
    wait_for(session, ("paused",))
    told = session.events.get(timeout=5)
    assert session.close()
    assert isinstance(told, Prepared) and told.backend != "cupy" and told.instead == "no NVIDIA driver was found"
    file = tmp_path / "far.json"
    project_file.write(file, p)
    assert main(["train", str(file)]) == 0
    assert "asks for backend 'cupy', but no NVIDIA driver was found" in capsys.readouterr().err
    assert main(["train", str(file), "--backend", "cupy"]) == 2
    assert "there are: numpy, tape" in capsys.readouterr().err


def test_what_only_lacks_compiled_kernels_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fits, does_not = (
        make_executable("numpy", build_plan(graph), OPTIMIZERS.make("sgd"), "float32", 0)
        for graph in (mlp((4, 3, 2), loss="mse"), BLURRED)
    )
    assert not awaits_kernels(fits)
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path / "cold"))
    assert awaits_kernels(fits) and not awaits_kernels(does_not)
    file = tmp_path / "net.json"
    p = replace(project(mlp((2, 4, 1), loss="binary_cross_entropy"), epochs=1), data=DataSetup(Spec("xor")))
    project_file.write(file, p)
    assert main(["train", str(file)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["train", str(file)]) == 0
    assert "--backend tape compiles the fast kernels first" in capsys.readouterr().err


def test_one_line_says_what_the_fast_kernels_lack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.json"
    blurred = chain(("input", {"size": (2,)}), ("reshape", {"target": (1, 1, 2)}), ("upsample", {"mode": "bilinear"}),
                    ("flatten", {}), ("dense", {"units": 1}),
                    ("output", {"loss": Spec("binary_cross_entropy")}))  # fmt: skip
    project_file.write(file, replace(project(blurred, epochs=1), data=DataSetup(Spec("xor"))))
    assert main(["train", str(file)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["train", str(file)]) == 0
    said = "trains with NumPy: the fast kernels have none for upsample of mode 'bilinear'\n"
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("asked", "dtype", "cold", "expected"),
    [
        ("auto", "float32", False, Slowed()),
        ("auto", "float64", False, Slowed(("numbers of type float64",))),
        ("auto", "float32", True, Slowed(awaits=True)),
        ("numpy", "float64", False, Slowed()),
    ],
)
def test_a_session_tells_what_keeps_it_from_the_fast_kernels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str, dtype: str, cold: bool, expected: Slowed
) -> None:
    if cold:
        monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path / "cold"))
    net = project(mlp((2, 4, 1), loss="binary_cross_entropy"), backend=asked, dtype=dtype, epochs=1)
    session = Session(net, blobs(classes=2, features=2), polite=False)
    session.start()
    told = session.events.get(timeout=20)
    assert session.close()
    assert isinstance(told, Prepared) and told.slowed == expected


def test_a_first_step_that_must_wait_for_kernels_tells_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, str]] = []
    monkeypatch.setattr(cache, "compiler", lambda: ([sys.executable, "-c", "print('a\\nb')"], dict(os.environ)))
    monkeypatch.setattr(cache, "missing", lambda names=None: ["a", "b"])
    monkeypatch.setattr(cache, "is_ready", lambda names=None: True)
    with compiling_told(lambda *words: told.append(words)):
        cache.prepare()
    assert told == [(0, 2, "a"), (1, 2, "a"), (2, 2, "b")]
    cache.prepare()
    assert len(told) == 3

"""Compiled kernels as files: one a family, loaded without Numba, waited for only by the networks that call them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

from engine.backends import BackendUnavailableError, make_executable
from engine.backends.tape import cache, library, objects, warm
from engine.backends.tape.needs import kernels_of
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.training.nets import chain, mlp

MLP = {"move", "element", "matrix", "loss", "update", "run"}
STEP = """
import json, sys
import numpy as np
from engine.backends import make_executable
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.training.nets import mlp
made = make_executable("auto", build_plan(mlp((4, 3, 2), loss="mse")), OPTIMIZERS.make("adam"), "float32", 0)
made.bind({"x": np.ones((5, 4))}, {"y": np.ones((5, 2))})
loss = made.train(np.arange(5)[None], np.array([0.1]), 0).loss
print(json.dumps([made.name, float(loss[0]), "numba" in sys.modules]))
"""


def conv() -> Graph:
    return chain(
        ("input", {"size": (1, 8, 8)}), ("conv2d", {"filters": 16, "padding": "same"}), ("max_pool2d", {}),
        ("flatten", {}), ("dense", {"units": 3}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


@pytest.fixture
def some(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with the kernels of a dense network alone."""
    files = [cache.file_of(name) for name in MLP]
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path))
    cache.folder().mkdir(parents=True)
    for file in files:
        shutil.copy(file, cache.folder())
    return cache.folder()


def test_a_first_step_loads_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    name, loss, numba = json.loads(done.stdout)
    assert name == "tape" and loss > 0 and not numba


def test_a_plan_needs_the_families_that_its_tapes_call() -> None:
    adam = OPTIMIZERS.make("adam")
    assert set(kernels_of(build_plan(mlp((4, 3, 2))), adam)) == MLP
    assert set(kernels_of(build_plan(conv()), adam)) - MLP == {"pool", "conv"}


def test_a_network_waits_for_its_own_kernels_alone(some: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(graph: Graph) -> str:
        made = make_executable("auto", build_plan(graph), OPTIMIZERS.make("adam"), "float32", 0)
        made.close()
        return made.name

    assert not cache.is_ready() and cache.is_ready(MLP)
    assert chosen(mlp((4, 3, 2))) == "tape" and chosen(conv()) == "numpy"
    (some / "update.o").unlink()
    assert chosen(mlp((4, 3, 2))) == "numpy"


def test_a_damaged_file_is_refused_and_made_anew(some: Path) -> None:
    file = some / "run.o"
    code = bytearray(file.read_bytes())
    code[len(code) // 2] ^= 1
    file.write_bytes(code)
    with pytest.raises(BackendUnavailableError, match="'run' were damaged"):
        library._load("run")
    assert cache.missing(MLP) == ["run"]


def test_what_only_numbas_runtime_has_is_named() -> None:
    library.load(())  # LLVM knows the process's own symbols from its first engine on, as Numba's is in the compiler
    code = binding.parse_assembly(
        "declare void @NRT_Free(ptr)\ndeclare double @sqrt(double)\ndeclare i32 @no_such_function()\n"
        "declare double @llvm.fabs.f64(double)"
    )
    assert objects._unresolved(code) == ["NRT_Free", "no_such_function"]


def test_every_family_is_compiled_once_by_one_of_two() -> None:
    queue = warm._Queue(list(cache.NAMES))
    taken = [queue.next(k % 2) for k in range(len(cache.NAMES) + 2)]
    assert sorted(taken) == ["", "", *sorted(cache.NAMES)]
    alone = warm._Queue(["tokens", "matrix", "run"])
    assert [alone.next(1) for _ in range(4)] == ["run", "tokens", "matrix", ""]


def test_what_fails_to_compile_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADLOOM_KERNELS", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match=r"No module named 'engine\.backends\.tape\.kernels\.nothing'"):
        cache.prepare(families=["nothing"])

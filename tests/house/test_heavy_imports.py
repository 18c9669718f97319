"""Importing the engine loads NumPy and nothing heavier: the command line answers and the first window shows at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numba", "llvmlite", "cupy", "msgspec", "networkx", "onnx", "PIL", "safetensors", "PySide6", "shiboken6",
    "pyqtgraph", "torch", "keras", "scipy", "sklearn", "pandas", "onnxruntime", "distributed",
)  # fmt: skip
# Compiled kernels need the compiler where they are written; nothing may import these modules at its top.
COMPILED = ("engine.backends.tape.",)

# Runs in a child of its own: imports one module after the other and says which of them brought something heavy in.
CHILD = """
import importlib, json, pkgutil, sys
package, heavy, compiled = sys.argv[1], sys.argv[2].split(","), tuple(sys.argv[3].split(","))
blame, seen = {}, set()
def load(name):
    importlib.import_module(name)
    new = {h for h in heavy if h in sys.modules} - seen
    seen.update(new)
    if new:
        blame[name] = sorted(new)
load(package)
found = pkgutil.walk_packages(sys.modules[package].__path__, package + ".")
names = [m.name for m in found if not m.name.startswith(compiled)]
for name in names:
    load(name)
print(json.dumps([blame, len(names)]))
"""


def heavy_imports(root: Path, package: str) -> tuple[dict[str, list[str]], int]:
    """Module -> heavy libraries that came with it, and the number of modules imported."""
    code = f"import sys; sys.path.insert(0, {str(root)!r})\n{CHILD}"
    command = [sys.executable, "-P", "-c", code, package, ",".join(HEAVY), ",".join(COMPILED)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    blame, count = json.loads(done.stdout)
    return blame, count


def test_the_engine_loads_nothing_heavy() -> None:
    blame, count = heavy_imports(ROOT, "engine")
    assert blame == {}
    assert count > 50


@pytest.mark.parametrize("library", ["networkx", "msgspec", "PIL"])
def test_a_planted_import_is_named(tmp_path: Path, library: str) -> None:
    (tmp_path / "engine_like").mkdir()
    (tmp_path / "engine_like" / "__init__.py").write_text("")
    (tmp_path / "engine_like" / "good.py").write_text(f"def late():\n    import {library}\n")
    (tmp_path / "engine_like" / "planted.py").write_text(f"import {library}\n")
    assert heavy_imports(tmp_path, "engine_like") == ({"engine_like.planted": [library]}, 2)

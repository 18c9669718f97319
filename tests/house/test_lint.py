"""Style, strict types and import contracts are tests like all others, so that one command says everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The linter that is installed beside this interpreter, not whichever the path offers.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CHECKS = {
    "ruff": ["-m", "ruff", "check", "--no-cache", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", LINT_IMPORTS, "--no-cache"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKS)
def test_check(check: str) -> None:
    done = subprocess.run([sys.executable, *CHECKS[check]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{check} found:\n{done.stdout}\n{done.stderr}"


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("check", "bad"),
    [("ruff", "import os\n"), ("mypy", "def f(x):\n    return x\n")],
)
def test_check_can_fail(check: str, bad: str, tmp_path: Path) -> None:
    """The same configuration rejects a planted fault: an unused import, a function without types."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for package in ("engine", "designer", "designer/document"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "engine" / "planted.py").write_text(bad)
    done = subprocess.run([sys.executable, *CHECKS[check]], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "planted.py" in done.stdout, done.stdout + done.stderr

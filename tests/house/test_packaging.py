"""What an installed copy needs ships with it, and the documents name the commands that exist."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "designer", "widgets", "resources", "samples")


@pytest.fixture(scope="module")
def setup() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_data_file_ships(setup: Any) -> None:
    patterns = setup["tool"]["setuptools"]["package-data"]["*"]
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file() and file.suffix != ".py"]
    files = [file for file in files if "__pycache__" not in file.parts and not file.name.startswith(".")]
    left_out = [str(f.relative_to(ROOT)) for f in files if not any(fnmatch(f.name, p) for p in patterns)]
    assert files and left_out == []


def test_every_folder_of_data_can_be_a_package() -> None:
    """setuptools ships a folder only if its name could be a package's: no hyphen, no dot, no leading digit."""
    folders = [folder for room in ROOMS for folder in (ROOT / room).rglob("*") if folder.is_dir()]
    odd = [str(f.relative_to(ROOT)) for f in folders if not f.name.isidentifier() and not f.name.startswith(".")]
    assert odd == []


def test_every_python_package_is_declared_as_one() -> None:
    folders = {file.parent for room in ("engine", "designer", "widgets") for file in (ROOT / room).rglob("*.py")}
    assert [str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").is_file()] == []


def test_the_verdict_is_the_documented_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    verdict = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("python3 resources/bootstrap.py run", "python3 resources/bootstrap.py test"):
        assert f"    {command}\n" in readme, f"{command} stands on a line of its own"
    assert "    python3 resources/bootstrap.py test --parity\n" in readme
    assert "\npython3 resources/bootstrap.py test --parity" in verdict


def test_the_named_licence_is_there(setup: Any) -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert setup["project"]["license"] == "MIT" and text.startswith("MIT License")
    assert "Copyright (c) 2026 The Gradloom authors" in text

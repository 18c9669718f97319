"""The README says what is there: its commands parse, its files and pictures exist, its layer passes the conformance."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.parser import build_parser

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    \$ gradloom (.+)$", TEXT, re.MULTILINE)
MADE_BY_THEM = ("fashion.gradloom", "fashion.onnx", "fashion.svg", "run.jsonl", "gradloom.png")
PLACES = r"`((?:engine|designer|widgets|resources|samples|tests)/[\w./]*|[\w.]+\.(?:json|py|md)|\.ci/run|LICENSE)`"


def test_it_can_be_read_in_one_go() -> None:
    assert 100 < len(TEXT.splitlines()) <= 250


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one(command: str) -> None:
    options = build_parser().parse_args(shlex.split(command))
    given = [getattr(options, name, None) for name in ("file", "input")]
    for name in (Path(str(g)) for g in given if g):
        assert name.name in MADE_BY_THEM or (ROOT / name).exists(), name


def test_every_command_of_the_program_is_shown() -> None:
    assert {c.split()[0] for c in COMMANDS} == {"train", "predict", "check", "info", "export"}


def test_files_and_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert len(pictures) >= 2
    named = [name for name in re.findall(PLACES, TEXT) if name not in MADE_BY_THEM and "blend" not in name]
    bare = {p.name for room in ("engine", "widgets", "resources") for p in (ROOT / room).rglob("*.py")}
    assert [n for n in (*pictures, *named) if not (ROOT / n).exists() and n not in bare] == []


def test_modules_that_it_runs_are_there() -> None:
    modules = set(re.findall(r"python -m ([\w.]+)", TEXT)) - {"pytest"}
    assert "tests.long" in modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_its_layer_passes_the_conformance(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.+?)^```", TEXT, re.MULTILINE | re.DOTALL)
    place = re.search(r"`(engine/layers/types/\w+\.py)`", TEXT)
    assert place is not None
    for part in ("engine", "tests/engine", "tests/__init__.py", "tests/conftest.py", "pyproject.toml"):
        source, target = ROOT / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (tmp_path / place[1]).write_text(example, encoding="utf-8")
    name = Path(place[1]).stem
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/engine/layers/test_conformance.py",
    ]
    done = subprocess.run([*command, "-k", name], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 10, done.stdout

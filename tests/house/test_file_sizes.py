"""A file has one reason to exist: caps on the length of files and functions, and their typical size."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "designer", "widgets", "resources")
FILE_CAP, FILE_MEDIAN, FUNCTION_CAP, FUNCTION_P90 = 400, 150, 60, 30


def functions(tree: ast.AST) -> list[tuple[str, int, int]]:
    """(name, first line, number of lines, docstring included) of every function and method."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1) for node in found]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Path -> text of each source file of the four rooms."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}


def test_no_file_is_over_the_cap(sources: dict[str, str]) -> None:
    over = {name: lines for name, text in sources.items() if (lines := len(text.splitlines())) > FILE_CAP}
    assert over == {}


def test_the_median_file_is_short(sources: dict[str, str]) -> None:
    assert statistics.median(len(text.splitlines()) for text in sources.values()) <= FILE_MEDIAN


def test_no_function_is_over_the_cap(sources: dict[str, str]) -> None:
    over = [
        f"{file}:{line} {name} has {length} lines"
        for file, text in sources.items()
        for name, line, length in functions(ast.parse(text))
        if length > FUNCTION_CAP
    ]
    assert over == []


def test_nine_of_ten_functions_are_short(sources: dict[str, str]) -> None:
    lengths = sorted(length for text in sources.values() for *_, length in functions(ast.parse(text)))
    assert lengths[int(0.9 * len(lengths))] <= FUNCTION_P90


def test_functions_are_measured() -> None:
    body = "class A:\n    async def f(self):\n        def g():\n            return 1\n        return g\n"
    assert functions(ast.parse(body)) == [("f", 2, 4), ("g", 3, 2)]

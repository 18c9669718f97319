"""What reviews would say again and again, said once: unsafe or unfinished code, untranslatable texts, stray colours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "designer", "widgets", "resources")
UNSAFE_IMPORTS = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "yaml"}
UNSAFE_CALLS = {"eval", "exec"}
UNFINISHED = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XXX", "HACK")) + r")\b")
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})$")
# The one file of colours, and the maps of measured values, whose ends (black, white) are the same in every theme.
COLOURS_LIVE_IN = {"widgets/tokens.py", "widgets/colormaps.py"}


def complaints(name: str, text: str) -> list[str]:
    """``file:line what`` for each breach of a convention."""
    tree = ast.parse(text)
    found = [(line, what) for node in ast.walk(tree) for line, what in _of_node(name, node)]
    found += [(n, "unfinished work") for n, line in enumerate(text.splitlines(), 1) if UNFINISHED.search(line)]
    return [f"{name}:{line} {what}" for line, what in sorted(found)]


def _of_node(name: str, node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for module in modules:
            if module.split(".")[0] in UNSAFE_IMPORTS:
                yield node.lineno, f"imports {module}, which can run what a file says"
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    if isinstance(node, ast.ExceptHandler):
        silent = all(isinstance(s, ast.Pass) for s in node.body)
        broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        if node.type is None or (broad and silent):
            yield node.lineno, "swallows every error"
    window = name.startswith(("designer/", "widgets/")) and name not in COLOURS_LIVE_IN
    if window and isinstance(node, ast.Constant) and isinstance(node.value, str) and COLOUR.fullmatch(node.value):
        yield node.lineno, f"names the colour {node.value}; colours live in widgets/tokens.py"


def _of_call(node: ast.Call) -> Iterator[tuple[int, str]]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called in UNSAFE_CALLS:
        yield node.lineno, f"calls {called}"
    if called == "tr" and node.args and isinstance(node.args[0], ast.JoinedStr):
        yield node.lineno, "tr(f'...') never finds its translation"
    for keyword in node.keywords:
        if keyword.arg == "allow_pickle" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
            yield node.lineno, "loads pickles"


def test_conventions_hold() -> None:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    assert files
    breaches = [
        breach
        for file in files
        for breach in complaints(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]
    assert breaches == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import pickle", "imports pickle"),
        ("from joblib import load", "imports joblib"),
        ("eval('1')", "calls eval"),
        ("try:\n    f()\nexcept:\n    g()", "swallows"),
        ("try:\n    f()\nexcept Exception:\n    pass", "swallows"),
        ("load(p, allow_pickle=True)", "loads pickles"),
        ("tr(f'{x} nodes')", "translation"),
        ("x = '#5B9DFF'", "colour"),
        ("x = 1  # TO" + "DO later", "unfinished"),
    ],
)
def test_each_breach_is_named(text: str, what: str) -> None:
    assert len(found := complaints("designer/planted.py", text)) == 1 and what in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "tr('{n} nodes', n=3)",
        "model.eval()",
        "np.load(p, allow_pickle=False)",
        "try:\n    f()\nexcept OSError:\n    pass",
        "try:\n    f()\nexcept Exception as error:\n    report(error)",
        "'issue #123456'",
    ],
)
def test_what_is_meant_is_left_alone(text: str) -> None:
    assert complaints("designer/planted.py", text) == []

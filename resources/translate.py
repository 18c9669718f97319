"""Catalogues of translations kept in step with the sources.

``python resources/translate.py ko`` lists what lacks a translation; ``--write`` puts the catalogue in the order of the
sources and drops what no source says any more. Texts of the window are found by reading its files, those that the
engine declares (titles, parameters, help, problems, findings) from its registries and files; Qt is not loaded.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "resources" / "translations"
HELPER = "widgets/i18n.py"
REGISTRIES = (
    ("engine.layers", "LAYERS"),
    ("engine.losses", "LOSSES"),
    ("engine.optimizers", "OPTIMIZERS"),
    ("engine.initializers", "INITIALIZERS"),
    ("engine.schedules", "SCHEDULES"),
    ("engine.metrics", "METRICS"),
    ("engine.regularizers", "REGULARIZERS"),
    ("engine.data.source", "SOURCES"),
    ("engine.data.transform", "TRANSFORMS"),
)
# Lists and what stands in brackets are looked up piece by piece, here as in the window.
CUTS = re.compile(r"[;,] | ?\((?=[a-z])")
# A formula that is words in part: ``mean of x over the window``.
PROSE = re.compile(r"\b[A-Za-z]{2,} (?!sqrt|log|exp|cos|sin|max)[a-z]{3,}\b")
LEAST_LETTERS = 4
WORD = re.compile(r"[A-Za-z]{2}")
EXPLAINED = {"LAYERS", "LOSSES", "OPTIMIZERS", "INITIALIZERS", "SCHEDULES", "SOURCES"}
PARAMS = {"Int", "Float", "Bool", "Choice", "Ints", "Floats", "Ref", "Text"}
# Which arguments of a call are sentences for people: by position, and by keyword.
SENTENCES: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "ShapeRefusal": ((1,), ("expected", "got")),
    "Problem": ((1, 3, 4), ("template", "expected", "got")),
    "_problem": ((1, 3, 4), ()),
    "Fix": ((0,), ("label",)),
    "Card": ((2, 3, 4), ()),
    "Template": ((1, 2), ()),
    "Block": ((1, 2), ()),
    "DataError": ((1,), ("rule", "expected", "got", "remedy")),
    "FormatError": ((2,), ("rule", "expected", "got", "remedy")),
}
# Functions whose returned texts say why something is refused or not there, and of layers whose texts stand on a card.
REASONS = {"check", "check_target", "_check_classes", "missing"}
REASONED = ("engine/losses/", "engine/backends/")
LINES = {"_text", "summary", "explain", "explain_axis", "stage_summary", "window_summary"}
CARDS = ("engine/layers/", "engine/data/errors.py")
REFUSALS = ("engine/graph/refusals.py", "designer/document/refusals.py", "designer/document/verbs/")


def texts() -> dict[str, str]:
    """Every text that a person may see in the window -> the file that says it first, in the order of the files."""
    found: dict[str, str] = {}
    for name, tree in _trees("designer", "widgets"):
        for text in (*window_texts(tree), *param_texts(tree)):
            found.setdefault(text, name)
    for text, name in registry_texts():
        found.setdefault(text, name)
    for name, tree in _trees("engine", "designer/document/templates"):
        for text in engine_sentences(name, tree):
            found.setdefault(text, name)
    for name, tree in _trees("engine", "designer"):
        for text in refusal_sentences(name, tree):
            found.setdefault(text, name)
    return found


def _trees(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")), node


def _ordered(tree: ast.AST, names: set[str]) -> list[tuple[str, ast.Call]]:
    calls = [(name, call) for name, call in _calls(tree) if name in names]
    return sorted(calls, key=lambda c: (c[1].lineno, c[1].col_offset))


def window_texts(tree: ast.AST) -> list[str]:
    """The literal first arguments of ``tr(...)``, in the order of the file."""
    first = [call.args[0] for _, call in _ordered(tree, {"tr"}) if call.args]
    return [a.value for a in first if isinstance(a, ast.Constant) and isinstance(a.value, str)]


def offences(name: str, text: str) -> list[str]:
    """``file:line`` of each ``tr`` whose text cannot be found in a catalogue: an f-string, a variable, nothing."""
    found = []
    for _, call in _ordered(ast.parse(text), {"tr"}):
        argument = call.args[0] if call.args else None
        if name != HELPER and not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            found.append(f"{name}:{call.lineno} tr({ast.unparse(argument) if argument else ''})")
    return found


def param_texts(tree: ast.AST) -> Iterator[str]:
    """Labels, helps, units and choices of parameters declared outside a registry: ``"epochs": Int(20, help=...)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
            if called in PARAMS and isinstance(value, ast.Call) and isinstance(key, ast.Constant):
                yield from _declared(str(key.value), called, value)


def _declared(name: str, kind: str, call: ast.Call) -> Iterator[str]:
    said = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    yield str(said.get("label") or name.replace("_", " "))
    yield from (str(said[k]) for k in ("help", "unit") if said.get(k))
    if kind == "Choice":
        yield from (str(a.value) for a in call.args[1:] if isinstance(a, ast.Constant))


def registry_texts() -> Iterator[tuple[str, str]]:
    """Titles, and labels, helps, units and choices of the parameters, of everything that registers."""
    import importlib

    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    for module, name in REGISTRIES:
        for declared in getattr(importlib.import_module(module), name).classes():
            file = declared.__module__.replace(".", "/") + ".py"
            # A card says a loss by its id: ``half squared``.
            said = [declared.title, *([declared.id.replace("_", " ")] if name == "LOSSES" else [])]
            law = (declared.__doc__ or "").strip().partition("\n")[0]
            said += [law] if PROSE.search(law) and name in EXPLAINED else []
            for param in declared.params.values():
                said += [param.label, param.help, param.unit, *param.choices]
            yield from ((text, file) for text in said if text)


def engine_sentences(name: str, tree: ast.AST) -> Iterator[str]:
    """Templates of problems, labels of fixes, findings and reasons; ``{0}`` stands where an f-string fills in."""
    for called, call in _ordered(tree, set(SENTENCES)):
        places, words = SENTENCES[called]
        said = [call.args[k] for k in places if k < len(call.args)]
        said += [k.value for k in call.keywords if k.arg in words]
        for argument in said:
            yield from _named(tree, argument) if isinstance(argument, ast.Name) else _spoken(argument)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in REASONS and name.startswith(REASONED):
            for result in (r.value for r in ast.walk(node) if isinstance(r, ast.Return) and r.value):
                yield from _spoken(result)
        elif isinstance(node, ast.FunctionDef) and node.name in LINES and name.startswith(CARDS):
            yield from _pieces(node)


def refusal_sentences(name: str, tree: ast.AST) -> Iterator[str]:
    """What refused edits of graph and document say."""
    for called, call in _calls(tree):
        if name.startswith(REFUSALS) and (called == "__init__" or called.endswith("Refusal")):
            for argument in call.args:
                yield from _named(tree, argument) if isinstance(argument, ast.Name) else _spoken(argument)


def _pieces(function: ast.FunctionDef) -> Iterator[str]:
    """The texts in a function that writes lines such as ``32 x 3x3, same, ReLU``, cut where a list is cut."""
    inner = {id(part) for node in ast.walk(function) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(function):
        said = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and id(node) not in inner)
        if said and not (isinstance(node, ast.Constant) and node.value == ast.get_docstring(function, clean=False)):
            for text in _spoken(node):  # type: ignore[arg-type]
                yield from (
                    renumbered(piece) for piece in CUTS.split(text) if WORD.search(bare(piece)) and "_" not in piece
                )


def bare(text: str) -> str:
    """Without placeholders."""
    return re.sub(r"\{[^}]*\}", "", text)


def renumbered(text: str) -> str:
    """``{3} of {4}`` as ``{0} of {1}``."""
    count = iter(range(100))
    return re.sub(r"\{\d+\}", lambda _: f"{{{next(count)}}}", text).strip()


def _named(tree: ast.AST, argument: ast.Name) -> Iterator[str]:
    """What a variable of the file may hold: each text assigned to it, with and without what is added later."""
    said: list[str] = []
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(t, ast.Name) and t.id == argument.id for t in targets):
            continue
        if isinstance(node, ast.Assign):
            said += _spoken(node.value)
        elif isinstance(node, ast.AugAssign):
            said += [before + more for before in said for more in _spoken(node.value)]
    yield from said


def _spoken(node: ast.expr) -> Iterator[str]:
    """The text of a literal or f-string, of both arms of a choice; nothing where it is only values."""
    if isinstance(node, ast.IfExp):
        yield from _spoken(node.body)
        yield from _spoken(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if WORD.search(bare(node.value)):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        filled, text = 0, ""
        for part in node.values:
            text += str(part.value) if isinstance(part, ast.Constant) else f"{{{filled}}}"
            filled += not isinstance(part, ast.Constant)
        # A pattern of hardly any words, such as ``{0} to {1}``, would match what it does not mean.
        if len(re.findall(r"[A-Za-z]", bare(text))) >= LEAST_LETTERS:
            yield text


def placeholders(text: str) -> list[str]:
    """Names in braces, as often as they occur: ``["count", "name"]``; formats count as part of the name."""
    return sorted(re.findall(r"\{([^{}]*)\}", text))


def catalogue(code: str) -> dict[str, str]:
    """Source text -> translation as stored, empty if there is no such file."""
    path = CATALOGUES / f"{code}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write(code: str, entries: dict[str, str], order: dict[str, str]) -> None:
    """Stores what the sources still say, in their order."""
    kept = {text: entries[text] for text in order if text in entries}
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    (CATALOGUES / f"{code}.json").write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Lists what is missing or stale; exit code 1 if anything is."""
    parser = argparse.ArgumentParser(description="Keep a catalogue of translations in step with the sources.")
    parser.add_argument("code", help="language, such as ko")
    parser.add_argument("--write", action="store_true", help="put in order, drop stale entries")
    chosen = parser.parse_args(arguments)
    order, entries = texts(), catalogue(chosen.code)
    if chosen.write:
        write(chosen.code, entries, order)
        entries = catalogue(chosen.code)
    missing, stale = [t for t in order if t not in entries], [t for t in entries if t not in order]
    for text in missing:
        print(f"missing  {order[text]}: {text!r}")
    for text in stale:
        print(f"stale    {text!r}")
    print(f"{len(order)} texts, {len(missing)} missing, {len(stale)} stale")
    return 1 if missing or stale else 0


if __name__ == "__main__":
    sys.exit(main())

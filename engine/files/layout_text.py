"""JSON text that reads well in a diff: one node, one wire, one setting a line; the same value gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.graph import Json

WIDTH = 140
NUMBERS_WIDTH = 110
#: containers whose entries always stand on lines of their own, by path
_OPEN = {(), ("nodes",), ("edges",), ("training",), ("data",), ("layout",), ("layout", "positions"), ("notes",)}


def json_text(value: Json) -> str:
    """The text, with a newline at the end. ValueError for NaN and infinities, which JSON cannot hold."""
    return _text(value, (), 0, 0) + "\n"


def _text(value: Json, path: tuple[str, ...], indent: int, before: int) -> str:
    """``before``: characters that stand on the line already, besides the indent."""
    if not isinstance(value, dict | list) or not value:
        return _short(value)
    flat = _short(value)
    if path not in _OPEN and indent + before + len(flat) < WIDTH:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        entries = []
        for key, v in value.items():
            name = f"{_short(key)}: "
            entries.append(f"{inner}{name}{_text(v, (*path, key), indent + 2, len(name))}")
        return "{\n" + ",\n".join(entries) + "\n" + " " * indent + "}"
    if all(isinstance(v, int | float) for v in value):
        return "[\n" + _filled(value, inner) + "\n" + " " * indent + "]"
    rows = [f"{inner}{_row(v, (*path, '*'), indent + 2)}" for v in value]
    return "[\n" + ",\n".join(rows) + "\n" + " " * indent + "]"


def _row(value: Json, path: tuple[str, ...], indent: int) -> str:
    return _text(value, path, indent, 0)


def _filled(values: Sequence[Json], inner: str) -> str:
    """Numbers, as many to a line as fit."""
    lines: list[str] = []
    line = inner
    for k, v in enumerate(values):
        word = _short(v) + ("," if k + 1 < len(values) else "")
        if len(line) > len(inner) and len(line) + 1 + len(word) > NUMBERS_WIDTH:
            lines.append(line)
            line = inner
        line += word if len(line) == len(inner) else f" {word}"
    return "\n".join([*lines, line])


def _short(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

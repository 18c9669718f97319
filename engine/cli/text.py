"""Tables and durations for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that a text takes: Korean and other wide letters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns; those whose numbers are in ``right`` end at the same place."""
    lines = [list(map(plain, row)) for row in (head, *rows)]
    widths = [max(width(row[k]) for row in lines) for k in range(len(head))]
    lines.insert(1, ["-" * w for w in widths])
    out = []
    for row in lines:
        cells = [_cell(text, widths[k], k in right) for k, text in enumerate(row)]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def _cell(text: str, columns: int, right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if right else text + space


def plain(text: str) -> str:
    """Without control characters: names come from files, and a terminal obeys what is printed."""
    return "".join(c if c.isprintable() else "?" for c in text)


def clock(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    whole = int(seconds + 0.5)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

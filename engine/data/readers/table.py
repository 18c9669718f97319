"""CSV and its relatives to a Table of text cells. Delimiter and header are found out, rows keep their line numbers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.data.errors import DataError
from engine.data.readers.text import read_text

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
_SNIFFED = ("tab", "semicolon", "pipe", "comma")  # the comma last: it also stands inside numbers and text
_HEAD = 50


@dataclass(frozen=True)
class Table:
    """Cells as stripped text. ``lines``: the 1-based line of the file on which each row begins."""

    file: Path
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str
    encoding: str
    header: bool

    def column(self, name: str) -> list[str]:
        """The cells of one column; DataError with the names that there are."""
        if name not in self.names:
            raise DataError(
                self.file,
                "there is no such column",
                column=name,
                expected="one of " + ", ".join(map(repr, self.names[:20])),
                remedy="choose a column that is there",
            )
        at = self.names.index(name)
        return [row[at] for row in self.rows]


def read_table(path: Path, delimiter: str = "auto", header: str = "auto", encoding: str = "auto") -> Table:
    """The table in a text file. ``delimiter``: "auto" or a key of DELIMITERS; ``header``: "auto", "yes" or "no".

    Blank lines are skipped. DataError with the line for a row of another width, an unclosed quote, no row at all.
    """
    text, used = read_text(path, encoding)
    chosen = _sniff_delimiter(text) if delimiter == "auto" else delimiter
    parsed = list(_rows(text, DELIMITERS[chosen], path))
    if not parsed:
        raise DataError(path, "the table is empty", expected="at least one row", remedy="choose another file")
    width = len(parsed[0][1])
    for line, row in parsed:
        if len(row) != width:
            raise DataError(
                path,
                "this row has another number of fields than the first",
                line=line,
                expected=f"{width}",
                got=f"{len(row)}",
                remedy="put text that holds the delimiter in quotes, or choose the delimiter",
            )
    has_header = _has_header([row for _, row in parsed[:_HEAD]]) if header == "auto" else header == "yes"
    names = _unique(parsed[0][1]) if has_header else tuple(f"column {i + 1}" for i in range(width))
    body = parsed[1:] if has_header else parsed
    if not body:
        raise DataError(path, "the table has a header and no rows", expected="at least one row below it", line=1)
    rows, lines = tuple(row for _, row in body), tuple(line for line, _ in body)
    return Table(path, names, rows, lines, chosen, used, has_header)


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a cell reads as a number; "inf" does, digit groups ("1_000") do not."""
    if "_" in text:
        return False
    try:
        float(text if decimal == "." else text.replace(decimal, "."))
    except ValueError:
        return False
    return True


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.lower() in MISSING


def _rows(text: str, delimiter: str, path: Path | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, cells) of each row that is not blank. ``path`` None: stop at damage, for sniffing."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as e:
            if path is None:
                return
            remedy = "close the quote, or double a quote that stands inside quoted text"
            raise DataError(path, f"the row cannot be read: {e}", line=line, remedy=remedy) from e
        if row is None:
            return
        cells = tuple(cell.strip() for cell in row)
        if any(cells) or len(cells) > 1:
            yield line, cells


def _sniff_delimiter(text: str) -> str:
    """The first delimiter that cuts the first rows into equally many fields, more than one; else the commonest."""
    best, most = "comma", 0.0
    for name in _SNIFFED:
        widths = [len(row) for _, row in islice(_rows(text, DELIMITERS[name], None), _HEAD)]
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        share = count / len(widths) if width > 1 else 0.0
        if share > most:
            best, most = name, share
    return best


def _has_header(rows: Sequence[tuple[str, ...]]) -> bool:
    """A first row without numbers is a header if numbers stand below it, or if none of its texts comes again."""
    first, rest = rows[0], rows[1:]
    if any(is_number(cell) for cell in first if not is_missing(cell)) or all(map(is_missing, first)):
        return False
    below = [cell for row in rest for cell in row if not is_missing(cell)]
    if any(is_number(cell.replace(",", ".")) for cell in below):
        return True
    return bool(rest) and len(set(first)) == len(first) and not set(first) & set(below)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Header names, the empty ones numbered, a repeated one marked "name (2)"."""
    found: list[str] = []
    for i, name in enumerate(names):
        base = name or f"column {i + 1}"
        candidate, k = base, 1
        while candidate in found:
            k += 1
            candidate = f"{base} ({k})"
        found.append(candidate)
    return tuple(found)

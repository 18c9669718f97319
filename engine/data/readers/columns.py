"""Columns of text to numbers: which column is what, one-hot categories, missing values, targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.arrays import Target, as_target
from engine.data.dataset import Column
from engine.data.errors import DataError
from engine.data.readers.table import Table, is_missing, is_number
from engine.data.source import class_task

Floats = NDArray[np.float64]
POLICIES = ("refuse", "drop_row", "mean")
MOST_CATEGORIES = 200
MOST_FEATURES = 10_000
_TYPO_SHARE = 0.1
_FREE_TEXT_ROWS = 20


@dataclass(frozen=True, eq=False)
class Encoded:
    """Features (N, F) with NaN where a number is missing; ``complete`` (N,): rows without any missing cell."""

    x: Floats
    names: tuple[str, ...]
    complete: NDArray[np.bool_]


def column_kinds(
    table: Table,
    target: Collection[str],
    categories: Collection[str] = (),
    ignore: Collection[str] = (),
    decimal: str = ".",
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """What each column but the targets is, and notes on columns that were left out.

    Numbers if all cells are, or all but a tenth (the rest are then refused by line); text with a different value in
    every row is left out, as an identifier; other text is categories.
    """
    for name in (*target, *categories, *ignore):
        table.column(name)
    columns: list[Column] = []
    notes: list[str] = []
    for name in table.names:
        if name in target:
            continue
        known = [c for c in table.column(name) if not is_missing(c)]
        if name in ignore or not known:
            columns.append(Column(name, "ignore"))
            if not known:
                notes.append(f"column {name!r} is left out: it is empty")
        elif name not in categories and _mostly_numbers(known, decimal):
            columns.append(Column(name, "number"))
        elif name not in categories and _free_text(known):
            columns.append(Column(name, "ignore"))
            notes.append(f"column {name!r} is left out: {len(set(known)):,} different texts say nothing in common")
        else:
            columns.append(Column(name, "category", tuple(sorted(set(known)))))
    return tuple(columns), tuple(notes)


def encode(table: Table, columns: Sequence[Column], missing: str = "refuse", decimal: str = ".") -> Encoded:
    """Features (N, F) of the used columns in order; a category column becomes one 0/1 feature per category.

    ``missing``: "refuse" raises with line and column; "drop_row" and "mean" give NaN for numbers and zeros for
    categories, and mark the row as not complete.
    """
    used = [c for c in columns if c.kind != "ignore"]
    width = sum(len(c.categories) if c.kind == "category" else 1 for c in used)
    if not 1 <= width <= MOST_FEATURES:
        raise DataError(
            table.file,
            "the columns must give features",
            expected=f"1 to {MOST_FEATURES:,}",
            got=f"{width:,}",
            remedy="use at least one column, and leave out text columns with very many categories",
        )
    x = np.zeros((len(table.rows), width))
    complete = np.ones(len(table.rows), dtype=np.bool_)
    names: list[str] = []
    for column in used:
        at = len(names)
        if column.kind == "number":
            x[:, at] = numbers(table, column.name, missing, decimal)
            complete &= ~np.isnan(x[:, at])
            names.append(column.name)
        else:
            index = _categories(table, column, missing)
            rows = np.flatnonzero(index >= 0)
            x[rows, at + index[rows]] = 1.0
            complete &= index >= 0
            names.extend(f"{column.name}={category}" for category in column.categories)
    return Encoded(x, tuple(names), complete)


def numbers(table: Table, name: str, missing: str = "refuse", decimal: str = ".") -> Floats:
    """One column as numbers (N,), NaN where missing; DataError names line and column of what is no finite number."""
    values = np.empty(len(table.rows))
    for i, cell in enumerate(table.column(name)):
        if is_missing(cell):
            if missing == "refuse":
                raise _missing(table, i, name)
            values[i] = np.nan
        elif not is_number(cell, decimal):
            remedy = "correct the cell, or treat the column as categories"
            raise _cell(table, i, name, "the cell is not a number", "a number", cell, remedy)
        else:
            values[i] = float(cell if decimal == "." else cell.replace(decimal, "."))
            if not np.isfinite(values[i]):
                remedy = "correct the cell, or leave it empty and choose what to do with missing values"
                raise _cell(table, i, name, "the number is not finite", "a finite number", cell, remedy)
    return values


def target(
    table: Table, names: Sequence[str], kind: str, missing: str, decimal: str = "."
) -> tuple[Target, NDArray[Any]]:
    """Targets of the rows that have one, and which rows (N,) those are. Several target columns are values together.

    A missing target is refused unless rows may be dropped: a filled-in answer would be a made-up one.
    """
    present = np.array([not any(is_missing(c) for c in cells) for cells in zip(*map(table.column, names), strict=True)])
    if not present.all() and missing != "drop_row":
        i = int(np.argmin(present))
        name = next(n for n in names if is_missing(table.column(n)[i]))
        raise _missing(table, i, name, "give it a target, or let rows with missing values be dropped")
    if not present.any():
        raise DataError(table.file, "no row has a target", column=names[0], remedy="choose another target column")
    cells = [c for c, keep in zip(table.column(names[0]), present, strict=True) if keep]
    numeric = all(is_number(c, decimal) for c in cells) if kind == "classes" else _mostly_numbers(cells, decimal)
    if numeric or len(names) > 1 or kind == "values":
        policy = "drop_row" if missing == "drop_row" else "refuse"
        values = np.stack([numbers(table, n, policy, decimal)[present] for n in names], axis=1)
        return as_target(values, table.file, kind if len(names) == 1 else "values"), present
    classes = tuple(sorted(set(cells)))
    index = {c: k for k, c in enumerate(classes)}
    y = np.array([index[c] for c in cells], dtype=np.int64)
    return Target(y, class_task(classes, table.file), classes), present


def _categories(table: Table, column: Column, missing: str) -> NDArray[np.int64]:
    index = {c: k for k, c in enumerate(column.categories)}
    found = np.empty(len(table.rows), dtype=np.int64)
    for i, cell in enumerate(table.column(column.name)):
        if is_missing(cell) and cell not in index:
            if missing == "refuse":
                raise _missing(table, i, column.name)
            found[i] = -1
        elif cell not in index:
            expected = "one of " + ", ".join(map(repr, column.categories[:10]))
            raise _cell(table, i, column.name, "the category is unknown", expected, cell, "correct the cell")
        else:
            found[i] = index[cell]
    return found


def _mostly_numbers(known: Sequence[str], decimal: str) -> bool:
    count = sum(is_number(c, decimal) for c in known)
    return count == len(known) or (len(known) >= 10 and count >= (1 - _TYPO_SHARE) * len(known))


def _free_text(known: Sequence[str]) -> bool:
    different = len(set(known))
    return different > MOST_CATEGORIES or (different == len(known) and different >= _FREE_TEXT_ROWS)


def _cell(table: Table, i: int, name: str, rule: str, expected: str, got: str, remedy: str) -> DataError:
    shown = got if len(got) <= 40 else got[:37] + "..."
    return DataError(
        table.file, rule, line=table.lines[i], column=name, expected=expected, got=repr(shown), remedy=remedy
    )


def _missing(table: Table, i: int, name: str, remedy: str = "") -> DataError:
    cell = table.column(name)[i]
    remedy = remedy or "fill it, or choose to drop such rows or to put the mean in their place"
    return _cell(table, i, name, "the cell is missing", "a value", cell, remedy)

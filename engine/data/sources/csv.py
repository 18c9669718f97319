"""A table of the user's."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from engine.data.arrays import target_type_param
from engine.data.errors import DataError
from engine.data.readers.columns import POLICIES, column_kinds, encode, target
from engine.data.readers.table import DELIMITERS, Table, read_table
from engine.data.readers.text import ENCODINGS
from engine.data.source import SOURCES, FileSource, Samples
from engine.declare import Choice, Text


@SOURCES.add
class Csv(FileSource, id="csv", title="Table (CSV)"):
    """x in R^F from the columns, numbers as they are and categories as one 0/1 feature each; y from the target column.

    Delimiter, header and encoding are found out unless given. Classes are sorted: as numbers if they are numbers.
    Format: RFC 4180 (Shafranovich, 2005), with any of five delimiters.
    """

    target: str = Text("", help="The column to predict, or several separated by commas. Empty: the last one.")
    target_type: str = target_type_param()
    categories: str = Text(
        "", help="Columns, separated by commas, whose numbers are names of categories.", group="columns"
    )
    ignore: str = Text("", help="Columns, separated by commas, to leave out.", group="columns")
    missing: str = Choice(
        "refuse", *POLICIES, help="Rows with missing values: refuse them, drop them, or fill in the training mean."
    )
    delimiter: str = Choice("auto", "auto", *DELIMITERS, help="What stands between fields.", group="advanced")
    header: str = Choice("auto", "auto", "yes", "no", help="Whether the first row names the columns.", group="advanced")
    encoding: str = Choice("auto", *ENCODINGS, help="How letters are stored.", group="advanced")
    decimal: str = Choice("point", "point", "comma", help="What stands before the decimals.", group="advanced")

    def table(self, base_dir: Path | None) -> Table:
        """The cells as text."""
        return read_table(self.resolve(base_dir), self.delimiter, self.header, self.encoding)

    def targets(self, table: Table) -> tuple[str, ...]:
        """Names of the target columns."""
        names = column_list(self.target) or table.names[-1:]
        for name in names:
            table.column(name)
        return names

    def load(self, base_dir: Path | None) -> Samples:
        """The encoded table; DataError names file, line and column."""
        table = self.table(base_dir)
        names = self.targets(table)
        decimal = "," if self.decimal == "comma" else "."
        columns, notes = column_kinds(table, names, column_list(self.categories), column_list(self.ignore), decimal)
        encoded = encode(table, columns, self.missing, decimal)
        found, present = target(table, names, self.target_type, self.missing, decimal)
        keep = present & encoded.complete if self.missing == "drop_row" else present
        if not keep.any():
            raise DataError(table.file, "every row misses a value", remedy="leave out the column that is mostly empty")
        dropped = len(keep) - int(keep.sum())
        return Samples(
            name=table.file.stem,
            x={"x": encoded.x[keep]},
            y={"y": found.y[keep[present]]},
            task=found.task,
            class_names=found.class_names,
            feature_names=encoded.names,
            target_name=", ".join(names),
            target_names=names if found.task == "values" else (),
            columns=columns,
            source_note=str(table.file),
            notes=(*notes, *([f"{dropped:,} rows with missing values are dropped"] if dropped else [])),
            fill_missing=self.missing == "mean" and bool(np.isnan(encoded.x).any()),
        )


def column_list(text: str) -> tuple[str, ...]:
    """Names separated by commas; a name that holds a comma stands in double quotes."""
    if not text.strip():
        return ()
    return tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True)) if name.strip())


def column_text(names: tuple[str, ...]) -> str:
    """The inverse of column_list."""
    return ", ".join('"' + n.replace('"', '""') + '"' if any(c in n for c in ',"') else n for n in names)

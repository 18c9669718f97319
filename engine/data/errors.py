"""DataError: the one exception of this package. It names the file, the place, the rule, both values and the way out."""

from __future__ import annotations

from pathlib import Path


class DataError(ValueError):
    """Data that cannot be used as it is.

    ``file``: which file (or bundled set) it is about. ``line``: 1-based line of a text file. ``column``: a column's
    name or a 1-based number. ``rule``: what the data broke. ``expected``/``got``: both values in words.
    ``remedy``: what to do about it.
    """

    def __init__(
        self,
        file: str | Path,
        rule: str,
        *,
        line: int | None = None,
        column: str | int | None = None,
        expected: str = "",
        got: str = "",
        remedy: str = "",
    ) -> None:
        self.file, self.line, self.column = str(file), line, column
        self.rule, self.expected, self.got, self.remedy = rule, expected, got, remedy
        super().__init__(self._text())

    def _text(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column!r}" if isinstance(self.column, str) else f", column {self.column}"
        text = f"{place}: {self.rule}"
        if self.expected or self.got:
            both = [f"expected {self.expected}" if self.expected else "", f"got {self.got}" if self.got else ""]
            text += " (" + ", ".join(part for part in both if part) + ")"
        return f"{text}; {self.remedy}" if self.remedy else text

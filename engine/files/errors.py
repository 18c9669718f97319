"""FormatError: the one exception of reading and writing. It names file, place, rule, both values and the way out."""

from __future__ import annotations

from pathlib import Path


class FormatError(ValueError):
    """A file that cannot be read or written as it is. Nothing has been changed.

    ``where``: the place inside the file (``nodes[3] "hidden 1".params.units``, a member of an archive), "" for all of
    it. ``rule``: what is broken. ``expected``/``got``: both values in words. ``remedy``: what to do about it.
    """

    def __init__(
        self, file: str | Path, where: str, rule: str, *, expected: str = "", got: str = "", remedy: str = ""
    ) -> None:
        self.file, self.where, self.rule = shortened(str(file), 1000), shortened(where, 300), shortened(rule, 400)
        self.expected, self.got, self.remedy = expected, shortened(got), remedy
        super().__init__(self._text())

    def _text(self) -> str:
        both = [f"expected {self.expected}" if self.expected else "", f"got {self.got}" if self.got else ""]
        told = ", ".join(part for part in both if part)
        text = f"{self.file}: {self.where + ': ' if self.where else ''}{self.rule}" + (f" ({told})" if told else "")
        return f"{text}; {self.remedy}" if self.remedy else text


def shortened(text: str, limit: int = 120) -> str:
    """One printable line of at most ``limit`` characters: a hostile file must not write to a terminal as it likes."""
    plain = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."

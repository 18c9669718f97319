"""Straight-line code in the making: values are numbered while it is written and get short names when it is done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile("\u27e8(\\d+)\u27e9")  # brackets that no name and no layer's text contains
_SPARE = ("y", "z", "u", "v", "w")


@dataclass
class Statements:
    """Assignments in order. A value is named ``⟨7⟩`` until ``text`` gives it the name of an operand that ends there."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def value(self) -> str:
        """A new value that nothing assigns: an argument."""
        self.count += 1
        return f"⟨{self.count - 1}⟩"

    def assign(self, expression: str) -> str:
        """``value = expression``; the value's name for now."""
        out = self.value()
        self.lines.append((self.count - 1, expression))
        return out

    def note(self, value: str, text: str) -> None:
        """A comment behind the assignment of a value."""
        self.notes[_number(value)] = text

    def text(self, arguments: dict[str, str], results: Sequence[str]) -> tuple[list[str], list[str]]:
        """(lines, names of the results), with the arguments (value -> name) taken as they are."""
        names = {_number(v): n for v, n in arguments.items()}
        needed = self._needed({_number(v) for v in results} - set(names), set(names))
        last = self._last_uses(needed, results)
        live = set(names.values())
        written: list[str] = []
        for place, (out, expression) in enumerate(self.lines):
            if out not in needed:
                continue
            ending = [k for k in _operands(expression) if last[k] == place]
            right = _TOKEN.sub(lambda m: names[int(m.group(1))], expression)
            live -= {names[k] for k in ending}
            names[out] = names[ending[0]] if ending else _spare(live)
            live.add(names[out])
            comment = self.notes.get(out)
            written.append(f"{names[out]} = {right}" + (f"  # {comment}" if comment else ""))
        return written, [names[_number(v)] for v in results]

    def _needed(self, results: set[int], given: set[int]) -> set[int]:
        needed = set(results)
        for out, expression in reversed(self.lines):
            if out in needed:
                needed.update(set(_operands(expression)) - given)
        return needed

    def _last_uses(self, needed: set[int], results: Sequence[str]) -> dict[int, int]:
        last: dict[int, int] = {}
        for place, (out, expression) in enumerate(self.lines):
            if out in needed:
                last.update(dict.fromkeys(_operands(expression), place))
        last.update({_number(v): len(self.lines) for v in results})
        return last


def _number(value: str) -> int:
    found = _TOKEN.fullmatch(value)
    if found is None:
        raise ValueError(f"{value!r} is not a value of this code")
    return int(found.group(1))


def _operands(expression: str) -> list[int]:
    return list(dict.fromkeys(int(k) for k in _TOKEN.findall(expression)))


def _spare(live: set[str]) -> str:
    for name in _SPARE:
        if name not in live:
            return name
    k = 1
    while f"x{k}" in live:
        k += 1
    return f"x{k}"

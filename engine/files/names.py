"""Names that people gave to nodes, made fit for generated code."""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from collections.abc import Iterable


def identifier(text: str, fallback: str = "layer") -> str:
    """``"hidden 1"`` -> ``hidden_1``: a Python identifier in its normal form; ``fallback`` where nothing is left."""
    plain = unicodedata.normalize("NFKC", text)
    word = re.sub(r"_+", "_", re.sub(r"\W", "_", plain.strip())).strip("_").lower()
    if not word.isidentifier():
        word = f"{fallback}_{word}" if word else fallback
        word = word if word.isidentifier() else fallback
    return f"{word}_" if keyword.iskeyword(word) or keyword.issoftkeyword(word) else word


def one_line(text: str) -> str:
    """Text for a comment or a docstring of generated code: one line, printable, no quotes or backslashes to end it."""
    kept = "".join(c if c.isprintable() and c not in '"\\' else " " for c in text)
    return " ".join(kept.split())


def quoted(text: str) -> str:
    """The text as a Python literal in double quotes, whatever is in it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


class Names:
    """Hands out names that are not taken: ``conv``, ``conv_2``, ``conv_3``."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.taken = set(reserved)

    def free(self, wish: str) -> str:
        """``wish`` or the first numbered form of it that is free; taken from now on."""
        name, k = wish, 2
        while name in self.taken:
            name, k = f"{wish}_{k}", k + 1
        self.taken.add(name)
        return name

"""Program text in few colours: words of the language, strings, numbers, comments."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from widgets import tokens

_WORDS = "|".join([*keyword.kwlist, "self"])
_RULES = re.compile(
    rf"(?P<comment>\#.*)|(?P<string>\"\"\".*?\"\"\"|\"[^\"]*\"|'[^']*')|(?P<word>\b(?:{_WORDS})\b)|(?P<number>\b\d[\d.e\-]*)"
)
_TONES = {"comment": "secondary", "string": "good", "word": "accent", "number": "warning"}


class PythonColors(QSyntaxHighlighter):
    """Line by line; nothing here spans lines but the first docstring."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.restyle()

    def restyle(self) -> None:
        """After a change of theme."""
        for kind, tone in _TONES.items():
            form = QTextCharFormat()
            form.setForeground(tokens.color(getattr(tokens.theme(), tone)))
            self._formats[kind] = form
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """One line."""
        for match in _RULES.finditer(text):
            kind = match.lastgroup or ""
            self.setFormat(match.start(), match.end() - match.start(), self._formats[kind])

"""Markdown of notes as a text document that loads nothing, opens nothing and stays small, whatever the text is."""

from __future__ import annotations

import re

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextDocument

from designer.canvas.look import Look
from widgets import tokens
from widgets.i18n import tr

#: what of a note is drawn; the rest is there when it is edited
SHOWN = 3_000
#: signs that cost a reader of Markdown more than their number, and how many of each are read as such
_COSTLY = {"`": 80, "*": 240, "_": 240, "[": 120}
_CELLS = 10
_DEEPEST = 6
_MARKER = r"[ \t]*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s))"
_DEEP = re.compile(rf"^((?:{_MARKER}){{{_DEEPEST}}})(?:{_MARKER})+", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]{17,}", re.MULTILINE)
_PICTURE = re.compile(r"!(?=\[)")
_RUN = re.compile(r"([\[*_`~<(])\1{7,}")
_SCHEMES = frozenset({"http", "https", "mailto"})
_MARKDOWN = QTextDocument.MarkdownFeature
_FEATURES = _MARKDOWN.MarkdownNoHTML | _MARKDOWN.MarkdownDialectGitHub


def tame(text: str) -> str:
    """The part that is drawn, without pictures, deep nesting and endless runs; words of any length can be broken."""
    text = text[:SHOWN].replace("\0", "")
    text = _DEEP.sub(r"\1", text)
    text = _INDENT.sub(" " * 16, text)
    text = _RUN.sub(lambda run: run.group(1) * 8, text)
    for sign, most in _COSTLY.items():
        text = _only(text, sign, most)
    lines = (line if line.count("|") <= _CELLS else line.replace("|", "¦") for line in text.split("\n"))
    return _PICTURE.sub("!\u2060", "\n".join(lines))


def _only(text: str, sign: str, most: int) -> str:
    """Every such sign after the first few stands for itself."""
    parts = text.split(sign)
    if len(parts) <= most:
        return text
    return sign.join(parts[:most]) + f"\\{sign}" + f"\\{sign}".join(parts[most:])


def note_document(text: str, look: Look, width: float) -> QTextDocument:
    """The note laid out in that width, in the theme's colours."""
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setDefaultFont(look.note_font)
    document.setDocumentMargin(0)
    option = document.defaultTextOption()
    option.setWrapMode(option.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setMarkdown(tame(text), _FEATURES)
    _colour(document, look)
    document.setTextWidth(max(width, 16.0))
    return document


def _colour(document: QTextDocument, look: Look) -> None:
    """Links in the accent; Qt would take them, and the grey of code, from a palette that is not ours."""
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    while block.isValid():
        walk = block.begin()
        while not walk.atEnd():
            piece = walk.fragment()
            form = QTextCharFormat()
            link = piece.charFormat().isAnchor()
            form.setForeground(tokens.color(look.theme.accent if link else look.theme.text))
            cursor.setPosition(piece.position())
            cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(form)
            walk += 1
        block = block.next()
    cursor.endEditBlock()


def address_of(link: str) -> str:
    """Why a link cannot be opened, as a sentence, or "" where it can: only addresses of the web and of mail."""
    url = QUrl(link, QUrl.ParsingMode.StrictMode)
    if not url.isValid() or url.scheme().lower() not in _SCHEMES or (url.scheme() != "mailto" and not url.host()):
        return tr("Only addresses of the web and of mail are opened: {link}", link=link[:200])
    return ""

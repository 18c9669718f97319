"""Bytes of a text file to text, with the encodings that tables come in."""

from __future__ import annotations

import codecs
from pathlib import Path

from engine.data.errors import DataError

ENCODINGS = ("auto", "utf-8", "cp949", "utf-16", "latin-1")
MAX_TEXT = 256 * 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_text(path: Path, encoding: str = "auto") -> tuple[str, str]:
    """The text and the encoding that was used.

    Auto: a byte order mark decides; else UTF-8; else CP949, the usual one of Korean spreadsheets; else a refusal,
    since any other guess could turn text into other text silently.
    """
    raw = _bytes(path)
    mark = next((name for start, name in _MARKS if raw.startswith(start)), None)
    if encoding == "auto":
        choices = (mark,) if mark else ("utf-8", "cp949")
    else:
        choices = ("utf-8-sig",) if encoding == "utf-8" else (encoding,)
    failures: list[tuple[str, UnicodeDecodeError]] = []
    for choice in choices:
        try:
            text = raw.decode(choice)
        except UnicodeDecodeError as e:
            failures.append((choice, e))
            continue
        if "\0" in text:
            raise DataError(
                path, "it is not a text file: it holds null characters", remedy="choose another kind of file"
            )
        return text, choice
    where = failures[0][1].start
    raise DataError(
        path,
        f"it is not text in {' or '.join(name for name, _ in failures)}",
        line=raw.count(b"\n", 0, where) + 1,
        got=f"byte 0x{raw[where]:02x}",
        remedy="save it as UTF-8, or choose its encoding",
    )


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(path, "it is a folder", expected="a text file", remedy="choose a file in it")
    try:
        size = path.stat().st_size
        if size > MAX_TEXT:
            got, remedy = f"{size:,} bytes", "save it as NPZ, which is smaller and faster, or take fewer rows"
            raise DataError(
                path, "the text file is too large", expected=f"at most {MAX_TEXT:,} bytes", got=got, remedy=remedy
            )
        return path.read_bytes()
    except OSError as e:
        raise DataError(
            path, f"it cannot be read: {e.strerror or e}", remedy="check the path and its permissions"
        ) from e

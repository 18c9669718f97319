"""How much a data file may ask for: what declares more than these is refused before memory is taken."""

from __future__ import annotations

from pathlib import Path

from engine.data.errors import DataError

MAX_BYTES = 4 * 2**30
"""Most bytes that one file's arrays may take."""

SMALL_BYTES = 64 * 2**20
"""Up to this size, any ratio of compression is harmless."""

MAX_RATIO = 200
"""Above SMALL_BYTES, data that shrinks further than this is a bomb rather than a data set."""

DEFLATE_RATIO = 1032
"""Deflate cannot shrink data further than this (its longest match is 258 bytes in 2 bits)."""


def check_size(file: Path, what: str, declared: int, stored: int) -> None:
    """Refuses ``what`` if it declares more bytes than ``stored`` bytes can hold or than this program will unpack."""
    if declared > DEFLATE_RATIO * stored + 64:
        raise DataError(
            file,
            f"{what} declares more than the file can hold",
            expected=f"at most {DEFLATE_RATIO * stored + 64:,} bytes from {stored:,} stored",
            got=f"{declared:,} bytes",
            remedy="the file is damaged or forged; get it anew",
        )
    limit = MAX_BYTES if stored * MAX_RATIO >= declared else SMALL_BYTES
    if declared > limit:
        raise DataError(
            file,
            f"{what} is too large to unpack",
            expected=f"at most {limit:,} bytes",
            got=f"{declared:,} bytes from {stored:,} stored",
            remedy="split the file, or store fewer samples",
        )

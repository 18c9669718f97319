"""Reading a file whole, after looking at what it is and how large."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.files.errors import FormatError


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes. FormatError for a folder, a pipe and the like."""
    try:
        # A pipe or device of that name must neither block nor be read for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or str(e)
        raise FormatError(
            path, "", "it cannot be opened", got=reason, remedy="check its name, place and permissions"
        ) from e
    kind = os.fstat(handle)
    if not stat.S_ISREG(kind.st_mode):
        os.close(handle)
        raise FormatError(path, "", "this is no file", got="a folder or device", remedy="choose a file")
    with os.fdopen(handle, "rb") as f:
        if kind.st_size > limit:
            raise FormatError(
                path, "", "this is too large", expected=f"at most {limit:,} bytes", got=f"{kind.st_size:,}",
                remedy="it is no project of Gradloom's",
            )  # fmt: skip
        try:
            data = f.read(limit + 1)
        except OSError as e:
            raise FormatError(path, "", "it cannot be read", got=e.strerror or str(e), remedy="check the disk") from e
    if len(data) > limit:
        raise FormatError(path, "", "it grows while it is read", remedy="wait until it is written and open it again")
    return data

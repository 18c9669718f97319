"""Atomic writing: after a crash, a kill or a full disk, the file is the old one or the new one, always whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from engine.files.errors import FormatError

_SUFFIX = ".gradloom-part"
_STALE_SECONDS = 3600.0


def write_atomic(path: str | Path, parts: Iterable[bytes | memoryview], *, durable: bool = True) -> None:
    """Write to a temporary file in the same folder, flush it to the disk, and put it in the old one's place.

    Permissions of an existing file are kept, a link is followed. ``durable=False`` leaves flushing to the system: a
    killed program then loses nothing, a power failure may. FormatError says why it failed; the old file is whole.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_SUFFIX}")
    try:
        _write(part, target, parts, durable)
    except OSError as e:
        raise _failed(path, e) from e
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    _sweep(target)


def _write(part: Path, target: Path, parts: Iterable[bytes | memoryview], durable: bool) -> None:
    # O_EXCL: nobody's file or link of that name is followed; 0o666: the user's umask decides, as for any new file.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(handle, "wb") as f:
        for piece in parts:
            f.write(piece)
        f.flush()
        if target.exists():
            with contextlib.suppress(OSError):
                os.chmod(part, stat.S_IMODE(target.stat().st_mode))
        if durable:
            os.fsync(f.fileno())
    os.replace(part, target)
    if durable:
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Windows knows no handle of a folder; there the rename itself is as durable as it gets."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what a killed save of this very file left behind, once it is too old to be a save in progress."""
    with contextlib.suppress(OSError):
        for left in target.parent.glob(f".{_literal(target.name)}.*{_SUFFIX}"):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or save elsewhere"),
    errno.EDQUOT: ("your quota on this disk is used up", "free some space or save elsewhere"),
    errno.EFBIG: ("the file would be larger than is allowed here", "save elsewhere"),
    errno.EACCES: ("you may not write here", "save elsewhere or change the folder's permissions"),
    errno.EPERM: ("you may not write here", "save elsewhere or change the folder's permissions"),
    errno.EROFS: ("this disk is read-only", "save elsewhere"),
    errno.ENOENT: ("there is no such folder", "create it or save elsewhere"),
    errno.EISDIR: ("this is a folder", "choose a file name in it"),
    errno.ENOTDIR: ("a part of this path is a file, not a folder", "save elsewhere"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
}


def _failed(path: str | Path, error: OSError) -> FormatError:
    reason, remedy = _REASONS.get(
        error.errno or 0, (f"it cannot be written: {error.strerror or error}", "save elsewhere")
    )
    return FormatError(path, "", reason, remedy=f"{remedy}; the old file, if any, is whole")

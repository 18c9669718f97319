"""The recovery journal: each document's last state in a file of its own, never the user's; found again after a crash.

A journal is owned by a process for as long as that holds a lock on ``NAME.lock``, which the system drops when the
process ends, however it ends. A journal without owner is an orphan: what a crash left.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.files.atomic import write_atomic
from engine.files.errors import FormatError
from engine.files.graph_json import project_bytes, read_project
from engine.files.limits import MAX_JSON
from engine.files.reading import read_bytes
from engine.graph import Project

_SUFFIX, _LOCK = ".recovery.json", ".lock"


class Journal:
    """One open document's journal. ``write`` after each edit (debounced by the caller), ``close`` on a clean end."""

    def __init__(self, folder: str | Path, original: str | Path | None = None) -> None:
        self.original = None if original is None else str(Path(original).absolute())
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.path = Path(folder) / f"{int(time.time())}-{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        self._lock: int | None = _locked(_lock_path(self.path), create=True)

    def write(self, project: Project, *, durable: bool = True) -> None:
        """Replace the stored state by this one, whole or not at all. FormatError if the disk refuses."""
        state = project_bytes(project, str(self.path)).decode()
        head = {"original": self.original, "written": time.time(), "project": state}
        write_atomic(self.path, [json.dumps(head, ensure_ascii=False).encode()], durable=durable)

    def moved(self, original: str | Path) -> None:
        """The document has another file from now on (saved under a new name)."""
        self.original = str(Path(original).absolute())

    def clear(self) -> None:
        """Nothing is unsaved any more; the journal stays ready."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """The document was closed in good order: nothing is left behind."""
        self.clear()
        _release(self._lock, _lock_path(self.path))
        self._lock = None


@dataclass(frozen=True)
class Orphan:
    """What a crash left. ``original``: the user's file, None if never saved. ``written``: seconds since 1970."""

    path: Path
    original: str | None
    written: float
    project: Project

    def discard(self) -> None:
        """The person has answered: take it away."""
        self.path.unlink(missing_ok=True)
        _lock_path(self.path).unlink(missing_ok=True)


def orphans(folder: str | Path) -> tuple[list[Orphan], list[FormatError]]:
    """(What can be recovered, newest first; what cannot be read.) Journals of running programs are left alone."""
    found: list[Orphan] = []
    broken: list[FormatError] = []
    for path in sorted(Path(folder).glob(f"*{_SUFFIX}")):
        lock = _locked(_lock_path(path), create=True)
        if lock is None:
            continue
        _release(lock, _lock_path(path))
        try:
            found.append(_read(path))
        except FormatError as e:
            broken.append(e)
    for left in Path(folder).glob(f"*{_SUFFIX}{_LOCK}"):
        if not left.with_name(left.name.removesuffix(_LOCK)).exists():
            _release(_locked(left, create=False), left)
    return sorted(found, key=lambda o: -o.written), broken


def _read(path: Path) -> Orphan:
    import msgspec

    head: dict[str, Any]
    try:
        head = msgspec.json.decode(read_bytes(path, 2 * MAX_JSON), type=dict[str, Any])
        original, written, state = head["original"], head["written"], head["project"]
        if not isinstance(original, str | None) or not isinstance(written, int | float) or not isinstance(state, str):
            raise TypeError("its entries are of other kinds")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError) as e:
        raise FormatError(path, "", "this recovery file is damaged", got=str(e), remedy="delete it") from e
    return Orphan(path, original, float(written), read_project(state.encode(), str(path)))


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + _LOCK)


def _locked(path: Path, *, create: bool) -> int | None:
    """A handle that holds the lock, or None if another process has it (or there is no such file)."""
    try:
        handle = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except OSError:
        return None
    try:
        _lock_handle(handle)
    except OSError:
        os.close(handle)
        return None
    return handle


def _lock_handle(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _release(handle: int | None, path: Path) -> None:
    if handle is None:
        return
    if os.name == "nt":  # an open file cannot be deleted there
        os.close(handle)
        with contextlib.suppress(OSError):
            path.unlink()
        return
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(handle)

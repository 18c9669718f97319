"""Older files, one version at a time: MIGRATIONS[n] turns the JSON of format version n into that of version n + 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.files.errors import FormatError

Whole = dict[str, Any]

#: Version 1 is the first. A step gets a copy of its own and returns it; tests/data/formats keeps a real file of each.
MIGRATIONS: dict[int, Callable[[Whole], Whole]] = {}


def migrate(whole: Any, version: int, file: str, steps: dict[int, Callable[[Whole], Whole]] | None = None) -> Whole:
    """The JSON of today's version. FormatError names the step that is missing or fails; the input is untouched."""
    import copy

    from engine.files.wire import FORMAT_VERSION

    known = MIGRATIONS if steps is None else steps
    now: Whole = copy.deepcopy(whole)
    for v in range(version, FORMAT_VERSION):
        step = known.get(v)
        remedy = "open it with an older Gradloom and save it there"
        if step is None:
            raise FormatError(
                file, "format_version", f"version {v} cannot be read any more", got=str(version), remedy=remedy
            )
        try:
            now = {**step(now), "format_version": v + 1}
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
            raise FormatError(
                file, f"step from version {v}", "this file does not fit its version", got=str(e), remedy=remedy
            ) from e
    return now

"""The state that training goes on from, bit for bit: named arrays as safetensors, everything else as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from engine.files.errors import FormatError
from engine.files.limits import MAX_BRACKETS, MAX_COMMAS, MAX_JSON
from engine.files.tensors import read_tensors, tensor_bytes
from engine.files.values import FOREIGN, check_opaque
from engine.graph import Json

_ODD = "$float"


@dataclass(frozen=True, eq=False)
class ResumeState:
    """``arrays``: optimizer slots, best weights, ... by name. ``scalars``: step, seed, counters, log of changes, ..."""

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    scalars: Mapping[str, Json] = field(default_factory=dict)


class Resumable(Protocol):
    """Whatever has named arrays and JSON scalars: ResumeState, or the trainer's own."""

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Optimizer slots, best weights, ... by name."""

    @property
    def scalars(self) -> Mapping[str, Any]:
        """Step, seed, counters, ..."""


def resume_members(state: Resumable, file: str) -> dict[str, bytes | memoryview]:
    """Its two members of an archive."""
    try:
        scalars = json.dumps(_storable(dict(state.scalars)), indent=1, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as e:
        raise FormatError(file, "resume.json", "a value of the resume state has no place in a file", got=str(e)) from e
    return {"resume.json": scalars, "resume.safetensors": tensor_bytes(state.arrays, file)}


def resume_of(members: Mapping[str, memoryview], file: str) -> ResumeState | None:
    """The state from an archive's members, None if it holds none."""
    import msgspec

    scalars, arrays = members.get("resume.json"), members.get("resume.safetensors")
    if scalars is None and arrays is None:
        return None
    if scalars is None or arrays is None:
        missing = "resume.json" if scalars is None else "resume.safetensors"
        raise FormatError(file, missing, "half of the resume state is missing", remedy=FOREIGN)
    raw = bytes(scalars)
    if len(raw) > MAX_JSON or raw.count(b"{") + raw.count(b"[") > MAX_BRACKETS or raw.count(b",") > MAX_COMMAS:
        raise FormatError(
            file, "resume.json", "this is too large for a resume state", got=f"{len(raw):,} bytes", remedy=FOREIGN
        )
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise FormatError(file, "resume.json", "this is no resume state", got=str(e), remedy=FOREIGN) from e
    check_opaque(found, file, "resume.json")
    return ResumeState(read_tensors(arrays, file), {k: _stored(v) for k, v in found.items()})


def _storable(value: Any) -> Any:
    """JSON has no infinity, which a best loss starts from: ``{"$float": "inf"}`` stands for it."""
    if isinstance(value, dict):
        return {str(k): _storable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {_ODD: repr(value)}
    return value


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ODD} and value[_ODD] in ("inf", "-inf", "nan"):
            return float(value[_ODD])
        return {k: _stored(v) for k, v in value.items()}
    return [_stored(v) for v in value] if isinstance(value, list) else value

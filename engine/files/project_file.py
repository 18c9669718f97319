"""Project files: read, write, and the bytes of one for whoever writes by other means.

``graph.json`` holds the project alone; ``.gradloom`` holds project, weights and the state to resume training from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.declare import Spec
from engine.files.archive import pack, unpack
from engine.files.atomic import write_atomic
from engine.files.errors import FormatError
from engine.files.graph_json import project_bytes, read_project
from engine.files.limits import MAX_ARCHIVE, MAX_JSON
from engine.files.reading import read_bytes
from engine.files.resume import Resumable, ResumeState, resume_members, resume_of
from engine.files.tensors import read_tensors, tensor_bytes
from engine.files.weights import Weights, parse_weights, weight_bytes
from engine.graph import Project

SUFFIX = ".gradloom"


@dataclass(frozen=True, eq=False)
class ProjectFile:
    """What a file holds: the project, and from an archive weights by (node, name), the state to resume from, and the
    named arrays that past runs left."""

    project: Project = field(default_factory=Project)
    weights: Mapping[tuple[str, str], NDArray[Any]] | None = None
    resume: ResumeState | None = None
    runs: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def is_archive(path: str | Path) -> bool:
    """Whether a file of this name holds weights too."""
    return Path(path).suffix.lower() == SUFFIX


def parts(
    path: str | Path,
    project: Project,
    weights: Weights | None = None,
    resume: Resumable | None = None,
    runs: Mapping[str, NDArray[Any]] | None = None,
) -> list[bytes | memoryview]:
    """The bytes of the file, in pieces to be written in order. Its suffix decides which kind it is."""
    graph = project_bytes(project, str(path))
    if not is_archive(path):
        return [graph]
    members: dict[str, bytes | memoryview] = {"project.json": graph}
    if weights is not None:
        members["weights.safetensors"] = weight_bytes(weights, str(path))
    if resume is not None:
        members.update(resume_members(resume, str(path)))
    if runs:
        members["runs.safetensors"] = tensor_bytes(runs, str(path))
    return pack(members, str(path))


def write(path: str | Path, project: Project, weights: Weights | None = None, resume: Resumable | None = None) -> None:
    """Write atomically. FormatError says why it failed; the old file is then untouched."""
    write_atomic(path, parts(path, project, weights, resume))


def read(path: str | Path) -> ProjectFile:
    """Read either kind; the content decides which it is. FormatError for everything that is neither."""
    archive = _starts_like_archive(path)
    return parse(read_bytes(path, MAX_ARCHIVE if archive else MAX_JSON), str(path))


def parse(data: bytes, file: str = "project") -> ProjectFile:
    """As ``read``, from bytes."""
    if not data.startswith(b"PK"):
        return ProjectFile(read_project(data, file))
    members = unpack(data, file)
    if "project.json" not in members:
        raise FormatError(
            file, "project.json", "there is no project in this archive", remedy="it is no Gradloom project"
        )
    project = read_project(members["project.json"], file)
    stored = members.get("weights.safetensors")
    weights = None if stored is None else parse_weights(stored, file)
    left = members.get("runs.safetensors")
    runs = {} if left is None else read_tensors(left, file)
    return ProjectFile(project, weights, resume_of(members, file), runs)


def moved(project: Project, old: str | Path, new: str | Path) -> Project:
    """The project for a file in folder ``new``: its relative paths, which counted from ``old``, lead on."""
    source = project.data.source
    changed: dict[str, Any] = {}
    for name in ("path", "labels"):
        value = source.params.get(name)
        if isinstance(value, str) and value and not os.path.isabs(os.path.expanduser(value)):
            there = Path(old).absolute() / value
            if there.exists():
                changed[name] = _relative(there, Path(new).absolute())
    if not changed or Path(old).absolute() == Path(new).absolute():
        return project
    data = replace(project.data, source=Spec(source.type, {**source.params, **changed}))
    return replace(project, data=data)


def _relative(there: Path, folder: Path) -> str:
    """Relative where it can be (not across drives), with slashes, so that the file opens on every system."""
    try:
        return Path(os.path.relpath(there, folder)).as_posix()
    except ValueError:
        return str(there)


def _starts_like_archive(path: str | Path) -> bool:
    try:
        if not Path(path).is_file():
            return False
        with open(path, "rb") as f:
            return f.read(2) == b"PK"
    except (OSError, ValueError):
        return False

"""From a file name to what the commands need: project, data, weights, an executable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.data import Dataset, load_dataset
from engine.files.project_file import ProjectFile, read
from engine.files.weights import fitting, read_weights
from engine.graph import Project
from engine.plan import Plan

Weights = Mapping[tuple[str, str], NDArray[Any]]


def load(path: str) -> ProjectFile:
    """The project file."""
    return read(path)


def data_of(project: Project, path: str) -> Dataset:
    """Its data; paths in it count from the file's folder."""
    return load_dataset(project.data, Path(path).resolve().parent)


def trained_weights(file: ProjectFile, given: str | None, plan: Plan, path: str) -> Weights | None:
    """Weights from ``given`` or from the archive, checked against the plan; None if there are none."""
    weights = read_weights(given) if given else file.weights
    if weights is None:
        return None
    wanted = {(w.node, w.name): w.shape for w in plan.weights} | {(s.node, s.name): s.shape for s in plan.states}
    fitting(weights, wanted, given or path)
    return {key: weights[key] for key in wanted}

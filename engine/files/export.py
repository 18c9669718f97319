"""Exports as files, for the command line and the window alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.files.atomic import write_atomic
from engine.files.errors import FormatError
from engine.files.weights import write_weights
from engine.graph import Project

Weights = Mapping[tuple[str, str], NDArray[Any]]
KINDS = ("onnx", "pytorch", "keras")


def write_export(kind: str, project: Project, path: str | Path, weights: Weights | None = None) -> tuple[Path, ...]:
    """Write the network as "onnx", "pytorch" or "keras"; the paths of what was written, weights beside a program.

    ``weights`` None: the initial ones that the project's seed draws. PlanError, OnnxExportError, TorchExportError and
    FormatError say what stands in the way; nothing is written then.
    """
    path = Path(path)
    if weights is None:
        weights = initial(project)
    if kind == "onnx":
        from engine.files.onnx_graph import export_onnx

        write_atomic(path, [export_onnx(project, weights)])
        return (path,)
    beside = path.with_suffix(".safetensors")
    if beside == path:
        remedy = "give it a name that ends with .py; the weights are written beside it"
        raise FormatError(path, "", "a program cannot have this name", remedy=remedy)
    if kind == "pytorch":
        from engine.files.torch_text import export_torch

        text = export_torch(project).text
    elif kind == "keras":
        from engine.files.keras_text import export_keras

        text = export_keras(project).text
    else:
        raise ValueError(f"there is no export {kind!r}; there are {', '.join(KINDS)}")
    write_atomic(path, [text.encode()])
    write_weights(beside, weights)
    return path, beside


def initial(project: Project) -> Weights:
    """The weights that the project's seed draws."""
    from engine.backends.initial import initial_weights
    from engine.plan import build_plan

    return initial_weights(build_plan(project.graph), project.training.seed)

"""Past trainings as a project file keeps them: what was trained, how, and its figures by epoch.

They are results, not edits: undo does not touch them. A file holds them in ``notes`` under one key, beside the notes
of the drawing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.document import run_columns
from designer.document.refusals import LayoutRefusal
from designer.document.run_columns import Measured
from designer.document.state import RUNS_KEY, DocState
from engine.analysis.rules import last_activation
from engine.files.graph_json import project_json, read_project
from engine.graph import Graph, Project
from engine.graph.project import Json

#: epochs that are kept of a long run, evenly chosen with the last one always, and runs of one document
MOST_POINTS, MOST_RUNS = 400, 200
#: bytes of all runs' columns in an archive
BUDGET = 48 << 20
CURVES = ("train_loss", "validation_loss", "train_metric", "validation_metric")


@dataclass(frozen=True)
class RunRecord:
    """``epochs`` (E,) and ``curves`` name -> (E,) with nan where nothing was measured. ``project``: JSON of graph,
    training and data as they were. ``seconds`` of training; ``outcome``: finished, paused, diverged or failed.

    ``log``: what was done while it ran ({"step", "command", ...}); ``parent``: (run, step) that it forked from;
    ``finals``: figures of the test set by name; ``measured``: columns of every step and layer, where they are kept."""

    number: int
    started: str
    seconds: float
    steps: int
    backend: str
    outcome: str
    project: Mapping[str, Json]
    epochs: tuple[int, ...] = ()
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    note: str = ""
    name: str = ""
    log: tuple[Mapping[str, Json], ...] = ()
    parent: tuple[int, int] | None = None
    finals: Mapping[str, float] = field(default_factory=dict)
    measured: Measured | None = field(default=None, compare=False)

    @property
    def last_epoch(self) -> int:
        """Epochs that were completed."""
        return self.epochs[-1] if self.epochs else 0

    def final(self, curve: str) -> float:
        """The curve's last value; nan where there is none."""
        values = self.curves.get(curve, ())
        return values[-1] if values else math.nan

    def best(self, curve: str) -> float:
        """The curve's least value."""
        values = [v for v in self.curves.get(curve, ()) if math.isfinite(v)]
        return min(values, default=math.nan)

    def settings(self) -> Project:
        """What was trained, as a project without layout."""
        return read_project(json.dumps(self.project).encode(), f"run {self.number}")


def thinned(
    epochs: Sequence[int], curves: Mapping[str, Sequence[float]]
) -> tuple[tuple[int, ...], dict[str, tuple[float, ...]]]:
    """At most MOST_POINTS epochs, evenly chosen, first and last among them; values to seven digits."""
    count = len(epochs)
    keep = np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST_POINTS)).round().astype(int))
    rows = {name: tuple(float(f"{values[k]:.7g}") for k in keep) for name, values in curves.items()}
    return tuple(int(epochs[k]) for k in keep), rows


def trained_project(project: Project) -> dict[str, Json]:
    """Graph, training and data of a project; where cards stand is no part of a run."""
    return project_json(Project(project.graph, project.training, project.data, title=project.title))


def with_runs(project: Project, runs: Iterable[RunRecord], *, rows: bool = True) -> Project:
    """The project as its file holds it. ``rows``: with a few rows of the columns, where no archive holds them all."""
    entries: list[Json] = [run_json(r, rows=rows) for r in runs]
    return replace(project, notes={**project.notes, RUNS_KEY: entries}) if entries else project


def run_arrays(runs: Sequence[RunRecord]) -> dict[str, NDArray[Any]]:
    """The members of an archive's runs: the newest ones first, as many as BUDGET holds."""
    found: dict[str, NDArray[Any]] = {}
    held = 0
    for run in reversed(runs):
        own = run_columns.arrays_of(run.measured, str(run.number)) if run.measured is not None else {}
        held += sum(a.nbytes for a in own.values())
        if held > BUDGET:
            break
        found |= own
    return found


def runs_of(project: Project, arrays: Mapping[str, NDArray[Any]] | None = None) -> tuple[RunRecord, ...]:
    """The runs in a file's project, with what the archive holds of them; LayoutRefusal says which entry is malformed.
    """
    raw = project.notes.get(RUNS_KEY, [])
    if not isinstance(raw, list):
        raise LayoutRefusal(f"notes.{RUNS_KEY}", "a list of runs", raw)
    return tuple(_run(f"notes.{RUNS_KEY}[{k}]", entry, arrays or {}) for k, entry in enumerate(raw[-MOST_RUNS:]))


def run_json(run: RunRecord, *, rows: bool = True) -> dict[str, Json]:
    """One run as JSON; nan is stored as null."""
    curves: dict[str, Json] = {
        name: [v if math.isfinite(v) else None for v in values] for name, values in run.curves.items()
    }
    more: dict[str, Json] = {"name": run.name} if run.name else {}
    if run.log:
        more["log"] = [dict(entry) for entry in run.log]
    if run.parent is not None:
        more["parent"] = list(run.parent)
    if run.finals:
        more["finals"] = {k: v if math.isfinite(v) else None for k, v in run.finals.items()}
    if run.measured is not None:
        kept = run_columns.few_rows(run.measured) if rows else run_columns.meta_json(run.measured)
        more["measured"] = kept
    return {
        "number": run.number, "started": run.started, "seconds": round(run.seconds, 3), "steps": run.steps,
        "backend": run.backend, "outcome": run.outcome, "note": run.note, "project": dict(run.project),
        "epochs": list(run.epochs), "curves": curves, **more,
    }  # fmt: skip


def _run(path: str, raw: Json, arrays: Mapping[str, NDArray[Any]]) -> RunRecord:
    if not isinstance(raw, dict):
        raise LayoutRefusal(path, "an object", raw)
    epochs, curves, project = raw.get("epochs", []), raw.get("curves", {}), raw.get("project")
    if not isinstance(project, dict):
        raise LayoutRefusal(f"{path}.project", "an object", project)
    if not isinstance(epochs, list) or not all(isinstance(e, int) for e in epochs):
        raise LayoutRefusal(f"{path}.epochs", "whole numbers", epochs)
    if not isinstance(curves, dict):
        raise LayoutRefusal(f"{path}.curves", "an object", curves)
    return RunRecord(
        number=_whole(f"{path}.number", raw.get("number")),
        started=str(raw.get("started", "")),
        seconds=_number(f"{path}.seconds", raw.get("seconds", 0.0)),
        steps=_whole(f"{path}.steps", raw.get("steps", 0)),
        backend=str(raw.get("backend", "")),
        outcome=str(raw.get("outcome", "")),
        project=project,
        epochs=tuple(e for e in epochs if isinstance(e, int)),
        curves={str(n): _curve(f"{path}.curves.{n}", v, len(epochs)) for n, v in curves.items()},
        note=str(raw.get("note", "")),
        name=str(raw.get("name", "")),
        log=tuple(e for e in _listed(f"{path}.log", raw.get("log", [])) if isinstance(e, dict)),
        parent=_parent(f"{path}.parent", raw.get("parent")),
        finals=_finals(f"{path}.finals", raw.get("finals", {})),
        measured=_measured(path, raw, arrays),
    )


def _measured(path: str, raw: Mapping[str, Json], arrays: Mapping[str, NDArray[Any]]) -> Measured | None:
    meta, prefix = raw.get("measured"), str(raw.get("number"))
    if f"{prefix}/loss" not in arrays:
        arrays = run_columns.arrays_of_rows(f"{path}.measured", meta, prefix)
    return run_columns.measured_of(path, meta, arrays, prefix)


def _listed(path: str, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise LayoutRefusal(path, "a list", value)
    return value


def _parent(path: str, value: Json) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise LayoutRefusal(path, "a run and a step", value)
    return _whole(path, value[0]), _whole(path, value[1])


def _finals(path: str, value: Json) -> dict[str, float]:
    if not isinstance(value, dict):
        raise LayoutRefusal(path, "an object", value)
    return {k: math.nan if v is None else _number(path, v) for k, v in value.items()}


def _whole(path: str, value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise LayoutRefusal(path, "a whole number", value)
    return value


def _number(path: str, value: Json) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise LayoutRefusal(path, "a number", value)
    return float(value)


def _curve(path: str, value: Json, count: int) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != count:
        raise LayoutRefusal(path, f"{count} numbers or null", value)
    return tuple(math.nan if v is None else _number(path, v) for v in value)


def restore_settings(state: DocState, run: RunRecord) -> DocState:
    """Graph, training and data of that run; cards stay where they are."""
    from designer.document.verbs.arrange import place_missing

    old = run.settings()
    return place_missing(replace(state, graph=old.graph, training=old.training, data=old.data))


def differing(run: RunRecord) -> list[str]:
    """What a table says of a run's set-up: network, optimizer with its rate, batch, seed."""
    project = run.settings()
    training = project.training
    rate = training.optimizer.params.get("rate")
    named = training.optimizer.type + (f" {rate:g}" if isinstance(rate, int | float) else "")
    return [network_words(project.graph), named, str(training.batch_size), str(training.seed)]


def network_words(graph: Graph) -> str:
    """``relu x 6, tanh``: the activations in the order in which they come, or the layer types where there are none."""
    found = [a for n in graph.nodes.values() if (a := last_activation(n)) not in ("", "linear")]
    kinds = found or [n.type for n in graph.nodes.values() if n.type not in ("input", "output")]
    counted = {kind: kinds.count(kind) for kind in kinds}
    return ", ".join(kind if count == 1 else f"{kind} x {count}" for kind, count in counted.items())


def table_rows(runs: Iterable[RunRecord]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Column names and one row for each run and epoch: what CSV holds."""
    columns = ("run", "started", "outcome", "network", "optimizer", "batch", "seed", "note", "epoch", *CURVES)
    rows: list[tuple[object, ...]] = []
    for run in runs:
        head = (run.number, run.started, run.outcome, *differing(run), run.note)
        for k, epoch in enumerate(run.epochs):
            figures = (run.curves.get(c, ())[k : k + 1] for c in CURVES)
            rows.append((*head, epoch, *(f[0] if f and math.isfinite(f[0]) else "" for f in figures)))
    return columns, rows


def jsonl(runs: Iterable[RunRecord]) -> str:
    """One JSON object per line and run, everything that is kept of it."""
    return "".join(json.dumps(run_json(r), ensure_ascii=False, allow_nan=False) + "\n" for r in runs)

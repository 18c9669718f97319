"""``predict``: what a trained network says of new inputs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.cli.errors import UsageError
from engine.cli.loading import data_of, load, trained_weights
from engine.cli.text import table
from engine.data import Dataset, read_inputs
from engine.data.inputs import pictures
from engine.plan import build_plan

SHOWN_CLASSES = 3


def predict(options: Namespace) -> int:
    """Print a table, or a JSON object per sample."""
    file = load(options.file)
    plan = build_plan(file.project.graph)
    weights = trained_weights(file, options.weights, plan, options.file)
    if weights is None:
        raise UsageError(
            f"{options.file}: it holds no trained weights; "
            "train it with --save OUT.gradloom or --weights OUT.safetensors, and give that file"
        )
    if len(plan.inputs) != 1:
        raise UsageError(f"predict takes one input file, but this network has {len(plan.inputs)} inputs")
    dataset = data_of(file.project, options.file)
    given = Path(options.input)
    x = read_inputs(given, dataset)
    files = [p.relative_to(given).as_posix() for p in pictures(given)] if given.is_dir() else []
    shown = _answers(file.project, plan, weights, x)
    if options.json:
        for k, row in enumerate(shown):
            named = {"file": files[k]} if files else {}
            print(json.dumps({**_object(k, row, dataset), **named}, ensure_ascii=False, allow_nan=False))
    else:
        print(_table(shown, dataset, files or [str(k) for k in range(len(shown))]))
    return 0


def _answers(project: Any, plan: Any, weights: Any, x: NDArray[Any]) -> NDArray[Any]:
    """What the first head shows, (N, K)."""
    from engine.backends import make_executable
    from engine.optimizers import OPTIMIZERS

    setup = project.training
    executable = make_executable("numpy", plan, OPTIMIZERS.make(setup.optimizer), setup.dtype, setup.seed)
    executable.load_weights(weights)
    head = plan.heads[0]
    parts = [
        executable.forward({plan.inputs[0].field: x[k : k + 256]}, [head.shown])[head.shown]
        for k in range(0, len(x), 256)
    ]
    shown = np.concatenate(parts)
    return shown.reshape(len(shown), -1)


def _ranked(row: NDArray[Any], dataset: Dataset) -> list[tuple[str, float]]:
    """(class, probability), most probable first; one output is the probability of the second class."""
    share = np.array([1 - row[0], row[0]]) if len(row) == 1 else row
    names = dataset.class_names if len(dataset.class_names) == len(share) else [str(k) for k in range(len(share))]
    return [(names[k], float(share[k])) for k in np.argsort(-share, kind="stable")]


def _classifies(row: NDArray[Any], dataset: Dataset) -> bool:
    return dataset.task != "values" and bool(np.all((row >= 0) & (row <= 1)))


def _object(k: int, row: NDArray[Any], dataset: Dataset) -> dict[str, Any]:
    if not _classifies(row, dataset):
        return {"sample": k, "values": [float(v) if np.isfinite(v) else None for v in row]}
    ranked = _ranked(row, dataset)
    return {"sample": k, "prediction": ranked[0][0], "probabilities": dict(ranked)}


def _table(shown: NDArray[Any], dataset: Dataset, samples: list[str]) -> str:
    """``samples``: what the first column calls each of them."""
    if len(shown) and _classifies(shown, dataset):
        head = ["sample", "prediction", "probability", "next"]
        rows = []
        for k, row in enumerate(shown):
            first, *rest = _ranked(row, dataset)[:SHOWN_CLASSES]
            rows.append([samples[k], first[0], f"{first[1]:.1%}", ", ".join(f"{n} {p:.1%}" for n, p in rest)])
        return table(head, rows, right=(0, 2))
    names = dataset.target_names if len(dataset.target_names) == shown.shape[1] else ()
    head = ["sample", *(names or (f"y{j + 1}" for j in range(shown.shape[1])))]
    values = [[samples[k], *(f"{v:.6g}" for v in row)] for k, row in enumerate(shown)]
    return table(head, values, right=range(len(head)))

"""What a file carries of a training beside its state: the weights that still fit, and the record before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.document.runs import RunRecord
from engine.graph import Graph
from engine.training import ResumeState
from engine.training.past import Past

Weights = Mapping[tuple[str, str], Any]


def fitting_weights(graph: Graph, trained: Weights) -> tuple[dict[tuple[str, str], Any], tuple[str, ...]]:
    """Weights of an earlier drawing that the present one has a place for, and the ids of the layers that lose some.

    Of a drawing that cannot run yet, all weights of layers that are still there are kept.
    """
    from engine.plan import PlanError, build_plan

    try:
        plan = build_plan(graph)
        shapes = {(w.node, w.name): w.shape for w in (*plan.weights, *plan.states)}
    except PlanError:
        shapes = {k: a.shape for k, a in trained.items() if k[0] in graph.nodes}
    kept = {k: a for k, a in trained.items() if shapes.get(k) == a.shape}
    return kept, tuple(dict.fromkeys(node for node, name in trained if (node, name) not in kept))


def past_of(runs: Sequence[RunRecord], resume: ResumeState | None) -> Past | None:
    """The record of the run that a stored state is of: as many steps, and the same loss in its last epoch."""
    epochs = resume.scalars.get("epochs") if resume is not None else None
    if resume is None or not epochs:
        return None
    loss = epochs[-1]["train_loss"]
    for run in reversed(runs):
        same = run.steps == resume.scalars["step"] and loss is not None
        if same and run.measured is not None and run.final("train_loss") == float(f"{loss:.7g}"):
            return Past(run.measured.view, (), run.measured.moments)
    return None

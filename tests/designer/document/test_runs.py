"""Runs in a file: what is kept comes back, what is malformed is named, and the settings can be restored."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from designer.document.refusals import LayoutRefusal
from designer.document.runs import (
    MOST_POINTS,
    RunRecord,
    jsonl,
    network_words,
    restore_settings,
    runs_of,
    table_rows,
    thinned,
    trained_project,
    with_runs,
)
from designer.document.state import DocState
from engine.declare import Spec
from engine.files.graph_json import project_bytes, read_project
from engine.graph import Project, TrainingSetup
from tests.designer.document.drawn import chain
from tests.engine.training.nets import mlp, project


def record(number: int = 1, **more: object) -> RunRecord:
    trained = project(mlp((2, 4, 1), loss="mse"), seed=7, batch_size=16)
    curves = {"train_loss": (0.5, 0.25), "validation_loss": (0.75, math.nan)}
    base = RunRecord(
        number, "2026-01-02 03:04:05", 1.25, 20, "tape", "finished", trained_project(trained), (1, 2), curves
    )
    return replace(base, **more)  # type: ignore[arg-type]


def test_a_file_brings_runs_back_beside_the_notes() -> None:
    state = chain("input", "dense", "output")
    runs = (record(), record(2, note="wider"))
    stored = project_bytes(with_runs(state.project(), runs))
    again = read_project(stored)
    found = runs_of(again)
    assert [(r.number, r.note, r.epochs, r.outcome) for r in found] == [
        (1, "", (1, 2), "finished"), (2, "wider", (1, 2), "finished"),
    ]  # fmt: skip
    assert found[0].curves["train_loss"] == (0.5, 0.25) and math.isnan(found[0].curves["validation_loss"][1])
    assert DocState.of(again) == DocState.of(read_project(project_bytes(state.project())))
    assert project_bytes(with_runs(DocState.of(again).project(), found)) == stored, "byte for byte"
    assert with_runs(state.project(), ()) == state.project()


def test_restoring_brings_back_network_training_and_data_and_leaves_the_cards() -> None:
    run = record()
    state = chain("input", "dense", "output")
    after = restore_settings(state, run)
    assert after.training.seed == 7 and after.training.batch_size == 16
    assert after.training.optimizer == Spec("sgd", {"rate": 0.1}) and set(after.graph.nodes) == {"n0", "n1", "n2", "n3"}
    assert after.positions["n1"] == state.positions["n1"] and set(after.positions) >= set(after.graph.nodes)


def test_long_runs_are_thinned_with_both_ends_kept() -> None:
    epochs, curves = thinned(range(1, 10_001), {"train_loss": [1 / k for k in range(1, 10_001)]})
    assert len(epochs) == MOST_POINTS and (epochs[0], epochs[-1]) == (1, 10_000)
    assert all(value == pytest.approx(1 / k, rel=1e-6) for k, value in zip(epochs, curves["train_loss"], strict=True))


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"number": "x"}, "number"), ({"epochs": ["a"]}, "epochs"), ({"project": 3}, "project"),
        ({"curves": {"train_loss": [1.0]}}, "curves.train_loss"), ({"seconds": None}, "seconds"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named(broken: dict[str, object], where: str) -> None:
    entry = {**json.loads(jsonl([record()])), **broken}
    with pytest.raises(LayoutRefusal, match=where):
        runs_of(Project(notes={"runs": [entry]}))


def test_tables_have_a_row_for_each_epoch_and_lines_for_each_run() -> None:
    columns, rows = table_rows([record(), record(3)])
    assert len(rows) == 4 and rows[1][columns.index("train_loss")] == 0.25
    assert rows[1][columns.index("validation_loss")] == "" and rows[3][columns.index("run")] == 3
    assert rows[0][columns.index("optimizer")] == "sgd 0.1" and rows[0][columns.index("seed")] == "7"
    lines = jsonl([record(), record(3)]).splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 3]
    assert json.loads(lines[0])["curves"]["validation_loss"] == [0.75, None]


def test_what_was_trained_is_stored_without_the_places_of_cards() -> None:
    whole = replace(chain("input", "dense", "output"), training=TrainingSetup(seed=3)).project()
    assert (
        "layout" not in trained_project(whole) and record(project=trained_project(whole)).settings().training.seed == 3
    )


def test_networks_are_told_apart_by_their_activations() -> None:
    assert network_words(mlp((2, 4, 4, 1), "sigmoid")) == "sigmoid x 2"
    assert network_words(mlp((2, 1))) == "dense"

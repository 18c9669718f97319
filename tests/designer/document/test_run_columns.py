"""What a run leaves of every step and layer: whole in an archive, a few rows in a graph.json, malformed ones named."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from designer.document.event_files import event_file
from designer.document.refusals import LayoutRefusal
from designer.document.run_columns import FEW_ROWS, FIGURES, HISTOGRAMS, MOMENTS, MOST_ROWS, Measured, measured
from designer.document.runs import BUDGET, RunRecord, run_arrays, run_json, runs_of, with_runs
from designer.document.settings_diff import differences
from engine.declare import Spec
from engine.files import project_file
from engine.graph import Project
from engine.training import Trainer
from engine.training.moments import Moments
from tests.designer.document.test_runs import record
from tests.engine.training.nets import blobs, mlp, project


@pytest.fixture(scope="module")
def kept() -> Measured:
    """Of a run of 1,350 steps, with a moment every 25 of them."""
    trainer, moments = Trainer(project(mlp((4, 8, 3)), epochs=150), blobs(), backend="numpy"), Moments()
    while not trainer.stopped:
        trainer.advance(0.0, 1, keep=trainer.step % 25 == 24)
        if trainer.step % 25 == 0 and not trainer.busy_evaluating:
            moments.note(trainer)
    return measured(trainer.plan, trainer.columns.view, moments.kept, trainer.steps_per_epoch)


def whole(kept: Measured) -> RunRecord:
    return record(
        7, name="wide", log=({"step": 4, "command": "rate", "value": 0.5},), parent=(3, 40),
        finals={"test_loss": 0.25, "test_r2": math.nan}, measured=kept, steps=1350,
    )  # fmt: skip


def same_measured(a: Measured | None, b: Measured | None, tolerance: float) -> None:
    assert a is not None and b is not None
    assert (a.weights, a.sizes, a.kernels, a.steps_per_epoch) == (b.weights, b.sizes, b.kernels, b.steps_per_epoch)
    np.testing.assert_array_equal(a.view.steps, b.view.steps)
    for name in ("loss", "loss_min", "loss_max", "rate", "accuracy", "penalty", "grad_norm"):
        np.testing.assert_allclose(
            getattr(a.view, name)[: a.view.count], getattr(b.view, name)[: b.view.count], rtol=tolerance, atol=1e-30
        )


def test_an_archive_brings_a_run_back_whole(kept: Measured, tmp_path: Path) -> None:
    run = whole(kept)
    assert kept.view.count <= MOST_ROWS and 8 <= len(kept.moments) <= MOMENTS and kept.view.stride == 2
    path = tmp_path / "run.gradloom"
    project_file.write(path, with_runs(Project(), [run], rows=False))
    bare = path.stat().st_size
    pieces = project_file.parts(path, with_runs(Project(), [run], rows=False), runs=run_arrays([run]))
    path.write_bytes(b"".join(pieces))
    assert path.stat().st_size > bare + 4 * kept.view.count
    file = project_file.read(path)
    (again,) = runs_of(file.project, file.runs)
    assert (again.name, again.log, again.parent) == ("wide", run.log, (3, 40))
    assert again.finals["test_loss"] == 0.25 and math.isnan(again.finals["test_r2"])
    same_measured(again.measured, kept, 1e-6)
    assert again.measured is not None and [m.step for m in again.measured.moments] == [m.step for m in kept.moments]
    rich = 0
    for new, old in zip(again.measured.moments, kept.moments, strict=True):
        for a, b in zip(new.layers, old.layers, strict=True):
            for name in FIGURES:
                assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-6, nan_ok=True)
            rich += a is new.layers[0] and bool(a.histograms)
            for tensor, h in a.histograms.items():
                np.testing.assert_array_equal(h.counts, b.histograms[tensor].counts)
                assert h.minimum == pytest.approx(b.histograms[tensor].minimum, rel=1e-6)
    assert rich == HISTOGRAMS
    stored = path.read_bytes()
    spoiled = bytearray(stored)
    spoiled[stored.index(b"7/loss") + 4000] ^= 1
    with pytest.raises(project_file.FormatError, match="SHA-256"):
        project_file.parse(bytes(spoiled))


def test_a_graph_json_holds_a_few_rows(kept: Measured) -> None:
    run = whole(kept)
    (again,) = runs_of(with_runs(Project(), [run]))
    assert again.measured is not None and 16 < again.measured.view.count <= FEW_ROWS
    assert again.measured.view.stride * again.measured.view.count <= kept.view.stride * kept.view.count
    assert again.measured.view.steps[-1] > 0.9 * kept.view.steps[-1]
    assert again.measured.view.loss.mean() == pytest.approx(kept.view.loss[: kept.view.count].mean(), rel=0.05)
    assert again.measured.layers == kept.layers and not again.measured.moments
    assert len(json.dumps(run_json(run))) < 30_000


def test_gradients_are_those_of_the_layers_kernels(kept: Measured) -> None:
    rows = kept.gradients()
    assert rows.shape == (2, kept.view.count)
    place = kept.weights.index(("n1", "weight"))
    np.testing.assert_allclose(rows[0], kept.view.grad_norm[: kept.view.count, place] / math.sqrt(4 * 8))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("columns", "loss"), [1.0]), (("columns", "grad_norm"), 3), (("sizes",), [1]), (("kernels",), [99]),
        (("weights",), ["nothing"]), (("stride",), -1), (("start",), "x"),
    ],
)  # fmt: skip
def test_malformed_columns_are_named(kept: Measured, path: tuple[str, ...], value: object) -> None:
    entry = json.loads(json.dumps(run_json(whole(kept))))
    at = entry["measured"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(LayoutRefusal, match=r"notes.runs\[0\]"):
        runs_of(Project(notes={"runs": [entry]}))


def test_the_newest_runs_columns_come_first_within_the_budget(
    kept: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [replace(whole(kept), number=k) for k in range(1, 6)]
    one = sum(a.nbytes for a in run_arrays(runs[:1]).values())
    assert 200 * one < 8 * BUDGET
    monkeypatch.setattr("designer.document.runs.BUDGET", int(2.5 * one))
    assert {name.split("/")[0] for name in run_arrays(runs)} == {"4", "5"}


def test_what_differs_is_listed_setting_by_setting() -> None:
    a = project(mlp((4, 8, 3)), optimizer=Spec("sgd", {"rate": 0.1}), seed=1)
    b = project(mlp((4, 8, 3), "relu"), optimizer=Spec("adam", {"rate": 0.1}), seed=2)
    found = {d.name: d.values for d in differences([a, b])}
    assert found["dense 1 · activation"] == ("tanh", "relu") and found["seed"] == ("1", "2")
    assert found["optimizer"] == ("sgd", "adam") and len(found) == 3, found
    assert differences([a, a]) == []
    wider = differences([a, project(mlp((4, 8, 8, 3)), optimizer=Spec("sgd", {"rate": 0.1}), seed=1)])
    assert any(d.values == ("", "dense") or d.values == ("", "yes") for d in wider), "a layer more and its wire"


def test_the_event_file_has_losses_figures_and_histograms(kept: Measured) -> None:
    from tests.engine.files.test_tensorboard import frames, message_types

    run = replace(whole(kept), project=record().project)
    name, data = event_file(run)
    assert name.startswith("wide/events.out.tfevents.")
    events = [message_types().FromString(f) for f in frames(data)]
    values = {(v.tag, e.step): v for e in events for v in e.summary.value}
    first = int(kept.view.steps[0])
    assert values["batch/loss", first].simple_value == np.float32(kept.view.loss[0])
    assert values["epoch/train_loss", 9].simple_value == 0.5 and ("epoch/validation_loss", 18) not in values
    assert values["test/loss", 1350].simple_value == 0.25
    assert sum(v.HasField("histo") for v in values.values()) == 4 * 2 * len(kept.moments)
    assert [e.step for e in events] == sorted(e.step for e in events)

"""The trainer: repeatable to the bit, resumable to the bit, stops by its rules and at the first bad value."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.backends import BackendUnavailableError
from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Project
from engine.plan import PlanError
from engine.training import ResumeState, Trainer
from engine.training.resume import backend_for
from engine.training.targets import InputError, TargetError
from tests.engine.training.nets import blobs, chain, mlp, project


def trained(p: Project, data: Dataset, chunks: list[int] | None = None) -> Trainer:
    trainer = Trainer(p, data, backend="numpy")
    for count in chunks or []:
        trainer.run_steps(count)
    trainer.run()
    return trainer


def same_weights(a: Trainer, b: Trainer) -> bool:
    left, right = a.executable.weights(), b.executable.weights()
    return left.keys() == right.keys() and all(np.array_equal(left[k], right[k]) for k in left)


def test_learns_separable_clouds() -> None:
    trainer = trained(project(mlp((4, 8, 3)), epochs=20), blobs())
    assert trainer.stopped == "epochs"
    assert trainer.epochs[-1].validation_metric >= 0.95
    assert trainer.test_result is not None and trainer.test_result.metrics["accuracy"] >= 0.9
    assert trainer.epochs[-1].train_loss < trainer.epochs[0].train_loss / 2


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_repeats_bit_equal_however_it_is_cut(dropout: float) -> None:
    p, data = project(mlp((4, 8, 3), dropout=dropout)), blobs()
    whole, cut = trained(p, data), trained(p, data, [1, 2, 7, 3, 11])
    assert same_weights(whole, cut)
    assert repr([replace(e, seconds=0) for e in whole.epochs]) == repr([replace(e, seconds=0) for e in cut.epochs])
    np.testing.assert_array_equal(whole.columns.view.loss[:45], cut.columns.view.loss[:45])


def test_another_seed_gives_other_weights() -> None:
    data = blobs()
    assert not same_weights(trained(project(mlp((4, 8, 3))), data), trained(project(mlp((4, 8, 3)), seed=1), data))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("steps", [1, 9, 13, 20])
def test_resume_goes_on_bit_for_bit(optimizer: str, steps: int) -> None:
    graph = mlp((4, 8, 3), dropout=0.2, batch_norm="before", l2=0.01)
    p, data = project(graph, optimizer=Spec(optimizer), patience=3), blobs()
    straight = trained(p, data)
    first = Trainer(p, data, backend="numpy")
    first.run_steps(steps)
    state = first.resume_state()
    stored = ResumeState(state.arrays, json.loads(json.dumps(state.scalars, allow_nan=False)))
    second = Trainer(p, data, backend="numpy")
    second.load_resume_state(stored)
    second.run()
    assert same_weights(straight, second)
    assert [e.validation_loss for e in second.epochs] == [e.validation_loss for e in straight.epochs]
    assert [e.train_loss for e in second.epochs] == [e.train_loss for e in straight.epochs]


def test_resume_in_the_middle_of_an_evaluation_loses_nothing() -> None:
    p, data = project(mlp((4, 8, 3))), blobs()
    straight = trained(p, data)
    first = Trainer(p, data, backend="numpy")
    while not first.busy_evaluating:
        first.advance(0.0)
    second = Trainer(p, data, backend="numpy")
    second.load_resume_state(first.resume_state())
    second.run()
    assert same_weights(straight, second) and len(second.epochs) == len(straight.epochs)


@pytest.mark.parametrize("ended", [False, True])
def test_a_resume_at_the_end_has_the_test_set_evaluated(ended: bool) -> None:
    p, data = project(mlp((4, 8, 3))), blobs()
    straight = trained(p, data)
    first = Trainer(p, data, backend="numpy")
    while not first.stopped or (ended and not first.finished):
        first.advance(0.0)
    assert first.busy_evaluating is not ended  # of the test set
    second = Trainer(p, data, backend="numpy")
    second.load_resume_state(first.resume_state())
    second.run()
    assert second.test_result is not None and straight.test_result is not None
    assert second.test_result.loss == straight.test_result.loss
    assert second.test_result.metrics == straight.test_result.metrics


def test_a_resume_of_a_run_that_was_through_goes_on_to_the_epochs_now_asked_for() -> None:
    p, data = project(mlp((4, 8, 3)), epochs=2), blobs()
    longer = replace(p, training=replace(p.training, epochs=5))
    second = Trainer(longer, data, backend="numpy")
    second.load_resume_state(trained(p, data).resume_state())
    assert not second.finished
    second.run()
    assert second.epoch == 5 and same_weights(second, trained(longer, data))


def test_a_resume_of_an_early_stop_stays_stopped() -> None:
    p, data = project(mlp((4, 8, 3)), epochs=50, patience=2, min_change=10.0), blobs()
    first = trained(p, data)
    second = Trainer(p, data, backend="numpy")
    second.load_resume_state(first.resume_state())
    assert (second.stopped, second.finished, second.epoch) == ("patience", True, 3)
    assert same_weights(first, second)


def test_a_resume_of_a_divergence_knows_where_it_was() -> None:
    p = project(mlp((4, 8, 3), activation="relu"), optimizer=Spec("sgd", {"rate": 1e30}))
    first, second = trained(p, blobs()), Trainer(p, blobs(), backend="numpy")
    state = first.resume_state()
    second.load_resume_state(ResumeState(state.arrays, json.loads(json.dumps(state.scalars, allow_nan=False))))
    assert first.divergence is not None and second.divergence is not None
    assert str(second.divergence) == str(first.divergence) and second.stopped == "diverged"


def test_the_record_of_a_resumed_run_begins_where_it_goes_on() -> None:
    p, data = project(mlp((4, 8, 3))), blobs()
    first, second = Trainer(p, data, backend="numpy"), Trainer(p, data, backend="numpy")
    first.run_steps(13)
    second.load_resume_state(first.resume_state())
    second.run_steps(4)
    assert list(second.columns.view.steps) == [14, 15, 16, 17]
    second.reset()
    second.run_steps(2)
    assert list(second.columns.view.steps) == [1, 2]


def test_resume_of_another_setup_is_refused() -> None:
    data = blobs()
    state = Trainer(project(mlp((4, 8, 3))), data, backend="numpy").resume_state()
    with pytest.raises(ValueError, match="expected batch_size 16, got 8"):
        Trainer(project(mlp((4, 8, 3)), batch_size=16), data, backend="numpy").load_resume_state(state)
    with pytest.raises(ValueError, match=r"expected shape \(9, 4\), got \(8, 4\)"):
        Trainer(project(mlp((4, 9, 3))), data, backend="numpy").load_resume_state(state)


def test_reset_returns_to_the_same_start() -> None:
    p, data = project(mlp((4, 8, 3)), optimizer=Spec("adam")), blobs()
    trainer = trained(p, data)
    end = trainer.executable.weights()
    trainer.reset()
    assert trainer.step == 0 and trainer.columns.view.count == 0 and not trainer.epochs
    trainer.run()
    again = trainer.executable.weights()
    assert all(np.array_equal(end[k], again[k]) for k in end)


def test_rate_changes_take_effect_and_are_logged() -> None:
    trainer = Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy")
    trainer.run_steps(3)
    trainer.set_rate(0.0)
    still = trainer.executable.weights()
    trainer.run_steps(4)
    assert all(np.array_equal(v, still[k]) for k, v in trainer.executable.weights().items())
    assert trainer.command_log == [{"step": 3, "command": "rate", "value": 0.0}]
    assert list(trainer.columns.view.rate[:7]) == [0.1] * 3 + [0.0] * 4


def test_patience_restores_the_best_weights() -> None:
    p = project(mlp((4, 16, 3)), epochs=200, patience=4, optimizer=Spec("sgd", {"rate": 2.0}))
    data = blobs(spread=2.5, per_class=20)
    trainer = trained(p, data)
    assert trainer.stopped == "patience" and trainer.epoch < 200
    best = min(trainer.epochs, key=lambda e: e.validation_loss)
    assert trainer.best_epoch == best.epoch < trainer.epoch
    assert trainer.evaluate("validation").loss == best.validation_loss


def test_minimum_change_counts() -> None:
    strict = trained(project(mlp((4, 8, 3)), epochs=50, patience=2, min_change=10.0), blobs())
    assert strict.epoch == 3  # the first epoch is an improvement on nothing; two more are not by 10


def test_target_loss_stops() -> None:
    trainer = trained(project(mlp((4, 8, 3)), epochs=100, target_loss=0.3), blobs())
    assert trainer.stopped == "target" and trainer.epochs[-1].validation_loss <= 0.3
    assert all(e.validation_loss > 0.3 for e in trainer.epochs[:-1])


def test_extend_goes_on() -> None:
    p, data = project(mlp((4, 8, 3)), epochs=2), blobs()
    trainer = trained(p, data)
    trainer.extend(5)
    trainer.run()
    assert same_weights(trainer, trained(replace(p, training=replace(p.training, epochs=5)), data))


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("testing", [False, True])
def test_more_epochs_go_on_from_the_last_step_although_the_best_weights_are_back(resumed: bool, testing: bool) -> None:
    graph = mlp((4, 16, 3))
    p = project(graph, epochs=6, patience=50, optimizer=Spec("momentum", {"rate": 1.0}))
    data, longer = blobs(spread=2.5, per_class=20), replace(p, training=replace(p.training, epochs=12))
    first = Trainer(p, data, backend="numpy")
    while not first.stopped or not (first.finished or testing):
        first.advance(0.0)
    assert 0 < first.best_epoch < 6, "else there is nothing to restore"
    assert first.busy_evaluating == testing
    if resumed:
        state, first = first.resume_state(), Trainer(longer, data, backend="numpy")
        first.load_resume_state(state)
    else:
        first.extend(12)
    first.run()
    assert same_weights(first, trained(longer, data))


@pytest.mark.parametrize(
    ("rate", "value", "tensor"), [(1e30, 0.0, None), (0.1, np.nan, "input"), (0.1, np.inf, "input")]
)
def test_divergence_stops_within_one_step_and_keeps_good_weights(rate: float, value: float, tensor: str | None) -> None:
    data = blobs()
    if not np.isfinite(value):
        x = data.train.x["x"].copy()
        x[17, 2] = value  # in the third batch
        data = replace(data, train=Split({"x": x}, data.train.y))
    p = project(mlp((4, 8, 3), activation="relu"), optimizer=Spec("sgd", {"rate": rate}), shuffle=False)
    trainer = trained(p, data)
    assert trainer.stopped == "diverged" and trainer.divergence is not None
    found = trainer.divergence
    assert found.node in p.graph.nodes and found.count > 0
    if tensor:
        assert (found.node, found.tensor, found.step, found.count) == ("n0", tensor, 2, 1)
    else:
        assert found.step <= 2
    assert trainer.step == found.step == trainer.columns.view.count
    assert all(np.isfinite(w).all() for w in trainer.executable.weights().values())


def test_half_squared_error_of_two_classes_uses_signs() -> None:
    data = blobs(classes=2)
    trainer = trained(project(mlp((4, 6, 1), loss="half_squared"), epochs=30), data)
    assert trainer.test_result is not None and trainer.test_result.metrics["accuracy"] >= 0.9


@pytest.mark.parametrize(
    ("graph", "error", "text"),
    [
        (mlp((3, 8, 3)), InputError, "input 'n0' expects samples of shape 3, but the data has 4; set its shape to 4"),
        (mlp((4, 8, 2)), TargetError, "expects at most 2 classes .* but the data has 3; set the units to 3"),
        (mlp((4, 8, 2), loss="mse"), TargetError, "expects 2 classes .* but the data has 3"),
        (chain(("input", {"size": (4,)})), PlanError, "there is no Output"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(graph: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Trainer(project(graph), blobs(), backend="numpy")


def test_a_backend_that_is_not_there_is_refused() -> None:
    with pytest.raises(BackendUnavailableError, match="available here: numpy"):
        Trainer(project(mlp((4, 3))), blobs(), backend="abacus")


def test_a_resume_stays_on_its_backend_unless_another_is_asked_for() -> None:
    state = Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy").resume_state()
    assert backend_for("auto", state) == "numpy"
    assert backend_for("tape", state) == "tape"
    assert backend_for("auto", None) == "auto"
    gone = ResumeState(state.arrays, {**state.scalars, "backend": "abacus"})
    assert backend_for("auto", gone) == "auto"


def test_a_rate_that_was_set_meanwhile_is_in_force_after_a_reset() -> None:
    trainer = Trainer(project(mlp((4, 6, 3))), blobs(), backend="numpy")
    trainer.run_steps(5)
    trainer.set_rate(0.02)
    trainer.reset()
    assert trainer.rate_at(0) == 0.02 and trainer.step == 0
    fresh = Trainer(project(mlp((4, 6, 3)), optimizer=Spec("sgd", {"rate": 0.02})), blobs(), backend="numpy")
    for t in (trainer, fresh):
        t.run_steps(9)
    w = fresh.executable.weights()
    assert all(np.array_equal(w[k], v) for k, v in trainer.executable.weights().items())

"""Time travel: a visit meets the bits of the first time; the keyframes keep within their budget."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from engine.declare import Spec
from engine.graph import Project
from engine.probes import ProbeRequest
from engine.training import Session, Trainer
from engine.training.session import wait_for
from engine.training.timeline import FEWEST, Timeline
from tests.engine.training.nets import blobs, mlp, project

Weights = dict[tuple[str, str], Any]


def recorded(p: Project, rates: dict[int, float] | None = None) -> tuple[Trainer, Timeline, dict[int, Weights]]:
    """A run to its end, the weights after every step, and its timeline with a keyframe offered after each piece."""
    trainer, timeline, seen = Trainer(p, blobs(), backend="numpy"), Timeline(), {}
    clock = 0.0
    timeline.note(trainer, clock)
    seen[0] = trainer.executable.weights()
    while not trainer.stopped:
        if rates and trainer.step in rates and not trainer.busy_evaluating:
            trainer.set_rate(rates.pop(trainer.step))
        trainer.advance(0.0, 1)
        clock += 0.05
        timeline.note(trainer, clock)
        if not trainer.stopped:
            seen[trainer.step] = trainer.executable.weights()
    return trainer, timeline, seen


def same(a: Weights, b: Weights) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_step_is_met_again_bit_for_bit(optimizer: str) -> None:
    graph = mlp((4, 8, 3), dropout=0.2, batch_norm="before")
    trainer, timeline, seen = recorded(project(graph, optimizer=Spec(optimizer)), {7: 0.03, 20: 0.2})
    assert len(timeline.steps) < len(seen)
    for step in (0, 1, 6, 7, 8, 9, 10, 19, 20, 21, 31, 44, 3):
        visitor = timeline.visit(trainer, step)
        assert visitor.step == step
        assert same(visitor.executable.weights(), seen[step]), step


def test_a_fork_without_a_change_is_the_same_run() -> None:
    p = project(mlp((4, 8, 3), dropout=0.2), optimizer=Spec("adam"), patience=9)
    trainer, timeline, _ = recorded(p)
    fork = Trainer(p, blobs(), backend="numpy")
    fork.load_resume_state(timeline.state_at(trainer, 22))
    fork.run()
    assert same(fork.executable.weights(), trainer.executable.weights())
    assert [e.validation_loss for e in fork.epochs] == [e.validation_loss for e in trainer.epochs]
    assert [e.train_loss for e in fork.epochs] == [e.train_loss for e in trainer.epochs]
    assert (fork.best_epoch, fork.best_loss) == (trainer.best_epoch, trainer.best_loss)


def test_keyframes_keep_within_the_budget_and_reach_from_start_to_end() -> None:
    trainer = Trainer(project(mlp((4, 32, 3)), epochs=40), blobs(), backend="numpy")
    one = sum(w.nbytes for w in trainer.executable.weights().values())
    timeline, clock = Timeline(budget=20 * one), 0.0
    while not trainer.stopped:
        trainer.advance(0.0, 1)
        clock += 1.0
        timeline.note(trainer, clock)
        assert timeline.nbytes <= max(20, FEWEST) * one
    gaps = np.diff(timeline.steps)
    assert timeline.steps[0] <= 2 and timeline.steps[-1] > 0.8 * trainer.step
    assert gaps.max() <= 4 * gaps.min() + 4


def test_a_step_that_is_not_there_is_refused() -> None:
    trainer, timeline, _ = recorded(project(mlp((4, 8, 3)), epochs=1))
    with pytest.raises(ValueError, match="step 900 is not in the record"):
        timeline.visit(trainer, 900)


def test_the_session_shows_an_earlier_moment_and_goes_on_from_the_last() -> None:
    session = Session(project(mlp((4, 8, 3)), epochs=3), blobs(), backend="numpy", polite=False)
    session.start()
    try:
        session.request(ProbeRequest(frozenset({"layers"})))
        session.epoch()
        while session.status.epoch < 1 or session.status.state != "paused":
            time.sleep(0.002)
        end = session.weights().result(5)
        session.mailbox.take()
        assert session.visit(4).result(5) == 4
        taken = session.mailbox.take()
        assert taken is not None and taken.step == 4 and taken.layers
        assert same(session.weights().result(5), end)
        session.run()
        wait_for(session, ("finished",))
        assert session.status.step == 27
    finally:
        assert session.close()


def test_more_epochs_under_a_schedule_are_met_again_bit_for_bit() -> None:
    p = project(mlp((4, 8, 3)), schedule=Spec("cosine"), epochs=3)
    trainer, timeline = Trainer(p, blobs(), backend="numpy"), Timeline()
    timeline.note(trainer, 0.0)
    trainer.run_steps(12)
    before = trainer.executable.weights()
    trainer.extend(6)
    trainer.run_steps(12)
    after = trainer.executable.weights()
    for step, seen in ((24, after), (12, before), (24, after)):
        visitor = timeline.visit(trainer, step)
        assert same(visitor.executable.weights(), seen)
    assert visitor.command_log == trainer.command_log == [{"step": 12, "command": "epochs", "value": 6}]
    resumed = Trainer(project(mlp((4, 8, 3)), schedule=Spec("cosine"), epochs=6), blobs(), backend="numpy")
    resumed.load_resume_state(trainer.resume_state())
    assert resumed.command_log == trainer.command_log


def test_of_a_run_that_was_through_when_it_was_opened_the_end_is_shown() -> None:
    p = project(mlp((4, 8, 3)))
    ended = Trainer(p, blobs(), backend="numpy")
    ended.run()
    session = Session(p, blobs(), backend="numpy", polite=False, resume=ended.resume_state())
    session.start()
    try:
        session.request(ProbeRequest(frozenset({"layers"})))
        wait_for(session, ("finished",))
        assert session.visit(3).result(10) == ended.step
        assert session.state_at(3).result(10).scalars["step"] == ended.step
        assert session.status.state == "finished"
    finally:
        assert session.close()


def test_a_rate_set_at_the_very_step_is_in_force_in_the_fork() -> None:
    p = project(mlp((4, 8, 3)), epochs=4)
    trainer, timeline, seen = recorded(p, {12: 0.4})
    fork = Trainer(p, blobs(), backend="numpy")
    fork.load_resume_state(timeline.state_at(trainer, 12))
    assert fork.base_rate == 0.4 and fork.command_log == trainer.command_log
    fork.run_steps(5)
    assert same(fork.executable.weights(), seen[17])
    assert timeline.visit(trainer, 12).base_rate == 0.1, "what is shown is the step before the change"


def test_a_fork_judges_by_the_least_change_and_brings_the_best_weights_along() -> None:
    p = project(mlp((4, 8, 3)), optimizer=Spec("adam", {"rate": 0.01}), epochs=12, patience=50, min_change=0.25)
    trainer, timeline, seen = recorded(p)
    sparse = Timeline()
    sparse.remember(timeline.before(0))
    for epochs in (3, 7, 11):
        step = epochs * trainer.steps_per_epoch
        straight = Trainer(p, blobs(), backend="numpy")
        straight.run_steps(step)
        state = timeline.state_at(trainer, step)
        fork = Trainer(p, blobs(), backend="numpy")
        fork.load_resume_state(state)
        assert (fork.best_epoch, fork.bad_epochs) == (straight.best_epoch, straight.bad_epochs), epochs
        assert fork.best_loss == straight.best_loss and straight.best_epoch > 0
        assert same(fork.best_weights, straight.best_weights), "those of the best epoch so far"
        assert same(fork.best_weights, seen[straight.best_epoch * trainer.steps_per_epoch])
        fork.load_resume_state(sparse.state_at(trainer, step))
        assert same(fork.best_weights, straight.best_weights), "met again where no keyframe has them"
    least = min(e.validation_loss for e in trainer.epochs)
    assert trainer.best_loss > least, "without min_change another epoch would have been the best"


def test_keyframes_do_not_repeat_the_figures_of_all_epochs() -> None:
    trainer, timeline, _ = recorded(project(mlp((4, 8, 3)), epochs=6))
    assert len(trainer.epochs) == 6 and len(timeline.steps) > 6
    assert all(f.scalars["epochs"] == [] for f in timeline.before(trainer.step))
    assert len(timeline.state_at(trainer, 40).scalars["epochs"]) == 4

"""A run that is stopped ends as at its last epoch; and it is preparing, not paused, until the first command is met."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from engine.data.dataset import Dataset
from engine.training import Session, Trainer
from engine.training import events as ev
from engine.training.session import wait_for
from tests.engine.training.nets import blobs, mlp, project
from tests.engine.training.test_session import told


def session_of(data: Dataset, **setup: object) -> Session:
    return Session(project(mlp((4, 8, 3)), epochs=50, **setup), data, backend="numpy", polite=False)


def states(session: Session) -> list[str]:
    return [e.state for e in told(session) if isinstance(e, ev.StateChanged)]


def test_it_is_preparing_until_what_was_asked_for_is_answered() -> None:
    session = session_of(blobs())
    begun, gate = threading.Event(), threading.Event()
    session.ask(lambda t: (begun.set(), gate.wait(20)))  # as long as kernels load
    session.run()
    session.start()
    try:
        assert begun.wait(20)
        assert session.status.state == "preparing"
        gate.set()
        wait_for(session, ("finished",))
        assert states(session) == ["running", "finished"]
    finally:
        gate.set()
        session.close()


def test_without_a_command_it_is_paused() -> None:
    session = session_of(blobs())
    session.start()
    try:
        wait_for(session, ("paused",))
        assert states(session) == ["paused"]
    finally:
        session.close()


def test_stopped_within_an_epoch_it_has_its_validation_and_test() -> None:
    data = blobs()
    session = session_of(data)
    session.step()
    session.start()
    try:
        wait_for(session, ("paused",))
        told(session)
        session.finish()
        wait_for(session, ("finished",))
        found = told(session)
        ends = [e for e in found if isinstance(e, ev.Finished)]
        assert [e.reason for e in ends] == ["hand"] and session.status.stopped == "hand"
        results = {e.result.split: e.result for e in found if isinstance(e, ev.Evaluated)}
        assert set(results) == {"validation", "test"}
        assert session.status.step == 1 and not session.epochs
        again = session.evaluate("test").result(20)
        assert again.loss == results["test"].loss
        session.go_on()
        session.step()
        wait_for(session, ("paused",))
        assert session.status.step == 2
    finally:
        session.close()


def test_best_weights_come_back_and_going_on_knows_nothing_of_the_stop() -> None:
    setup = project(mlp((4, 8, 3)), epochs=50, patience=40)
    stopped, plain = (Trainer(setup, blobs(), backend="numpy") for _ in range(2))
    for trainer in (stopped, plain):
        trainer.run_steps(3 * trainer.steps_per_epoch + 1)
        trainer.best_epoch, trainer.best_weights = 1, {k: np.zeros_like(v) for k, v in trainer.best_weights.items()}
    stopped.stop()
    while not stopped.finished:
        stopped.advance()
    assert stopped.stopped == "hand" and stopped.test_result is not None
    assert all(not v.any() for v in stopped.executable.weights().values())
    stopped.go_on()
    for trainer in (stopped, plain):
        trainer.run_steps(2 * trainer.steps_per_epoch)
    assert [replace(e, seconds=0.0) for e in stopped.epochs] == [replace(e, seconds=0.0) for e in plain.epochs]
    for key, value in plain.executable.weights().items():
        assert np.array_equal(stopped.executable.weights()[key], value)


def test_an_epoch_that_is_being_judged_is_judged_to_its_end_first() -> None:
    trainer = Trainer(project(mlp((4, 8, 3)), epochs=50), blobs(), backend="numpy")
    while not trainer.busy_evaluating:
        trainer.advance(max_steps=1)
    assert trainer.epoch == 0
    trainer.stop()
    while not trainer.finished:
        trainer.advance()
    assert trainer.epoch == 1 and trainer.stopped == "hand"

"""Forks: two trainings in lockstep stay equal bit for bit without a change, rest together, and say what was kept."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.backends import available
from engine.declare import Spec
from engine.graph import Project
from engine.training import Session, Trainer
from engine.training.adoption import adopt
from engine.training.pacer import Pacer
from engine.training.session import wait_for
from tests.engine.training.nets import blobs, mlp, project

BACKENDS = [b for b in ("numpy", "tape") if b in available()]


def forked(a: Project, b: Project, backend: str, steps: int = 20) -> tuple[Session, Session, Pacer]:
    """Two sessions that go on from the same step of a run of ``a``; both prepared and at rest."""
    trained = Trainer(a, blobs(), backend=backend)
    trained.run_steps(steps)
    pacer, state = Pacer(), trained.resume_state()
    first = Session(a, blobs(), backend=backend, resume=state, polite=False, pacer=(pacer, "A"))
    second = Session(b, blobs(), backend=backend, resume=state, origin=a, polite=False, pacer=(pacer, "B"))
    for session in (first, second):
        session.start()
        wait_for(session, ("paused",))
    return first, second, pacer


def go(pacer: Pacer, *sessions: Session, step: bool = False) -> None:
    pacer.release()
    sessions[0].step() if step else sessions[0].run()
    sessions[1].run()


def at_rest(*sessions: Session) -> None:
    """Every command before this one was answered, and both have stopped."""
    for session in sessions:
        session.ask(lambda t: None).result(10)
    for session in sessions:
        wait_for(session, ("paused", "finished", "diverged"))


def equal(a: Session, b: Session) -> bool:
    x, y = a.weights().result(10), b.weights().result(10)
    return x.keys() == y.keys() and all(np.array_equal(x[k], y[k]) for k in x)


@pytest.mark.timeout(600)  # the first that needs the tape's kernels waits for their compiler
@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_change_both_stay_equal_bit_for_bit_over_500_steps(backend: str) -> None:
    net = mlp((4, 8, 8, 3), dropout=0.2, batch_norm="before")
    p = project(net, optimizer=Spec("adam", {"rate": 0.01}), epochs=58)
    a, b, pacer = forked(p, p, backend)
    try:
        go(pacer, a, b)
        at_rest(a, b)
        assert pacer.made == (502, 502) and a.status.state == b.status.state == "finished"
        first, second = a.columns, b.columns
        assert first is not None and second is not None and first.count == second.count == 502
        np.testing.assert_array_equal(first.loss[:502], second.loss[:502])
        np.testing.assert_array_equal(first.grad_norm[:502], second.grad_norm[:502])
        assert equal(a, b)
        same = [replace(e, seconds=0.0) for e in a.epochs]
        assert same == [replace(e, seconds=0.0) for e in b.epochs]
    finally:
        assert a.close() and b.close()


def test_a_change_makes_the_difference_and_the_batches_stay_the_same() -> None:
    p = project(mlp((4, 8, 3), dropout=0.3), epochs=30)
    changed = project(mlp((4, 8, 3), "relu", dropout=0.3), epochs=30)
    a, b, pacer = forked(p, changed, "numpy")
    try:
        seen: list[tuple[str, Any]] = []
        for name, session in (("A", a), ("B", b)):
            session.ask(lambda t, n=name: _spy(t, n, seen)).result(5)
        go(pacer, a, b)
        at_rest(a, b)
        assert not equal(a, b)
        rows = {n: np.concatenate([r for m, r in seen if m == n]) for n in "AB"}
        np.testing.assert_array_equal(rows["A"], rows["B"])
        order = [n for n, _ in seen]
        assert order[0] == "A" and order.count("B") > 1 and "AB" in "".join(order), "interleaved"
    finally:
        assert a.close() and b.close()


def _spy(trainer: Trainer, name: str, seen: list[tuple[str, Any]]) -> None:
    train = trainer.executable.train

    def noted(rows: Any, *args: Any, **more: Any) -> Any:
        seen.append((name, rows.ravel().copy()))
        return train(rows, *args, **more)

    trainer.executable.train = noted  # type: ignore[method-assign]


def test_pause_and_single_steps_leave_both_at_the_same_step() -> None:
    p = project(mlp((4, 8, 3)), epochs=5000)
    a, b, pacer = forked(p, replace(p, training=replace(p.training, optimizer=Spec("sgd", {"rate": 0.01}))), "numpy")
    try:
        for _ in range(3):
            go(pacer, a, b)
            time.sleep(0.05)
            pacer.hold()
            at_rest(a, b)
            made = pacer.made
            assert made[0] == made[1] > 0 and a.status.step == b.status.step == 20 + made[0]
        go(pacer, a, b, step=True)
        deadline = time.monotonic() + 10
        while pacer.made != (made[0] + 1, made[1] + 1):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        at_rest(a, b)
        assert pacer.made == (made[0] + 1, made[1] + 1)
    finally:
        assert a.close() and b.close()


def test_one_that_diverges_is_waited_for_no_more() -> None:
    p = project(mlp((4, 8, 3)), epochs=8)
    wild = project(mlp((4, 8, 3), "relu", loss="mse"), epochs=8, optimizer=Spec("sgd", {"rate": 1e9}))
    a, b, pacer = forked(p, wild, "numpy", steps=9)
    try:
        go(pacer, a, b)
        assert wait_for(a, ("finished",), 20) == "finished"
        assert b.status.state == "diverged" and pacer.made[1] < pacer.made[0]
    finally:
        assert a.close() and b.close()


def test_a_side_that_is_ahead_waits() -> None:
    pacer = Pacer()
    assert pacer.allowed("A") > 1000 and pacer.allowed("B") == 0 and pacer.must_rest("B")
    pacer.release()
    pacer.done("A", 5)
    assert pacer.allowed("A") == 0 and pacer.allowed("B") == 5 and not pacer.must_rest("B")
    pacer.done("B", 3)
    assert pacer.allowed("A") == 0 and pacer.allowed("B") == 2
    pacer.hold()
    assert pacer.must_rest("A") and not pacer.must_rest("B"), "B is to catch up first"
    pacer.rests("A")
    pacer.done("B", 2)
    assert pacer.must_rest("B") and pacer.made == (5, 5)
    pacer.release()
    pacer.leave("A")
    assert pacer.allowed("B") > 1000 and not pacer.must_rest("B")


def state_of(p: Project, steps: int = 20) -> Any:
    trainer = Trainer(p, blobs(), backend="numpy")
    trainer.run_steps(steps)
    return trainer, trainer.resume_state()


def test_what_a_change_keeps_is_said() -> None:
    p = project(mlp((4, 8, 6, 3)), optimizer=Spec("adam"))
    trained, state = state_of(p)
    wider = Trainer(project(mlp((4, 8, 7, 3)), optimizer=Spec("adam")), blobs(), backend="numpy")
    told = adopt(wider, state, p)
    assert {node for node, _ in told.fresh} == {"n2", "n3"} and {n for n, _ in told.dropped} == {"n2", "n3"}
    assert not told.exact and told.optimizer_kept and told.same_batches and wider.step == trained.step
    np.testing.assert_array_equal(
        wider.executable.weights()["n1", "weight"], trained.executable.weights()["n1", "weight"]
    )
    kept = wider.executable.optimizer_state()["n1", "weight"]
    for slot, value in trained.executable.optimizer_state()["n1", "weight"].items():
        np.testing.assert_array_equal(kept[slot], value)


def test_a_new_optimizer_a_new_rate_and_other_batches_are_told_apart() -> None:
    p = project(mlp((4, 8, 3)), optimizer=Spec("adam", {"rate": 0.01}))
    _, state = state_of(p)
    momentum = Trainer(project(mlp((4, 8, 3)), optimizer=Spec("sgd", {"rate": 0.2})), blobs(), backend="numpy")
    told = adopt(momentum, state, p)
    assert not told.optimizer_kept and told.same_batches and not told.fresh
    assert momentum.rate_at(momentum.step) == 0.2 and momentum.step == 20
    faster = Trainer(project(mlp((4, 8, 3)), optimizer=Spec("adam", {"rate": 0.05})), blobs(), backend="numpy")
    told = adopt(faster, state, p)
    assert told.exact and faster.rate_at(20) == 0.05
    assert faster.command_log == [{"step": 20, "command": "rate", "value": 0.05}]
    larger = Trainer(project(mlp((4, 8, 3)), optimizer=Spec("adam", {"rate": 0.01}), batch_size=16), blobs())
    told = adopt(larger, state, p)
    assert not told.same_batches and larger.step == 2 * larger.steps_per_epoch == 10
    drawn = mlp((4, 8, 3), weight_init=Spec("zeros"))
    told = adopt(Trainer(replace(p, graph=drawn), blobs(), backend="numpy"), state, p)
    assert ("n1", "weight") in told.settled and not told.fresh, "an initializer says nothing to trained weights"

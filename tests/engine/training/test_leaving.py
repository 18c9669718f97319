"""A step is left in its midst where somebody waits, and made anew: no bit tells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.backends import StepLeftError
from engine.declare import Spec
from engine.graph import Project
from engine.primitives import Context
from engine.primitives.linear import Linear
from engine.training import Session, Trainer
from engine.training.session import wait_for
from tests.engine.training.nets import blobs, mlp, project


def noisy(**setup: Any) -> Project:
    """Batch normalization and dropout, Adam, gradients gathered over two steps, a running mean."""
    graph = mlp((4, 8, 3), batch_norm="before", dropout=0.3)
    return project(graph, optimizer=Spec("adam"), accumulate=2, ema_decay=0.9, **setup)


def everything(t: Trainer) -> list[np.ndarray]:
    """All that a step may change."""
    e = t.executable
    carried = e.carried()
    slots = [a for slot in e.optimizer_state().values() for a in slot.values()]
    arrays = [*e.weights().values(), *slots, *carried.sums.values(), *carried.mean.values(), np.array([carried.held])]
    return [a.copy() for a in arrays]


def losses(t: Trainer) -> np.ndarray:
    """One a step."""
    return t.columns.view.loss[: t.columns.view.count]


def leaving(after: int) -> Callable[[], bool]:
    """Yes when asked for the ``after``-th time, and never again."""
    asked = iter(range(1 << 30))
    return lambda: next(asked) == after


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    """To the bit."""
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_wherever_a_step_is_left_nothing_was_done_and_it_is_made_anew_to_the_bit() -> None:
    whole = Trainer(noisy(epochs=1), blobs(), backend="numpy")
    whole.run_steps(3)
    after = everything(whole)
    left = 0
    for k in range(1000):
        t = Trainer(noisy(epochs=1), blobs(), backend="numpy")
        t.run_steps(2)
        before = everything(t)
        t.executable.leaves = leaving(k)
        t.advance(0.0)
        if not t.left:
            break
        left += 1
        assert t.step == 2 and t.columns.view.count == 2 and same(everything(t), before)
        t.run_steps(1)
        assert t.step == 3 and same(everything(t), after)
        np.testing.assert_array_equal(losses(t), losses(whole))
    assert left >= 2 * 6 - 2 and t.step == 3  # forward and backward, but for what leads to no weight


def test_steps_of_a_chunk_before_the_one_that_was_left_count() -> None:
    t = Trainer(noisy(epochs=1), blobs(), backend="numpy")
    whole = Trainer(noisy(epochs=1), blobs(), backend="numpy")
    whole.run_steps(4)
    per_step = [0]

    def count() -> bool:
        per_step[0] += 1
        return False

    t.executable.leaves = count
    t.run_steps(1)
    rows = t._rows(1, 3)
    t.executable.leaves = leaving(per_step[0] + 1)
    with pytest.raises(StepLeftError) as caught:
        t.executable.train(rows, np.full(3, t.base_rate), 1)
    assert len(caught.value.done.loss) == 1
    np.testing.assert_array_equal(caught.value.done.loss, losses(whole)[1:2])


def test_pause_leaves_the_step_under_way_and_going_on_makes_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    p, data = noisy(epochs=3), blobs()
    whole = Trainer(p, data, backend="numpy")
    whole.run()
    session = Session(p, data, backend="numpy", polite=False)
    inside, on = threading.Event(), threading.Event()
    real, calls = Linear.forward, [0]

    def slow(self: Linear, ctx: Context, *inputs: Any) -> Any:
        calls[0] += ctx.training
        if calls[0] == 7:  # the first of the two layers of the fourth step
            inside.set()
            assert on.wait(20)
        return real(self, ctx, *inputs)

    monkeypatch.setattr(Linear, "forward", slow)
    session.start()
    try:
        session.run()
        assert inside.wait(20)
        session.pause()
        on.set()
        wait_for(session, ("paused",))
        assert session._trainer is not None and session._trainer.step == 3 and calls[0] == 7
        session.run()
        wait_for(session, ("finished",))
        np.testing.assert_array_equal(losses(session._trainer), losses(whole))
        assert same(everything(session._trainer), everything(whole))
    finally:
        on.set()
        assert session.close()


def test_leaving_the_first_step_of_an_epoch_ends_no_epoch() -> None:
    t = Trainer(noisy(epochs=3), blobs(), backend="numpy")
    t.run_steps(t.steps_per_epoch)
    t.executable.leaves = leaving(0)
    t.advance(0.0)
    assert t.left and t.step == t.steps_per_epoch and t.epoch == 1 and not t.busy_evaluating

"""What a session keeps unasked: figures over time, the epoch it was at when it was stopped, and what data it had."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.training import Session, Trainer, moments
from engine.training.columns import Columns, coarsened, thinned
from engine.training.evaluation import SlicedEvaluation
from engine.training.events import EpochEnded, Prepared
from engine.training.fingerprint import SAMPLES, fingerprint
from engine.training.moments import Moments
from engine.training.past import Past
from engine.training.session import wait_for
from engine.training.timeline import Timeline
from tests.engine.training.nets import blobs, mlp, project


def test_histograms_are_kept_though_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "REST", 0.0)
    monkeypatch.setattr(moments, "TIMES", 0.0)
    session = Session(project(mlp((4, 8, 3)), epochs=40), blobs(), backend="numpy", polite=False)
    session.start()
    try:
        session.run()
        wait_for(session, ("finished",))
        kept = session.moments
        assert 2 <= len(kept) <= moments.MOST and [m.step for m in kept] == sorted({m.step for m in kept})
        assert all(set(s.histograms) >= {"weights", "gradients"} for m in kept for s in m.layers)
        session.reset().result(5)
        assert session.moments == ()
    finally:
        assert session.close()


def test_moments_thin_out_and_keep_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, kept = Trainer(project(mlp((4, 8, 3)), epochs=60), blobs(), backend="numpy"), Moments()
    one = 2 * 4 * (48 * 8 + 64)
    monkeypatch.setattr(moments, "BUDGET", 20 * one)
    while not trainer.stopped:
        trainer.advance(0.0, 1, keep=True)
        if not trainer.busy_evaluating:
            kept.note(trainer)
            assert len(kept.kept) <= 20
    steps = [m.step for m in kept.kept]
    assert steps[0] == 1 and steps[-1] > 0.9 * trainer.step and len(steps) >= 10


def test_one_dear_moment_does_not_keep_the_next_ones_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one warms up, and a busy machine holds one up: a run of a minute had no second moment."""
    costs = iter((1.0, 0.001, 3.0, 0.002))
    now = [100.0]
    monkeypatch.setattr(moments.time, "perf_counter", lambda: now[0])
    made = moments.capture
    monkeypatch.setattr(moments, "capture", lambda *a: replace(made(*a), cost=next(costs)))
    trainer, kept = Trainer(project(mlp((4, 8, 3)), epochs=60), blobs(), backend="numpy"), Moments()
    for _ in range(4):
        trainer.advance(0.0, 1, keep=True)
        kept.note(trainer)
        assert not kept.due()
        now[0] += moments.REST
        assert kept.due()
    assert len(kept.kept) == 4


def test_the_epoch_whose_validation_was_under_way_is_told_at_the_end() -> None:
    class Slow(SlicedEvaluation):
        def advance(self) -> None:
            time.sleep(0.02)
            super().advance()

    session = Session(project(mlp((4, 8, 3)), epochs=50), blobs(per_class=400), backend="numpy", polite=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.training.trainer.SlicedEvaluation", Slow)
        session.start()
        session.run()
        while not session.ask(lambda t: t.busy_evaluating).result(10):
            time.sleep(0.001)
        known = len(session.epochs)
        assert session.close()
    assert len(session.epochs) == known + 1 and np.isfinite(session.epochs[-1].validation_loss)
    told = []
    while not session.events.empty():
        told.append(session.events.get())
    assert [e.record.epoch for e in told if isinstance(e, EpochEnded)][-1] == known + 1


def prepared(session: Session) -> Prepared:
    session.start()
    wait_for(session, ("paused",))
    event = session.events.get()
    assert isinstance(event, Prepared) and session.close()
    return event


def test_a_resume_notices_other_data() -> None:
    p, trainer = project(mlp((4, 8, 3))), Trainer(project(mlp((4, 8, 3))), blobs(), backend="numpy")
    trainer.run_steps(4)
    state = trainer.resume_state()
    assert not prepared(Session(p, blobs(), backend="numpy", polite=False, resume=state)).data_changed
    changed = blobs()
    changed.train.x["x"][5, 2] += 1e-4
    assert prepared(Session(p, changed, backend="numpy", polite=False, resume=state)).data_changed
    old = replace(state, scalars={k: v for k, v in state.scalars.items() if k != "data"})
    assert not prepared(Session(p, changed, backend="numpy", polite=False, resume=old)).data_changed


def test_a_mark_changes_with_any_value_label_or_shape() -> None:
    base = fingerprint(blobs())
    assert base == fingerprint(blobs()) and len(base) == 16
    other = blobs()
    other.test.y["y"][0] = (other.test.y["y"][0] + 1) % 3
    assert fingerprint(other) != base and fingerprint(blobs(per_class=41)) != base


def test_of_large_data_a_part_and_the_sum_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.fingerprint.WHOLE", 100)
    base, other = blobs(per_class=SAMPLES), blobs(per_class=SAMPLES)
    chosen = np.linspace(0, len(base.train) - 1, SAMPLES).astype(int)
    assert 2 not in chosen
    other.train.x["x"][2, 0] += 0.5
    assert fingerprint(base) != fingerprint(other)


def test_a_record_goes_on_where_another_ended() -> None:
    p = project(mlp((4, 8, 3)), epochs=9)
    whole = Trainer(p, blobs(), backend="numpy")
    whole.run()
    first = Trainer(p, blobs(), backend="numpy")
    first.run_steps(30)
    second = Trainer(p, blobs(), backend="numpy")
    second.load_resume_state(first.resume_state())
    past = Past.of(first, Timeline(), Moments(), 30)
    past.hand_to(second, Timeline(), Moments())
    assert second.columns.view.count == 30 and second.columns.view.start == 0
    second.run()
    np.testing.assert_array_equal(second.columns.view.loss[:81], whole.columns.view.loss[:81])
    np.testing.assert_array_equal(second.columns.view.steps, whole.columns.view.steps)


def test_a_thinned_record_is_taken_over_at_its_own_pace() -> None:
    p = project(mlp((4, 8, 3)), epochs=9)
    trainer = Trainer(p, blobs(), backend="numpy")
    trainer.run_steps(37)
    thin = thinned(trainer.columns.view, 10)
    assert (thin.count, thin.stride) == (9, 4) and thin.loss[0] == pytest.approx(trainer.columns.view.loss[:4].mean())
    assert thin.loss_max[1] == trainer.columns.view.loss[4:8].max()
    assert coarsened(thin, 8).count == 4
    trainer.columns = Columns(len(trainer.plan.weights))
    trainer.columns.seed(thin, 37)
    trainer.run_steps(11)
    assert trainer.columns.view.stride == 4 and trainer.columns.view.steps[-1] == 48
    np.testing.assert_array_equal(trainer.columns.view.loss[:9], thin.loss)
    other = Columns(3)
    other.seed(thin, 37)
    assert other.view.count == 0, "another network's norms are of no use"

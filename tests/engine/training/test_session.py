"""The session: commands, events and telemetry across the thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.declare import Spec
from engine.graph import Project
from engine.probes import ProbeRequest, Snapshot
from engine.probes.capture import layer_statistics
from engine.training import Session, Trainer
from engine.training import events as ev
from engine.training.examination import probe_samples
from engine.training.session import wait_for
from tests.engine.training.nets import blobs, mlp, project


@pytest.fixture
def opened() -> Any:
    sessions: list[Session] = []

    def start(p: Project, data: Any, **more: Any) -> Session:
        session = Session(p, data, polite=False, **{"backend": "numpy", **more})
        sessions.append(session)
        session.start()
        return session

    yield start
    assert all(s.close() for s in sessions)
    assert not [t for t in threading.enumerate() if t.name == "gradloom-training"]


def told(session: Session) -> list[ev.Event]:
    found = []
    while True:
        try:
            found.append(session.events.get_nowait())
        except queue.Empty:
            return found


def until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def snapshot(session: Session, timeout: float = 10.0) -> Snapshot:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        taken = session.mailbox.take()
        if taken is not None:
            return taken
        time.sleep(0.002)
    raise TimeoutError("no snapshot came")


def test_runs_to_the_end_and_tells_all(opened: Any) -> None:
    p, data = project(mlp((4, 8, 3)), epochs=3), blobs()
    session = opened(p, data)
    session.run()
    wait_for(session, ("finished",))
    kinds = [type(e) for e in told(session)]
    assert kinds.count(ev.EpochEnded) == 3 and kinds.count(ev.Prepared) == 1
    assert kinds.count(ev.Evaluated) == 1 and kinds.count(ev.Finished) == 1
    assert kinds.index(ev.Finished) > kinds.index(ev.Evaluated)
    assert session.columns is not None and session.columns.count == 27
    direct = Trainer(p, data, backend="numpy")
    direct.run()
    kept = session.weights().result(5)
    assert all(np.array_equal(v, kept[k]) for k, v in direct.executable.weights().items())


def test_single_step_and_single_epoch(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3))), blobs())
    wait_for(session, ("paused",))
    for expected in (1, 2):
        session.step()
        assert session.ask(lambda t: None).result(5) is None
        wait_for(session, ("paused",))
        while session.status.step < expected:
            time.sleep(0.002)
        assert session.status.step == expected
    session.epoch()
    while session.status.epoch < 1:
        time.sleep(0.002)
    wait_for(session, ("paused",))
    assert (session.status.epoch, session.status.step) == (1, 9)


def test_pause_answers_fast_and_resumes_where_it_was(opened: Any) -> None:
    session = opened(project(mlp((4, 64, 64, 3)), epochs=100000), blobs())
    session.run()
    wait_for(session, ("running",))
    time.sleep(0.05)
    started = time.process_time()
    session.pause()
    wait_for(session, ("paused",))
    assert time.process_time() - started < 0.2
    at = session.status.step
    time.sleep(0.05)
    assert session.status.step == at > 0
    session.run()
    wait_for(session, ("running",))
    session.set_rate(0.25)
    assert session.ask(lambda t: t.base_rate).result(5) == 0.25


def test_snapshots_only_when_asked_and_taken(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3)), epochs=100000), blobs())
    session.run()
    wait_for(session, ("running",))
    time.sleep(0.03)
    assert session.mailbox.take() is None
    session.request(ProbeRequest(frozenset({"layers", "histograms"})))
    seen: list[Snapshot] = []
    while len(seen) < 3:
        taken = snapshot(session)
        if taken.layers and taken.layers[0].update_ratio > 0:  # of a step, not of the state before one
            seen.append(taken)
    assert seen[0].step < seen[1].step < seen[2].step
    assert [s.node for s in seen[0].layers] == ["n1", "n2"]
    layer = seen[0].layers[0]
    assert layer.delta_rms > 0 and layer.weight_grad_norm > 0 and 1e-9 < layer.update_ratio < 10
    assert sum(layer.histograms["weights"].counts) == 32


def test_surfaces_while_paused(opened: Any) -> None:
    session = opened(project(mlp((2, 4, 3))), blobs(features=2))
    side = 9
    axis = np.linspace(-6, 6, side)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    session.request(ProbeRequest(frozenset({"surfaces"}), grid={"x": grid}, grid_side=side))
    surfaces = snapshot(session).surfaces
    assert surfaces["n1"].shape == (4, side, side) and surfaces["n3"].shape == (3, side, side)
    np.testing.assert_allclose(surfaces["n3"].sum(0), 1, rtol=1e-5)  # the Output shows probabilities


def test_reset_is_the_same_start(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3))), blobs())
    start = session.weights().result(5)
    session.run()
    wait_for(session, ("finished",))
    session.reset().result(5)
    again = session.weights().result(5)
    assert session.status.step == 0 and session.epochs == ()
    assert all(np.array_equal(start[k], again[k]) for k in start)


def test_weights_carry_over_where_they_fit(opened: Any) -> None:
    data = blobs()
    first = opened(project(mlp((4, 8, 3))), data)
    first.run()
    wait_for(first, ("finished",))
    kept = first.weights().result(5)
    second = opened(project(mlp((4, 8, 3), activation="relu")), data, weights=kept)
    again = second.weights().result(5)
    assert all(np.array_equal(kept[k], again[k]) for k in kept)
    wider = opened(project(mlp((4, 9, 3))), data, weights=kept)
    wait_for(wider, ("paused",))
    prepared = next(e for e in told(wider) if isinstance(e, ev.Prepared))
    assert prepared.fresh == (("n1", "weight"), ("n1", "bias"), ("n2", "weight"))


def test_resume_through_the_session(opened: Any) -> None:
    p, data = project(mlp((4, 8, 3)), optimizer=Spec("adam")), blobs()
    first = opened(p, data)
    first.step()
    first.epoch()
    while first.status.epoch < 1:
        time.sleep(0.002)
    wait_for(first, ("paused",))
    state = first.resume_state().result(5)
    second = opened(p, data, resume=state)
    for session in (first, second):
        session.run()
        wait_for(session, ("finished",))
    a, b = first.weights().result(5), second.weights().result(5)
    assert all(np.array_equal(a[k], b[k]) for k in a)
    assert [e.validation_loss for e in first.epochs] == [e.validation_loss for e in second.epochs]


def test_divergence_is_told_with_layer_and_tensor(opened: Any) -> None:
    p = project(mlp((4, 8, 3), activation="relu"), optimizer=Spec("sgd", {"rate": 1e30}))
    session = opened(p, blobs())
    session.run()
    wait_for(session, ("diverged",))
    event = next(e for e in told(session) if isinstance(e, ev.Diverged))
    assert event.node in p.graph.nodes and event.tensor and event.count > 0
    assert all(np.isfinite(w).all() for w in session.weights().result(5).values())
    session.reset().result(5)
    assert session.status.state == "paused"


def broken() -> Dataset:
    raise OSError("samples/lost.csv: there is no such file")


def test_a_loader_that_fails_is_told(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3))), broken)
    wait_for(session, ("failed",))
    event = next(e for e in told(session) if isinstance(e, ev.Failed))
    assert event.message == "samples/lost.csv: there is no such file" and "broken" in event.traceback


def test_nobody_waits_for_a_worker_that_failed_or_ended(opened: Any) -> None:
    held = threading.Event()

    def late() -> Dataset:
        held.wait(10)
        return broken()

    session = opened(project(mlp((4, 8, 3))), late)
    before = session.weights()
    held.set()
    wait_for(session, ("failed",))
    for answer in (before, session.resume_state()):
        with pytest.raises(CancelledError):
            answer.result(5)
    ended = opened(project(mlp((4, 8, 3))), blobs())
    assert ended.close()
    with pytest.raises(CancelledError):
        ended.weights().result(5)


def test_a_question_that_nobody_waits_for_any_more_is_not_asked(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3))), blobs())
    held, asked = threading.Event(), []
    session.ask(lambda t: held.wait(10))
    question = session.ask(asked.append)
    assert question.cancel()
    held.set()
    assert session.ask(lambda t: len(asked)).result(5) == 0
    assert session.status.state == "paused"


def test_blas_stays_on_one_thread_until_the_last_worker_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = [4]

    class Limits:
        """As threadpoolctl's: what is restored is what was found."""

        def __init__(self, limits: int) -> None:
            self._found, threads[0] = threads[0], limits

        def restore_original_limits(self) -> None:
            threads[0] = self._found

    monkeypatch.setattr("threadpoolctl.threadpool_limits", Limits)
    sessions = [Session(project(mlp((4, 8, 3))), blobs(), backend="numpy") for _ in range(2)]
    for session in sessions:
        session.start()
        session.weights().result(10)
    assert threads == [1]
    assert sessions[0].close() and threads == [1]
    assert sessions[1].close() and threads == [4]


def test_a_finished_run_that_is_opened_again_tells_its_test_result(opened: Any) -> None:
    p, data = project(mlp((4, 8, 3)), epochs=2, patience=5), blobs()
    first = opened(p, data)
    first.run()
    wait_for(first, ("finished",))
    second = opened(p, data, resume=first.resume_state().result(5))
    wait_for(second, ("finished",))
    results = [[e.result for e in told(s) if isinstance(e, ev.Evaluated)] for s in (first, second)]
    assert [len(r) for r in results] == [1, 1] and results[0][0].metrics == results[1][0].metrics
    assert first.status.stopped == second.status.stopped == "epochs"


def test_a_diverged_run_that_is_opened_again_says_so(opened: Any) -> None:
    p = project(mlp((4, 8, 3), activation="relu"), optimizer=Spec("sgd", {"rate": 1e30}))
    first = opened(p, blobs())
    first.run()
    wait_for(first, ("diverged",))
    second = opened(p, blobs(), resume=first.resume_state().result(5))
    wait_for(second, ("diverged",))
    events = [next(e for e in told(s) if isinstance(e, ev.Diverged)) for s in (first, second)]
    assert events[0] == events[1]


def test_a_fault_in_the_worker_is_told_and_the_next_run_works(opened: Any) -> None:
    session = opened(project(mlp((4, 8, 3)), epochs=100000), blobs())
    session.run()
    wait_for(session, ("running",))

    def explode(trainer: Trainer) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        session.ask(explode).result(5)
    wait_for(session, ("failed", "running"))
    event = next(e for e in told(session) if isinstance(e, ev.Failed))
    assert event.message.startswith("out of memory")
    session.reset().result(5)
    session.run()
    wait_for(session, ("running",))


def test_before_any_step_the_gradient_over_the_training_set_is_shown(opened: Any) -> None:
    p, data = project(mlp((4, 8, 3)), dtype="float64"), blobs()
    session = opened(p, data)
    session.request(ProbeRequest(frozenset({"layers", "autopsy"})))
    taken = snapshot(session)
    direct = Trainer(p, data, backend="numpy")
    x, y = {"x": data.train.x["x"]}, {"y": data.train.y["y"]}
    exact = direct.executable.gradients(x, y, training=True)
    kernels = [w for w in direct.plan.weights if w.is_kernel]
    for stats, w in zip(taken.layers, kernels, strict=True):
        assert stats.weight_grad_norm == pytest.approx(np.linalg.norm(exact.weight_grads[w.value]), rel=1e-12)
    assert taken.step == 0 and [a.node for a in taken.autopsy] == ["n1", "n2"]
    session.run()
    wait_for(session, ("finished",))
    session.reset().result(5)
    assert repr(snapshot(session).layers) == repr(taken.layers)


def test_the_doctor_looks_between_two_steps_and_leaves_the_training_as_it_was(opened: Any) -> None:
    deep = project(mlp((4, 8, 8, 8, 8, 8, 8, 3), "sigmoid", weight_init=Spec("uniform", {"low": -0.2, "high": 0.2})))
    untouched = Trainer(deep, blobs(), backend="numpy")
    untouched.run_steps(9)
    session = opened(deep, blobs())
    for k in range(1, 10):
        session.step()
        until(lambda k=k: session.status.step == k)
        found = session.examine().result(10)
    assert found.step == 9 and found.cost > 0 and not found.problem
    assert [c.rule for c in found.cards] == ["vanishing_gradient"]
    np.testing.assert_array_equal(session.columns.loss[:9], untouched.columns.view.loss[:9])


def test_a_look_that_fails_is_told_and_training_goes_on(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(evidence: object) -> tuple[()]:
        raise ValueError("no such rule")

    monkeypatch.setattr("engine.training.examination.diagnose", broken)
    session = opened(project(mlp((4, 8, 3))), blobs())
    assert session.examine().result(10).problem == "no such rule"
    session.epoch()
    until(lambda: session.status.epoch == 1)


def test_a_large_network_is_looked_at_with_fewer_samples() -> None:
    assert [probe_samples(macs) for macs in (0, 1e4, 1e6, 1e9)] == [500, 500, 250, 100]


def test_what_is_shown_while_paused_and_at_the_end_is_of_the_step_that_it_names(opened: Any) -> None:
    """Looks rest in between: the last one of a chunk need not be of the step at which training stopped."""
    p = project(mlp((4, 8, 3)), epochs=60)
    session = opened(p, blobs())
    session.request(ProbeRequest(frozenset({"layers"})))
    session._looker.rested = lambda: False  # nothing is looked at while it runs
    session.run()
    until(lambda: session.status.step > 50)
    session.pause()
    wait_for(session, ("paused",))
    twin = Trainer(p, blobs(), backend="numpy")
    for state in ("paused", "finished"):
        wait_for(session, (state,))  # type: ignore[arg-type]
        answered = session.ask(lambda t: t.step)
        step = answered.result(5)
        until(lambda: not session.mailbox.empty)
        shown = snapshot(session)
        twin.run_steps(step - 1 - twin.step)
        twin.advance(0.0, 1, keep=True)
        last = twin.executable.last()
        assert last is not None and shown.step == step == twin.step
        pairs = zip(shown.layers, layer_statistics(twin.plan, last), strict=True)
        assert all(a.delta_rms == b.delta_rms and a.update_ratio == b.update_ratio for a, b in pairs)
        session.run()

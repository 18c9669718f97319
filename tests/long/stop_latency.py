"""From Pause to idle within 200 ms at p95, on every network of the benchmarks, on the tape and in NumPy.

A pause falls at a random moment: in a chunk of steps or in the evaluation at an epoch's end. Processor load from
elsewhere shows, so run it on an idle machine.
"""

from __future__ import annotations

import time

import numpy as np

from engine.backends import BackendUnavailableError
from engine.data.dataset import Dataset, Split
from engine.graph import Project, TrainingSetup
from engine.plan import Plan, build_plan
from engine.training import Session
from engine.training.session import wait_for
from tests.benchmarks.nets import NETS, Net

ASKED_MS = 200.0
BATCHES = 8


def run(seed: int, count: int | None) -> bool:
    """``count``: pauses a network, 40 by default."""
    rng = np.random.default_rng(seed)
    held = True
    print("network  backend   p50 ms   p95 ms   worst ms   (asked: p95 < 200 ms)")
    for name, net in NETS.items():
        if net.inference:
            continue
        for backend in ("tape", "numpy"):
            try:
                waits = 1000 * _waits(net, backend, rng, count or 40)
            except BackendUnavailableError as error:
                print(f"{name:8} {backend:8} {error}")
                continue
            p50, p95, worst = np.percentile(waits, (50, 95, 100))
            held = held and p95 < ASKED_MS
            print(f"{name:8} {backend:8} {p50:8.1f} {p95:8.1f} {worst:10.1f}", flush=True)
    return held


def _waits(net: Net, backend: str, rng: np.random.Generator, count: int) -> np.ndarray:
    """Seconds from the command to the state, for each pause."""
    plan = build_plan(net.graph)
    setup = TrainingSetup(optimizer=net.optimizer, batch_size=net.batch, epochs=100_000, backend=backend)
    session = Session(Project(net.graph, setup), _data(net, plan, rng))
    session.start()
    try:
        if wait_for(session, ("paused", "failed")) == "failed":
            raise BackendUnavailableError("cannot run it")
        found = []
        for _ in range(count):
            session.run()
            wait_for(session, ("running",))
            time.sleep(float(rng.uniform(0.02, 0.4)))
            began = time.perf_counter()
            session.pause()
            wait_for(session, ("paused",))
            found.append(time.perf_counter() - began)
    finally:
        session.close()
    return np.array(found)


def _data(net: Net, plan: Plan, rng: np.random.Generator) -> Dataset:
    """Noise: eight batches to train on, eight to validate, so that both are met."""
    shape, head = plan.values[plan.inputs[0].value].shape, plan.heads[0]
    outputs = plan.values[head.prediction].shape

    def split() -> Split:
        n = net.batch * BATCHES
        x = rng.standard_normal((n, *shape)).astype(np.float32)
        y = rng.integers(0, outputs[0], (n, *outputs[1:])) if net.classes else rng.standard_normal((n, *outputs))
        return Split({"x": x}, {"y": y})

    names = tuple(f"class {k}" for k in range(outputs[0])) if net.classes else ()
    return Dataset("noise", split(), split(), split(), task="classes" if net.classes else "values", class_names=names)

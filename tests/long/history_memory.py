"""100,000 steps: what their whole record holds in memory (asked: below 200 MB), and that a visit meets the same bits.

Two networks: the deepest that a person draws by hand (60 layers), and a small one; with a keyframe offered after every
piece of work, as in a session.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from engine.graph import Graph
from engine.training import Trainer
from engine.training.columns import ColumnView
from engine.training.moments import Moments
from engine.training.timeline import Timeline
from tests.engine.training.nets import blobs, mlp, project

STEPS, LIMIT = 100_000, 200_000_000


def held(view: ColumnView) -> int:
    """Bytes of a record's arrays, with the room that they have in reserve."""
    names = ("loss", "loss_min", "loss_max", "penalty", "accuracy", "rate", "grad_norm")
    return sum(int(getattr(view, name).nbytes) for name in names)


def resident() -> int:
    """The process's greatest size so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def judged(name: str, graph: Graph, steps: int, seed: int) -> bool:
    """One network's run."""
    data = blobs(per_class=40, seed=seed)
    trainer = Trainer(project(graph, epochs=steps // 9 + 1), data)
    timeline, moments = Timeline(), Moments()
    trainer.run_steps(1)
    started, before = time.monotonic(), resident()
    seen, looked = {}, 0
    while trainer.step < steps:
        trainer.advance(0.05, steps - trainer.step, keep=moments.due())
        if trainer.busy_evaluating:
            continue
        timeline.note(trainer)
        if moments.due():
            moments.note(trainer)
            looked += 1
        if len(seen) < 3 and trainer.step > (len(seen) + 1) * steps // 4:
            seen[trainer.step] = trainer.executable.weights()
    columns, frames = held(trainer.columns.view), timeline.nbytes
    figures = sum(h.counts.nbytes + 200 for m in moments.kept for s in m.layers for h in s.histograms.values())
    same = all(
        np.array_equal(w, again[key])
        for step, weights in seen.items()
        for again in [timeline.visit(trainer, step).executable.weights()]
        for key, w in weights.items()
    )
    whole, grown = columns + frames + figures, resident() - before
    print(
        f"{name}: {trainer.step:,} steps in {time.monotonic() - started:.0f} s; columns {columns / 1e6:.1f} MB, "
        f"keyframes {frames / 1e6:.1f} MB ({len(timeline.steps)}), moments {figures / 1e6:.1f} MB ({looked} looks, "
        f"{len(moments.kept)} kept): {whole / 1e6:.1f} MB (below {LIMIT / 1e6:.0f}); process grew by "
        f"{grown / 1e6:.0f} MB; {len(seen)} visits bit-equal: {'yes' if same else 'NO'}"
    )
    return same and whole < LIMIT and grown < LIMIT


def run(seed: int, count: int | None) -> bool:
    """Whether both held."""
    steps = count or STEPS
    deep = mlp((4, *[8] * 59, 3), "relu")
    return all([judged("8-8-8", mlp((4, 8, 8, 3)), steps, seed), judged("60 layers", deep, steps, seed)])

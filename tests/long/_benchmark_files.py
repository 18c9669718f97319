"""The benchmark nets as files that the window opens: the drawing, and arrays of its shapes to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.declare import Spec
from engine.files.graph_json import project_bytes
from engine.graph import DataSetup, Project, TrainingSetup
from engine.plan import build_plan
from tests.benchmarks.nets import NETS

#: those that stand for what people train: dense with batch norm, fifty sigmoids, three convolutional ones
TRAINED = ("W3", "W4", "W5", "W6", "W7")
#: bytes of inputs at most
MOST = 24_000_000


def write_net(name: str, folder: Path) -> Path:
    """Normal inputs whose class is the largest of ten random projections; the path of the drawing."""
    net, rng = NETS[name], np.random.default_rng(0)
    plan = build_plan(net.graph)
    shape = plan.values[plan.inputs[0].value].shape
    count = min(4096, MOST // (4 * int(np.prod(shape))))
    x = rng.standard_normal((count, *shape)).astype(np.float32)
    y = (x.reshape(count, -1) @ rng.standard_normal((int(np.prod(shape)), net.classes))).argmax(1)
    np.savez(folder / f"{name}.npz", x=x, y=y)
    source = Spec("npz", {"path": f"{name}.npz", "layout": "NCHW" if len(shape) == 3 else "table"})
    setup = TrainingSetup(optimizer=net.optimizer, batch_size=net.batch, epochs=100_000)
    project = Project(net.graph, setup, DataSetup(source=source, validation=0.1, test=0.05), title=name)
    path = folder / f"{name}.json"
    path.write_bytes(project_bytes(project))
    return path

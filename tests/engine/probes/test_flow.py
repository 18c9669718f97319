"""What flows on the wires, against torch's autograd: at every node, at a fused softmax, and nothing at the input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.declare import Spec
from engine.graph import Edge, Graph
from engine.probes.capture import node_flow
from engine.training import Trainer
from tests.engine.training.nets import blobs, chain, project


def residual() -> Graph:
    """Input, dense, dense, add of both, softmax head."""
    graph = chain(
        ("input", {"size": (4,)}), ("dense", {"units": 6, "activation": Spec("tanh")}),
        ("dense", {"units": 6, "activation": Spec("relu")}), ("add", {}),
        ("dense", {"units": 3, "activation": Spec("softmax")}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip
    return graph.add_edge(Edge("n1", "n3"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_flow_is_what_autograd_gives_per_sample(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    trainer = Trainer(project(residual(), dtype=dtype), blobs(), backend="numpy")
    rows = np.arange(20)
    x = {"x": trainer.dataset.train.x["x"][rows]}
    y = {k: v[rows] for k, v in trainer.targets.items()}
    flow = node_flow(trainer.plan, trainer.executable.gradients(x, y, training=True))
    w = {k: torch.tensor(v, dtype=torch.float64) for k, v in trainer.executable.weights().items()}

    def dense(a, n):  # type: ignore[no-untyped-def]
        return a @ w[n, "weight"].T + w[n, "bias"]

    start = torch.tensor(x["x"], dtype=torch.float64, requires_grad=True)
    n1 = torch.tanh(dense(start, "n1"))
    n2 = torch.relu(dense(n1, "n2"))
    n3 = n1 + n2
    n4 = dense(n3, "n4")
    for value in (n1, n2, n3, n4):
        value.retain_grad()
    torch.nn.functional.cross_entropy(n4, torch.tensor(next(iter(y.values()))), reduction="sum").backward()
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    for node, value in (("n1", n1), ("n2", n2), ("n3", n3), ("n4", n4)):
        forward, backward = flow[node]
        assert forward == pytest.approx(float(value.detach().square().mean().sqrt()), rel=tolerance)
        assert backward == pytest.approx(float(value.grad.square().mean().sqrt()), rel=tolerance)
    assert math.isnan(flow["n0"][1]), "not computed there, which is not the same as zero"

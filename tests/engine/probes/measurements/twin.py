"""A second implementation to judge by: the plan's steps in torch, float64, and the networks that are judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.backends.numpy import NumpyExecutable
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from tests.engine.training.nets import chain, mlp

torch = pytest.importorskip("torch")
F = torch.nn.functional

CE = ("output", {"loss": Spec("softmax_cross_entropy")})


def conv_net() -> Graph:
    conv = {"filters": 3, "kernel": (3, 3), "activation": Spec("tanh")}
    return chain(
        ("input", {"size": (2, 8, 8)}), ("conv2d", conv), ("max_pool2d", {}), ("flatten", {}), ("dense", {"units": 3}),
        CE,
    )  # fmt: skip


def residual() -> Graph:
    graph = chain(("input", {"size": (4,)}), ("dense", {"units": 6, "activation": Spec("tanh")}))
    for node, kind, params in (
        ("d", "dense", {"units": 6, "activation": Spec("tanh")}),
        ("a", "add", {}),
        ("h", "dense", {"units": 3}),
        ("o", *CE),
    ):
        graph = graph.add_node(Node(node, kind, node, params))
    for wire in (("n1", "d"), ("n1", "a"), ("d", "a"), ("a", "h"), ("h", "o")):
        graph = graph.add_edge(Edge(*wire))
    return graph


def attention() -> Graph:
    attend = ("multi_head_attention", {"heads": 2})
    return chain(("input", {"size": (5, 4)}), attend, ("flatten", {}), ("dense", {"units": 3}), CE)


NETS: dict[str, Callable[[], Graph]] = {
    "mlp": lambda: mlp((4, 7, 6, 3)),
    "relu mlp": lambda: mlp((4, 9, 3), activation="relu"),
    "cnn": conv_net,
    "residual": residual,
    "batch norm": lambda: mlp((4, 6, 3), batch_norm="before"),
    "attention": attention,
}


class Case:
    """A network with random weights and samples; ``dtype`` is what its weights were kept in."""

    def __init__(self, name: str, dtype: Any = "float64", samples: int = 12, seed: int = 1) -> None:
        self.plan: Plan = build_plan(NETS[name]())
        rng = np.random.default_rng(seed)
        self.optimizer = OPTIMIZERS.make("sgd")
        self.executable = NumpyExecutable(self.plan, self.optimizer, dtype, seed)
        self.weights = self.executable.weights()
        for key in self.weights:
            if key[1].endswith(("bias", "gain", "offset", "mean")):
                self.weights[key] += (0.3 * rng.normal(size=self.weights[key].shape)).astype(dtype)
        self.x = {s.field: rng.normal(size=(samples, *self.plan.values[s.value].shape)) for s in self.plan.inputs}
        self.y = {h.field: rng.integers(0, 3, samples) for h in self.plan.heads}

    def stored(self) -> dict[int, Any]:
        """Torch tensors by value id."""
        infos = (*self.plan.weights, *self.plan.states)
        return {i.value: torch.tensor(self.weights[i.node, i.name], dtype=torch.float64) for i in infos}

    def values(self, stored: dict[int, Any], x: Any = None, *, training: bool) -> dict[int, Any]:
        """Every value that the loss needs."""
        found = dict(stored)
        given = {k: torch.tensor(v) for k, v in self.x.items()} if x is None else x
        for slot in self.plan.inputs:
            found[slot.value] = given[slot.field]
        for k in self.plan.loss_steps:
            step = self.plan.steps[k]
            found[step.output] = apply(step.primitive, [found[i] for i in step.inputs], training)
        return found

    def loss(self, w: Any) -> Any:
        """L as a function of one vector of all trained weights."""
        stored, at = self.stored(), 0
        for info in self.plan.weights:
            count = int(np.prod(info.shape))
            stored[info.value] = w[at : at + count].reshape(info.shape)
            at += count
        head = self.plan.heads[0]
        values = self.values(stored, training=True)
        return F.cross_entropy(values[head.prediction], torch.tensor(self.y[head.field]))

    def vector(self) -> Any:
        parts = [np.asarray(self.weights[i.node, i.name], np.float64).ravel() for i in self.plan.weights]
        return torch.tensor(np.concatenate(parts))


def apply(p: Any, given: list[Any], training: bool) -> Any:
    """One primitive in torch's own words."""
    x = given[0]
    if p.id == "linear":
        return F.linear(x, *given[1:])
    if p.id == "conv2d":
        assert not any(p.pads)
        return F.conv2d(x, *given[1:], stride=p.stride, dilation=p.dilation, groups=p.groups)
    if p.id == "max_pool2d":
        return F.max_pool2d(x, p.kernel, p.stride)
    if p.id == "reshape":
        return x.reshape(len(x), *p.target)
    if p.id == "add":
        return sum(given)
    if p.id == "batch_norm":
        gamma, beta, mean, var = given[1:]
        if training:
            return F.batch_norm(x, None, None, gamma, beta, True, 0.0, p.eps)
        return F.batch_norm(x, mean, var, gamma, beta, False, 0.0, p.eps)
    if p.id == "attention_scores":
        q, k = (t.unflatten(-1, (p.heads, -1)).transpose(1, 2) for t in given)
        return q @ k.transpose(2, 3) / (x.shape[-1] / p.heads) ** 0.5
    if p.id == "attention_mix":
        v = given[1].unflatten(-1, (x.shape[1], -1)).transpose(1, 2)
        return (x @ v).transpose(1, 2).flatten(2)
    if p.id == "softmax":
        return torch.softmax(x, -1)
    return {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}[p.id](x)

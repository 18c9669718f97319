"""A second reading of a graph, by PyTorch in float64: every value that a view shows is there with its autograd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from engine.graph import Graph, Node

Tensor = torch.Tensor
Weights = Mapping[tuple[str, str], Any]

SHAPES = {
    "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "gelu": F.gelu, "leaky_relu": F.leaky_relu,
}  # fmt: skip


@dataclass
class Reading:
    """``z``: pre-activation by node; ``a``: after its activation; ``out``: what the node gives; ``fed``: its input."""

    w: dict[tuple[str, str], Tensor]
    z: dict[str, Tensor] = field(default_factory=dict)
    a: dict[str, Tensor] = field(default_factory=dict)
    out: dict[str, Tensor] = field(default_factory=dict)
    fed: dict[str, list[Tensor]] = field(default_factory=dict)

    def kept(self, into: dict[str, Tensor], node: str, value: Tensor) -> Tensor:
        if value.requires_grad:
            value.retain_grad()
        into[node] = value
        return value


def read(graph: Graph, weights: Weights, x: Any, *, training: bool = True) -> Reading:
    """All values of one forward pass; call ``backward`` on a loss of them for the gradients."""
    leaves = {k: torch.tensor(np.asarray(v, np.float64), requires_grad=True) for k, v in weights.items()}
    found = Reading(leaves)
    left = dict(graph.nodes)
    while left:
        for name, node in list(left.items()):
            sources = [e.source for e in graph.incoming.get(name, ())]
            if all(s in found.out for s in sources):
                given = [found.out[s] for s in sources]
                found.fed[name] = given
                given = given or [torch.tensor(np.asarray(x, np.float64))]
                found.kept(found.out, name, _value(found, node, given, training))
                del left[name]
    return found


def _value(r: Reading, node: Node, given: list[Tensor], training: bool) -> Tensor:
    x, w, p = given[0], r.w, node.params
    if node.type in ("input", "output"):
        return x
    if node.type in ("dense", "conv2d"):
        y = _linear(r, node, x)
        if p.get("batch_norm") == "before":
            y = _norm(r, node.id, "bn.", y, training)
        y = r.kept(r.z, node.id, y)
        kind = p["activation"].type if "activation" in p else "linear"
        y = r.kept(r.a, node.id, SHAPES[kind](y) if kind in SHAPES else y)
        return _norm(r, node.id, "bn.", y, training) if p.get("batch_norm") == "after" else y
    if node.type == "multi_head_attention":
        return _attention(r, node, x)
    if node.type == "layer_norm":
        return F.layer_norm(x, x.shape[-1:], w[node.id, "gamma"], w[node.id, "beta"], 1e-5)
    if node.type == "batch_norm":
        return _norm(r, node.id, "", x, training)
    return {
        "add": lambda: given[0] + given[1],
        "concat": lambda: torch.cat(given, 1),
        "flatten": lambda: x.flatten(1),
        "max_pool2d": lambda: F.max_pool2d(x, 2),
        "avg_pool2d": lambda: F.avg_pool2d(x, 2),
        **{k: lambda k=k: SHAPES[k](x) for k in SHAPES},  # type: ignore[misc]
    }[node.type]()


def _linear(r: Reading, node: Node, x: Tensor) -> Tensor:
    weight, bias = r.w[node.id, "weight"], r.w.get((node.id, "bias"))
    if node.type == "dense":
        return F.linear(x, weight, bias)
    return F.conv2d(x, weight, bias, padding=1 if node.params.get("padding", "same") == "same" else 0)


def _norm(r: Reading, node: str, scope: str, x: Tensor, training: bool) -> Tensor:
    mean, var = (r.w[node, f"{scope}running_{k}"].detach().clone() for k in ("mean", "var"))
    return F.batch_norm(x, mean, var, r.w[node, f"{scope}gamma"], r.w[node, f"{scope}beta"], training, 0.1, 1e-5)


def _attention(r: Reading, node: Node, x: Tensor) -> Tensor:
    heads = int(node.params.get("heads", 4))
    q, k, v = (
        F.linear(x, r.w[node.id, f"{part}_weight"], r.w[node.id, f"{part}_bias"])
        .unflatten(-1, (heads, -1)).transpose(1, 2)
        for part in ("query", "key", "value")
    )  # fmt: skip
    mixed = torch.softmax(q @ k.transpose(-1, -2) / np.sqrt(q.shape[-1]), -1) @ v
    y = F.linear(mixed.transpose(1, 2).flatten(2), r.w[node.id, "out_weight"], r.w[node.id, "out_bias"])
    r.kept(r.z, node.id, y)
    r.a[node.id] = y
    return y

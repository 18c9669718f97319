"""Small networks and data sets that the tests of training share."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Edge, Graph, Node, Project, TrainingSetup


def chain(*layers: tuple[str, dict[str, Any]]) -> Graph:
    """Nodes n0, n1, ... of these types, wired one after another."""
    graph = Graph()
    for k, (kind, params) in enumerate(layers):
        graph = graph.add_node(Node(f"n{k}", kind, f"{kind} {k}", params))
        if k:
            graph = graph.add_edge(Edge(f"n{k - 1}", f"n{k}"))
    return graph


def mlp(sizes: tuple[int, ...], activation: str = "tanh", loss: str = "softmax_cross_entropy", **dense: Any) -> Graph:
    """Input, dense layers, Output; the last dense layer is linear."""
    layers: list[tuple[str, dict[str, Any]]] = [("input", {"size": (sizes[0],)})]
    for k, units in enumerate(sizes[1:]):
        last = k == len(sizes) - 2
        layers.append(("dense", {"units": units, **({} if last else {"activation": Spec(activation)}), **dense}))
    return chain(*layers, ("output", {"loss": Spec(loss)}))


def blobs(classes: int = 3, per_class: int = 40, features: int = 4, seed: int = 0, spread: float = 0.6) -> Dataset:
    """Gaussian clouds, 60 % train, 20 % validation, 20 % test."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, features)) * 2
    y = np.repeat(np.arange(classes), per_class)
    x = centres[y] + rng.normal(size=(len(y), features)) * spread
    order = rng.permutation(len(y))
    x, y = x[order], y[order].astype(np.int64)
    a, b = int(len(y) * 0.6), int(len(y) * 0.8)
    splits = [Split({"x": x[i:j]}, {"y": y[i:j]}) for i, j in ((0, a), (a, b), (b, len(y)))]
    names = tuple(f"class {k}" for k in range(classes))
    return Dataset("blobs", *splits, task="binary" if classes == 2 else "classes", class_names=names)


def project(graph: Graph, **setup: Any) -> Project:
    """A project with this set-up; SGD at 0.1, batches of 8 and 5 epochs unless said otherwise."""
    chosen: dict[str, Any] = {"optimizer": Spec("sgd", {"rate": 0.1}), "batch_size": 8, "epochs": 5, **setup}
    return Project(graph, TrainingSetup(**chosen))
